using Microsoft.Extensions.Options;
using NrSer.Pipeline.Podcasts.Web;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;

namespace NrSer.Pipeline.Podcasts;

/// <summary>Fetches an episode as soon as there is room for one more recording: an archive is not to be fetched before it can be worked
/// off.</summary>
/// <param name="fetch">Fetches it.</param>
/// <param name="recordings">Tells how many recordings are unfinished.</param>
/// <param name="options">How many of those there may be.</param>
/// <param name="time">The clock.</param>
public sealed class FetchInTurn(EpisodeFetch fetch, RecordingStore recordings, IOptions<PodcastOptions> options, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan s_look = TimeSpan.FromSeconds(1); // while enough recordings are unfinished

    private readonly SemaphoreSlim _entrance = new(1);
    private int _underWay;

    /// <summary>Fetches an episode.</summary>
    /// <param name="feed">Its feed.</param>
    /// <param name="episode">As it was read.</param>
    /// <param name="settings">How.</param>
    /// <param name="told">Told that there is no room.</param>
    /// <param name="cancellationToken">Stops it; the episode is given back.</param>
    /// <returns>As it stands then; null when it is another's.</returns>
    public async Task<Episode?> RunAsync(
        Feed feed, Episode episode, SyncSettings settings, Action<SyncStep> told, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(told);
        await EnterAsync(told, feed, cancellationToken).ConfigureAwait(false);
        try
        {
            return await fetch.RunAsync(feed, episode, settings.IsAnnounced, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            Interlocked.Decrement(ref _underWay);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _entrance.Dispose();

    /// <summary>Waits until there is room for one more recording.</summary>
    private async Task EnterAsync(Action<SyncStep> told, Feed feed, CancellationToken cancellationToken)
    {
        await _entrance.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            bool isTold = false;
            while (true)
            {
                int most = options.Value.InFlight - Volatile.Read(ref _underWay);
                if (most > 0 && await recordings.Open.CountUnfinishedAsync(most, cancellationToken).ConfigureAwait(false) < most)
                    break;
                if (!isTold)
                    told(new SyncStep(feed) { IsWaiting = true });
                isTold = true;
                await Task.Delay(s_look, time, cancellationToken).ConfigureAwait(false);
            }

            Interlocked.Increment(ref _underWay);
        }
        finally
        {
            _entrance.Release();
        }
    }
}
