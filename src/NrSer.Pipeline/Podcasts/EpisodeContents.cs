using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;
using NrSer.Pipeline.Storage;
using NrSer.Pipeline.Uploads;

namespace NrSer.Pipeline.Podcasts;

/// <summary>Which episode has which content: the same one is stored once, whoever publishes it again.</summary>
/// <param name="store">Episodes and contents.</param>
/// <param name="storage">What was stored.</param>
/// <param name="time">The clock.</param>
public sealed class EpisodeContents(PodcastStore store, BlobStorage storage, TimeProvider time)
{
    private readonly BlobContainerClient _container = storage.Container(StorageNames.Recordings);

    /// <summary>The content's first episode, when that is another than this and has it or is about to.</summary>
    /// <param name="taken">This one.</param>
    /// <param name="sha256">The content.</param>
    /// <param name="blobName">Where it is to be stored.</param>
    /// <param name="cancellationToken">Stops between requests.</param>
    /// <returns>Null where this one is the first; then it has claimed the content.</returns>
    public async Task<KnownContent?> FirstAsync(Episode taken, string sha256, string blobName, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(taken);
        while (true)
        {
            KnownContent? known = await store.FindContentAsync(sha256, cancellationToken).ConfigureAwait(false);
            if (known is not null && (known.FeedId, known.EpisodeKey) != (taken.FeedId, taken.Key)
                && await HoldsAsync(known, cancellationToken).ConfigureAwait(false))
                return known;
            if (await store.TryClaimContentAsync(
                new KnownContent(sha256, taken.FeedId, taken.Key, blobName, known?.Version), cancellationToken).ConfigureAwait(false))
                return null;
        }
    }

    /// <summary>The hash of what was stored.</summary>
    /// <param name="blobName">Where.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    /// <returns>Null where nothing was; empty where something is that is not of an episode.</returns>
    public async Task<string?> StoredHashAsync(string blobName, CancellationToken cancellationToken)
    {
        try
        {
            BlobProperties properties = await _container.GetBlobClient(blobName).GetPropertiesAsync(cancellationToken: cancellationToken)
                .ConfigureAwait(false);
            return properties.Metadata.TryGetValue(UploadMetadata.Sha256, out string? hash) ? hash : "";
        }
        catch (RequestFailedException missing) when (missing.Status == 404)
        {
            return null;
        }
    }

    private async Task<bool> HoldsAsync(KnownContent known, CancellationToken cancellationToken)
    {
        Episode? first = await store.FindEpisodeAsync(known.FeedId, known.EpisodeKey, cancellationToken).ConfigureAwait(false);
        return first is { Status: EpisodeStatus.Stored or EpisodeStatus.Forgotten }
            || (first is { Status: EpisodeStatus.Fetching } && !EpisodeLease.IsFree(first, time.GetUtcNow()))
            || await StoredHashAsync(known.BlobName, cancellationToken).ConfigureAwait(false) == known.Sha256;
    }
}
