using Azure;
using NrSer.Pipeline.Podcasts.Web;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;

namespace NrSer.Pipeline.Podcasts;

/// <summary>The right to fetch an episode: its row says who has it and until when, which is put off for as long as somebody is at it.</summary>
/// <remarks>Others may write the row meanwhile, as whoever reads its feed does: it is lost when the row names another, or is gone.</remarks>
internal sealed class EpisodeLease : IAsyncDisposable
{
    /// <summary>For how long a machine is believed that died; a third of it passes between renewals.</summary>
    public static readonly TimeSpan Duration = TimeSpan.FromMinutes(15); // a process that died on this machine is known to be gone

    private static long s_taken; // tells two of one process apart

    private readonly PodcastStore _store;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _working;
    private readonly SemaphoreSlim _gate = new(1);
    private readonly Task _renewal;

    private EpisodeLease(PodcastStore store, TimeProvider time, Episode taken, CancellationToken cancellationToken)
    {
        (_store, _time, Episode) = (store, time, taken);
        _working = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _renewal = RenewAsync();
    }

    /// <summary>As it stands, as far as is known.</summary>
    public Episode Episode { get; private set; }

    /// <summary>Whether somebody took it over, or it was forgotten.</summary>
    public bool IsLost { get; private set; }

    /// <summary>Stops the work when it is lost, too.</summary>
    public CancellationToken Working => _working.Token;

    /// <summary>Whether an episode can be taken: nobody is at it, and it was not put off.</summary>
    /// <param name="episode">As it was read.</param>
    /// <param name="now">The time.</param>
    public static bool IsFree(Episode episode, DateTimeOffset now) => episode.Status switch
    {
        EpisodeStatus.Listed => !(episode.NextAttemptAt > now),
        EpisodeStatus.Fetching => episode.FetchedUntil <= now || episode.FetchedBy is not { } owner || ProcessName.IsGone(owner),
        _ => false,
    };

    /// <summary>Takes an episode.</summary>
    /// <param name="store">Has its row.</param>
    /// <param name="time">The clock.</param>
    /// <param name="episode">As it was read.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    /// <returns>Null when another was faster.</returns>
    public static async Task<EpisodeLease?> TryTakeAsync(
        PodcastStore store, TimeProvider time, Episode episode, CancellationToken cancellationToken)
    {
        Episode? taken = await store.TryWriteAsync(episode with
        {
            Status = EpisodeStatus.Fetching,
            Reason = "",
            FetchedBy = $"{ProcessName.Own} {Interlocked.Increment(ref s_taken)}",
            FetchedUntil = time.GetUtcNow() + Duration,
        }, cancellationToken).ConfigureAwait(false);
        return taken is null ? null : new EpisodeLease(store, time, taken, cancellationToken);
    }

    /// <summary>Changes the episode, however often others write its row.</summary>
    /// <param name="change">What shall be different.</param>
    /// <param name="cancellationToken">Stops the requests.</param>
    /// <exception cref="OperationCanceledException">It is lost.</exception>
    public async Task ChangeAsync(Func<Episode, Episode> change, CancellationToken cancellationToken)
    {
        if (!await TryChangeAsync(change, cancellationToken).ConfigureAwait(false))
            throw new OperationCanceledException("The episode is another's.", Working);
    }

    /// <summary>Lets go of the episode.</summary>
    /// <param name="change">How it ends.</param>
    /// <param name="cancellationToken">Stops the requests.</param>
    /// <returns>False when it is lost: it stands as others say.</returns>
    public async Task<bool> EndAsync(Func<Episode, Episode> change, CancellationToken cancellationToken)
    {
        await StopAsync().ConfigureAwait(false);
        return await TryChangeAsync(standing => change(standing) with { FetchedBy = null, FetchedUntil = null }, cancellationToken)
            .ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await StopAsync().ConfigureAwait(false);
        _working.Dispose();
        _gate.Dispose();
    }

    private async Task StopAsync()
    {
        await _working.CancelAsync().ConfigureAwait(false);
        await _renewal.ConfigureAwait(false);
    }

    private async Task<bool> TryChangeAsync(Func<Episode, Episode> change, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            while (!IsLost)
            {
                if (await _store.TryWriteAsync(change(Episode), cancellationToken).ConfigureAwait(false) is { } written)
                {
                    Episode = written;
                    return true;
                }

                Episode? standing = await _store.FindEpisodeAsync(Episode.FeedId, Episode.Key, cancellationToken).ConfigureAwait(false);
                if (standing is { Status: EpisodeStatus.Fetching } && standing.FetchedBy == Episode.FetchedBy)
                    Episode = standing;
                else
                    IsLost = true;
            }

            return false;
        }
        finally
        {
            _gate.Release();
        }
    }

    private async Task RenewAsync()
    {
        while (!IsLost)
        {
            await Task.Delay(Duration / 3, _time, Working).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (_working.IsCancellationRequested)
                return;
            try
            {
                await TryChangeAsync(standing => standing with { FetchedUntil = _time.GetUtcNow() + Duration }, CancellationToken.None)
                    .ConfigureAwait(false);
            }
            catch (RequestFailedException)
            {
                // It is tried again before it runs out.
            }
        }

        await _working.CancelAsync().ConfigureAwait(false);
    }
}
