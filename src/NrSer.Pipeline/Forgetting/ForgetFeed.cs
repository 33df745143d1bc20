using NrSer.Pipeline.Lake;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;

namespace NrSer.Pipeline.Forgetting;

/// <summary>Deletes what is known of a podcast, once its recordings are forgotten.</summary>
/// <param name="podcasts">Feeds and episodes.</param>
/// <param name="episodes">Deletes episodes.</param>
/// <param name="lake">Names podcasts, too.</param>
public sealed class ForgetFeed(PodcastStore podcasts, EpisodeErasure episodes, LakeCompactor lake)
{
    private const int BatchEpisodes = 1000;

    /// <summary>Deletes the feed and its episodes: what was fetched is known again by its keyed hash should the feed be added again, and what was
    /// not is not.</summary>
    /// <param name="feed">The feed, which nobody follows any more.</param>
    /// <param name="cancellationToken">Stops between episodes; call it again then.</param>
    public async Task RunAsync(Feed feed, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(feed);
        IAsyncEnumerable<Episode> fetched = podcasts.EpisodesAsync(feed.Id, status: null, cancellationToken)
            .Where(episode => episode.BlobName is not null
                || episode.Status is EpisodeStatus.Stored or EpisodeStatus.Duplicate or EpisodeStatus.Fetching or EpisodeStatus.Forgotten);
        await foreach (Episode[] batch in fetched.Chunk(BatchEpisodes).ConfigureAwait(false))
            await episodes.RunAsync(batch, cancellationToken).ConfigureAwait(false);
        await podcasts.DeleteEpisodesAsync(feed.Id, cancellationToken).ConfigureAwait(false);
        await podcasts.DeleteFeedAsync(feed.Id, cancellationToken).ConfigureAwait(false);
        await lake.RewriteFeedsAsync(cancellationToken).ConfigureAwait(false);
    }
}
