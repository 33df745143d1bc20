using NrSer.Pipeline.Lake;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;

namespace NrSer.Pipeline.Forgetting;

/// <summary>Forgets a podcast: first who is to fetch it and which recordings go, then, when they are forgotten, what is known of it.</summary>
/// <param name="podcasts">Feeds and episodes.</param>
/// <param name="targets">Finds recordings.</param>
/// <param name="episodes">Deletes episodes.</param>
/// <param name="lake">Names podcasts, too.</param>
public sealed class ForgetFeed(PodcastStore podcasts, ForgetTargets targets, EpisodeErasure episodes, LakeErasure lake)
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
        ForgetPlan plan = await targets.OfFeedAsync(feed.Id, cancellationToken).ConfigureAwait(false);
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
        bool isThere = await podcasts.FindFeedAsync(request.FeedId, cancellationToken).ConfigureAwait(false) is not null;
        int deleted = await DeleteFetchedAsync(request.FeedId, cancellationToken).ConfigureAwait(false);
        await podcasts.DeleteFeedAsync(request.FeedId, cancellationToken).ConfigureAwait(false); // who reads it just now looks again after writing
        deleted += await DeleteEpisodesAsync(request.FeedId, cancellationToken).ConfigureAwait(false);
        await lake.RewriteFeedsAsync(cancellationToken).ConfigureAwait(false);
        return RemovedV1.None with { Episodes = deleted, Podcasts = isThere ? 1 : 0 };
    }

    /// <summary>Finds the recordings of episodes that were written late, by somebody who died before looking again.</summary>
    /// <param name="feedId">A podcast that was forgotten.</param>
    /// <param name="cancellationToken">Stops between requests.</param>
    /// <returns>None where the podcast was added again: its episodes are its own.</returns>
    public async Task<IReadOnlyList<ForgetRequest>> LateRecordingsAsync(string feedId, CancellationToken cancellationToken) =>
        await podcasts.FindFeedAsync(feedId, cancellationToken).ConfigureAwait(false) is not null ? []
            : (await targets.OfFeedAsync(feedId, cancellationToken).ConfigureAwait(false)).Requests;

    /// <summary>Deletes episodes that were written late, whose recordings have been asked for.</summary>
    /// <param name="feedId">A podcast that was forgotten.</param>
    /// <param name="cancellationToken">Stops between episodes; call it again then.</param>
    /// <returns>How many there were; none where the podcast was added again.</returns>
    public async Task<int> DeleteLateAsync(string feedId, CancellationToken cancellationToken)
    {
        if (await podcasts.FindFeedAsync(feedId, cancellationToken).ConfigureAwait(false) is not null)
            return 0;
        int deleted = await DeleteFetchedAsync(feedId, cancellationToken).ConfigureAwait(false)
            + await DeleteEpisodesAsync(feedId, cancellationToken).ConfigureAwait(false);
        await lake.RewriteFeedsAsync(cancellationToken).ConfigureAwait(false); // it may have been told of them as well
        return deleted;
    }

    /// <summary>Deletes episodes that may have a file, which are known again by a keyed hash.</summary>
    private async Task<int> DeleteFetchedAsync(string feedId, CancellationToken cancellationToken)
    {
        int deleted = 0;
        IAsyncEnumerable<Episode> fetched = podcasts.EpisodesAsync(feedId, status: null, cancellationToken)
            .Where(episode => episode.BlobName is not null
                || episode.Status is EpisodeStatus.Stored or EpisodeStatus.Duplicate or EpisodeStatus.Fetching or EpisodeStatus.Forgotten);
        await foreach (Episode[] batch in fetched.Chunk(BatchEpisodes).ConfigureAwait(false))
        {
            await episodes.RunAsync(batch, cancellationToken).ConfigureAwait(false);
            deleted += batch.Length;
        }

        return deleted;
    }

    /// <summary>Deletes the episodes of a feed that is gone; of one that was just added again, it may have taken what was read meanwhile.</summary>
    private async Task<int> DeleteEpisodesAsync(string feedId, CancellationToken cancellationToken)
    {
        int deleted = await podcasts.DeleteEpisodesAsync(feedId, cancellationToken).ConfigureAwait(false);
        while (deleted > 0 && await podcasts.FindFeedAsync(feedId, cancellationToken).ConfigureAwait(false) is { } again)
        {
            if (await podcasts.TryWriteAsync(again with { HttpETag = null, HttpLastModified = null, NextCheckAt = null }, cancellationToken)
                .ConfigureAwait(false) is not null) // so that it is read again as a whole
                break;
        }

        return deleted;
    }
}
