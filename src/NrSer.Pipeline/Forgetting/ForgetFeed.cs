using NrSer.Pipeline.Lake;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;

namespace NrSer.Pipeline.Forgetting;

/// <summary>Forgets a podcast: first who is to fetch it and which recordings go, then, when they are forgotten, what is known of it.</summary>
/// <param name="podcasts">Feeds and episodes.</param>
/// <param name="targets">Finds recordings.</param>
/// <param name="episodes">Deletes episodes.</param>
/// <param name="lake">Names podcasts, too.</param>
public sealed class ForgetFeed(PodcastStore podcasts, ForgetTargets targets, EpisodeErasure episodes, LakeCompactor lake)
{
    private const int BatchEpisodes = 1000;

    /// <summary>Follows the podcast no longer, and finds its recordings.</summary>
    /// <param name="request">Which; it may be gone, as after a death.</param>
    /// <param name="cancellationToken">Stops between requests; call it again then.</param>
    public async Task<IReadOnlyList<ForgetRequest>> RecordingsAsync(ForgetFeedRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (await podcasts.FindFeedAsync(request.FeedId, cancellationToken).ConfigureAwait(false) is not { } feed)
            return [];
        if (feed.IsFollowed)
            feed = await podcasts.ChangeFeedAsync(feed.Id, standing => standing with { IsFollowed = false }, cancellationToken).ConfigureAwait(false);
        ForgetPlan plan = await targets.OfFeedAsync(feed, cancellationToken).ConfigureAwait(false);
        return [.. plan.Requests.Select(recording => recording with { IsRefused = request.IsRefused, Reason = request.Reason })];
    }

    /// <summary>Deletes the feed and its episodes: what was fetched is known again by its keyed hash should the feed be added again, and what was
    /// not is not.</summary>
    /// <param name="request">The podcast, whose recordings are forgotten; it may be gone, as after a death.</param>
    /// <param name="cancellationToken">Stops between episodes; call it again then.</param>
    /// <returns>What there was; null where an episode was fetched meanwhile, whose recording has to be forgotten first.</returns>
    public async Task<RemovedV1?> RunAsync(ForgetFeedRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (await RecordingsAsync(request, cancellationToken).ConfigureAwait(false) is { Count: > 0 })
            return null;
        string feedId = request.FeedId;
        bool isThere = await podcasts.FindFeedAsync(feedId, cancellationToken).ConfigureAwait(false) is not null;
        int deleted = 0;
        IAsyncEnumerable<Episode> fetched = podcasts.EpisodesAsync(feedId, status: null, cancellationToken)
            .Where(episode => episode.BlobName is not null
                || episode.Status is EpisodeStatus.Stored or EpisodeStatus.Duplicate or EpisodeStatus.Fetching or EpisodeStatus.Forgotten);
        await foreach (Episode[] batch in fetched.Chunk(BatchEpisodes).ConfigureAwait(false))
        {
            await episodes.RunAsync(batch, cancellationToken).ConfigureAwait(false);
            deleted += batch.Length;
        }

        await podcasts.DeleteFeedAsync(feedId, cancellationToken).ConfigureAwait(false); // who reads it just now looks again after writing episodes
        deleted += await podcasts.DeleteEpisodesAsync(feedId, cancellationToken).ConfigureAwait(false);
        await lake.RewriteFeedsAsync(cancellationToken).ConfigureAwait(false);
        return RemovedV1.None with { Episodes = deleted, Podcasts = isThere ? 1 : 0 };
    }
}
