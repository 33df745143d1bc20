using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using NrSer.Pipeline.Podcasts.Web;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;

namespace NrSer.Pipeline.Podcasts;

/// <summary>Reads feeds and fetches what is new, until done; each feed for itself, so that a dead one holds up no other.</summary>
/// <param name="store">Feeds and episodes.</param>
/// <param name="updates">Reads feeds.</param>
/// <param name="fetch">Fetches episodes.</param>
/// <param name="options">How many at once.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">The log.</param>
public sealed partial class PodcastSync(
    PodcastStore store, FeedUpdate updates, FetchInTurn fetch, IOptions<PodcastOptions> options, TimeProvider time, ILogger<PodcastSync> logger)
{
    private const int MostInARow = 3; // of episodes that a server puts off: the rest would be put off, too

    private readonly ConcurrentDictionary<string, SemaphoreSlim> _shares = new(StringComparer.Ordinal);

    /// <summary>Does it.</summary>
    /// <param name="feeds">Which.</param>
    /// <param name="settings">How.</param>
    /// <param name="told">Told of every feed and episode.</param>
    /// <param name="cancellationToken">Stops it; run again, it goes on.</param>
    public Task RunAsync(IEnumerable<Feed> feeds, SyncSettings settings, Action<SyncStep> told, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(told);
        return FeedsByHost.ForEachAsync(feeds, feed => feed.Url, async (feed, token) =>
        {
            FeedUpdateResult read = await updates.RunAsync(feed, settings.IsAnew, token).ConfigureAwait(false);
            long waiting = read.Feed.HasWork
                ? await store.CountAsync(feed.Id, EpisodeStatus.Listed, token).ConfigureAwait(false)
                    + await store.CountAsync(feed.Id, EpisodeStatus.Fetching, token).ConfigureAwait(false)
                : 0;
            told(new SyncStep(read.Feed) { Read = read, Waiting = waiting });
            if (waiting > 0 && !settings.IsDry)
                await FetchAllAsync(read.Feed, settings, told, token).ConfigureAwait(false);
            if (read.Feed.HasWork && !settings.IsDry)
                await store.EndWorkAsync(feed.Id, token).ConfigureAwait(false);
        }, cancellationToken);
    }

    private async Task FetchAllAsync(Feed feed, SyncSettings settings, Action<SyncStep> told, CancellationToken cancellationToken)
    {
        int inARow = 0;
        foreach (EpisodeStatus status in new[] { EpisodeStatus.Fetching, EpisodeStatus.Listed })
        {
            IAsyncEnumerable<Episode> waiting = store.EpisodesAsync(feed.Id, status, cancellationToken);
            var parallel = new ParallelOptions { MaxDegreeOfParallelism = options.Value.PerHost, CancellationToken = cancellationToken };
            await Parallel.ForEachAsync(waiting, parallel, async (episode, token) =>
            {
                SemaphoreSlim share = ShareOf(episode);
                await share.WaitAsync(token).ConfigureAwait(false);
                try
                {
                    if (Volatile.Read(ref inARow) >= MostInARow || episode.NextAttemptAt > time.GetUtcNow())
                    {
                        told(new SyncStep(feed) { Episode = episode, IsLeft = true });
                        return;
                    }

                    Episode? ended = await fetch.RunAsync(feed, episode, settings, told, token).ConfigureAwait(false);
                    if (ended?.Status == EpisodeStatus.Listed)
                        Interlocked.Increment(ref inARow);
                    else if (ended is not null)
                        Volatile.Write(ref inARow, 0);
                    told(new SyncStep(feed) { Episode = ended ?? episode, IsOthers = ended is null });
                }
                finally
                {
                    share.Release();
                }
            }).ConfigureAwait(false);
        }

        if (inARow >= MostInARow)
            LogPutOff(feed.Id);
    }

    /// <summary>Half of the room at most, and half of the downloads, is for episodes of one host, which may be dead.</summary>
    private SemaphoreSlim ShareOf(Episode episode) =>
        _shares.GetOrAdd(HostQueue.HostOf(episode.Url), _ => new SemaphoreSlim(Math.Clamp(options.Value.InFlight / 2, 1, AudioDownload.AtOnce / 2)));

    [LoggerMessage(4201, LogLevel.Information, "Feed {FeedId}: its server puts us off, the rest is left for the next time")]
    private partial void LogPutOff(string feedId);
}

/// <summary>How to sync.</summary>
/// <param name="IsAnew">Whether to read feeds that say they are unchanged.</param>
/// <param name="IsDry">Whether to fetch no episode.</param>
/// <param name="IsAnnounced">Whether to announce what was stored: where no service does.</param>
public sealed record SyncSettings(bool IsAnew, bool IsDry, bool IsAnnounced);

/// <summary>Something that happened.</summary>
/// <param name="Feed">To which feed.</param>
public sealed record SyncStep(Feed Feed)
{
    /// <summary>The feed was read.</summary>
    public FeedUpdateResult? Read { get; init; }

    /// <summary>So many episodes wait to be fetched.</summary>
    public long Waiting { get; init; }

    /// <summary>An episode was dealt with.</summary>
    public Episode? Episode { get; init; }

    /// <summary>It was left for a later run, without being asked for: its server puts us off.</summary>
    public bool IsLeft { get; init; }

    /// <summary>It is somebody else's.</summary>
    public bool IsOthers { get; init; }

    /// <summary>Enough recordings are unfinished: nothing is fetched until one is done.</summary>
    public bool IsWaiting { get; init; }
}
