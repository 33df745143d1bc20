using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;

namespace NrSer.Pipeline.Podcasts;

/// <summary>What is known of a feed's episodes. Of one that is a recording, the lake is to know what changed.</summary>
/// <param name="store">Feeds and episodes.</param>
/// <param name="uploads">Which recording an episode is.</param>
/// <param name="lake">Is to take in what changed of one.</param>
public sealed class EpisodeNotes(PodcastStore store, UploadIndex uploads, LakeMarkers lake)
{
    /// <summary>The episodes that are known.</summary>
    /// <param name="feed">Of which feed.</param>
    /// <param name="cancellationToken">Stops between pages.</param>
    internal async Task<EpisodeMerge> ReadAsync(Feed feed, CancellationToken cancellationToken)
    {
        var known = new List<Episode>();
        await foreach (Episode episode in store.EpisodesAsync(feed.Id, status: null, cancellationToken).ConfigureAwait(false))
            known.Add(episode);
        return new EpisodeMerge(feed.Id, known);
    }

    /// <summary>Writes what is new and what has changed.</summary>
    /// <param name="feed">Of which feed.</param>
    /// <param name="episodes">As they are to stand.</param>
    /// <param name="cancellationToken">Stops between requests; what was not noted is noted next time.</param>
    internal async Task WriteAsync(Feed feed, EpisodeMerge episodes, CancellationToken cancellationToken)
    {
        if (episodes.All.Any(episode => episode.Status == EpisodeStatus.Listed)) // first that there is work, then the work
            await store.ChangeFeedAsync(feed.Id, standing => standing with { HasWork = true }, cancellationToken).ConfigureAwait(false);
        await store.AddAsync(episodes.All.Where(episode => episodes.New.Contains(episode.Key)), cancellationToken).ConfigureAwait(false);
        foreach (Episode changed in episodes.All.Where(episode => episodes.Changed.Contains(episode.Key)))
        {
            // whoever wrote it meanwhile knows better
            if (await store.TryWriteAsync(changed, cancellationToken).ConfigureAwait(false) is { Status: EpisodeStatus.Stored, BlobName: { } name }
                && episodes.Retold.Contains(changed.Key)
                && await uploads.FindAsync(name, cancellationToken).ConfigureAwait(false) is { } upload)
                await lake.MarkAsync(upload.RecordingId, cancellationToken).ConfigureAwait(false);
        }
    }
}
