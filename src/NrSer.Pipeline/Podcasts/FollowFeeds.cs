using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using NrSer.Pipeline.Podcasts.Web;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;
using NrSer.Pipeline.Work;

namespace NrSer.Pipeline.Podcasts;

/// <summary>Reads feeds when they are due and asks for their episodes, a few at a time: <see cref="PodcastSync"/> in the steps of a timer.</summary>
/// <param name="store">Feeds and episodes.</param>
/// <param name="updates">Reads feeds.</param>
/// <param name="recordings">Tells how many recordings are unfinished.</param>
/// <param name="downloads">Takes what is to be fetched.</param>
/// <param name="options">How often, and how many.</param>
/// <param name="time">The clock.</param>
public sealed class FollowFeeds(
    PodcastStore store, FeedUpdate updates, RecordingStore recordings, IWorkQueue downloads, IOptions<PodcastOptions> options, TimeProvider time)
{
    private static readonly TimeSpan s_askEvery = TimeSpan.FromSeconds(10);

    /// <summary>Takes one step. Taking it twice at once does no harm: an episode is fetched once.</summary>
    /// <param name="cancellationToken">Stops between feeds.</param>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        List<Feed> followed = await store.FeedsAsync(cancellationToken).Where(feed => feed.IsFollowed).ToListAsync(cancellationToken)
            .ConfigureAwait(false);
        var read = new ConcurrentBag<Feed>();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task reading = FeedsByHost.ForEachAsync(followed, feed => feed.Url, async (feed, token) =>
        {
            bool isDue = feed.CheckedAt is not { } last || time.GetUtcNow() - last >= options.Value.CheckEvery;
            read.Add(isDue ? (await updates.RunAsync(feed, isAnew: false, token).ConfigureAwait(false)).Feed : feed);
        }, stop.Token);
        try
        {
            do // a host that hangs holds up no episode of another
            {
                await reading.WaitAsync(s_askEvery, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                cancellationToken.ThrowIfCancellationRequested();
                await AskAsync([.. read.Where(feed => feed.HasWork).OrderBy(feed => feed.Id, StringComparer.Ordinal)], cancellationToken)
                    .ConfigureAwait(false);
            }
            while (!reading.IsCompleted);
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            await reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await reading.ConfigureAwait(false);
    }

    /// <summary>Asks for as many episodes as there may be unfinished recordings, of each feed its share.</summary>
    private async Task AskAsync(Feed[] waiting, CancellationToken cancellationToken)
    {
        if (waiting.Length == 0 || await downloads.OldestSentAtAsync(cancellationToken).ConfigureAwait(false) is not null)
            return;
        int most = options.Value.InFlight;
        int room = most - await recordings.Open.CountUnfinishedAsync(most, cancellationToken).ConfigureAwait(false);
        for (int done = 0; done < waiting.Length && room > 0; done++)
        {
            Feed feed = waiting[done];
            int share = (room + waiting.Length - done - 1) / (waiting.Length - done), asked = 0;
            DateTimeOffset now = time.GetUtcNow();
            foreach (EpisodeStatus status in new[] { EpisodeStatus.Fetching, EpisodeStatus.Listed })
            {
                await foreach (Episode episode in store.EpisodesAsync(feed.Id, status, cancellationToken).ConfigureAwait(false))
                {
                    if (asked == share)
                        break;
                    if (episode.NextAttemptAt > now || episode.FetchedUntil > now)
                        continue;
                    await downloads.SendAsync([WorkMessage.Fetch(feed.Id, episode.Key, now)], cancellationToken).ConfigureAwait(false);
                    asked++;
                }
            }

            room -= asked;
            if (asked == 0)
                await store.EndWorkAsync(feed.Id, cancellationToken).ConfigureAwait(false);
        }
    }
}
