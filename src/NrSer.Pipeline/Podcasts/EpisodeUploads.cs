using System.Text;
using NrSer.Pipeline.Forgetting;
using NrSer.Pipeline.Podcasts.Web;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;
using NrSer.Pipeline.Uploads;

namespace NrSer.Pipeline.Podcasts;

/// <summary>Makes an upload of what was fetched of an episode, and takes it back.</summary>
/// <param name="contents">Which content is whose.</param>
/// <param name="transcripts">Brings the publisher's words.</param>
/// <param name="uploads">Told of what was stored, where no service tells.</param>
/// <param name="requests">Takes back what was forgotten while it was fetched.</param>
/// <param name="time">The clock.</param>
public sealed class EpisodeUploads(
    EpisodeContents contents, TranscriptFetch transcripts, UploadStore uploads, ForgetRequests requests, TimeProvider time)
{
    /// <summary>Finds what was stored of an episode before.</summary>
    /// <param name="taken">As it stands.</param>
    /// <param name="isAnnounced">Whether to say that there is an upload.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>How the episode ends; null where it is not there.</returns>
    public async Task<Func<Episode, Episode>?> FindAsync(Episode taken, bool isAnnounced, CancellationToken cancellationToken) =>
        taken is { BlobName: { } name, Sha256: { } hash }
        && await contents.StoredHashAsync(name, cancellationToken).ConfigureAwait(false) is { } there && there == hash
            ? await EndAsync(name, reason: "", isAnnounced, cancellationToken).ConfigureAwait(false) : null;

    /// <summary>Stores an episode, unless its content is another's.</summary>
    /// <param name="feed">Its feed.</param>
    /// <param name="lease">The right to.</param>
    /// <param name="blob">What was fetched, and not yet committed.</param>
    /// <param name="type">Its media type, as far as is known.</param>
    /// <param name="isAnnounced">Whether to say that there is an upload.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>How the episode ends.</returns>
    internal async Task<Func<Episode, Episode>> StoreAsync(
        Feed feed, EpisodeLease lease, StagedBlob blob, string? type, bool isAnnounced, CancellationToken cancellationToken)
    {
        Episode taken = lease.Episode;
        (string sha256, long bytes, string name) = (blob.Sha256(), blob.Bytes, blob.Name!);
        if (await contents.FirstAsync(taken, sha256, name, cancellationToken).ConfigureAwait(false) is { } first)
        {
            return standing => standing with
            {
                Status = EpisodeStatus.Duplicate,
                Reason = $"The same content as {first.BlobName}.",
                BlobName = first.BlobName,
                Sha256 = sha256,
                ContentBytes = bytes,
                NextAttemptAt = null,
            };
        }

        await lease.ChangeAsync(
            standing => standing with { BlobName = name, Sha256 = sha256, ContentBytes = bytes, NextAttemptAt = null }, cancellationToken)
            .ConfigureAwait(false);
        IDictionary<string, string> metadata = UploadMetadata.Of(taken.PublishedAt, tags: null);
        metadata[UploadMetadata.Sha256] = sha256;
        (metadata[UploadMetadata.FeedId], metadata[UploadMetadata.EpisodeKey]) = (taken.FeedId, taken.Key);
        if (WebAddress.Public(feed.Url) is not null && WebAddress.Public(taken.Url) is { Length: <= UploadMetadata.MaxAddressChars } listen
            && Ascii.IsValid(listen)) // as metadata has to be
            metadata[UploadMetadata.ListenUrl] = listen;
        if (feed.Segments is { } segments)
            metadata[UploadWishes.SegmentsName] = segments.ToString();
        if (taken.DeclaredSeconds is { } seconds)
            metadata[UploadMetadata.DeclaredSeconds] = seconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
        string reason = await transcripts.RunAsync(taken, name, cancellationToken).ConfigureAwait(false) ?? "";
        bool isNew = await blob.CommitAsync(metadata, type, cancellationToken).ConfigureAwait(false);
        if (!isNew && await contents.StoredHashAsync(name, cancellationToken).ConfigureAwait(false) != sha256)
            reason = "It was stored before, with other bytes, which stay.";
        return await EndAsync(name, reason, isAnnounced, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Whoever forgets an episode deletes its row; what was stored of it since must go, too.</summary>
    /// <param name="lost">The episode, whose row is gone.</param>
    /// <param name="cancellationToken">Stops the requests.</param>
    public async Task TakeBackAsync(Episode lost, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(lost);
        if (lost.BlobName is not { } name
            || await uploads.FindAsync(name, cancellationToken).ConfigureAwait(false) is not { } upload)
            return;
        var request = new ForgetRequest(upload.Id)
        {
            BlobName = upload.BlobName, BlobETag = upload.ETag, ContentBytes = upload.ContentBytes, Sha256 = lost.Sha256,
            Reason = "It was forgotten while it was fetched.",
        };
        await requests.RequestAsync([request], cancellationToken).ConfigureAwait(false);
    }

    private async Task<Func<Episode, Episode>> EndAsync(string name, string reason, bool isAnnounced, CancellationToken cancellationToken)
    {
        if (await uploads.FindAsync(name, cancellationToken).ConfigureAwait(false) is { } upload)
            await (isAnnounced ? uploads.AnnounceAsync(upload, cancellationToken) : uploads.ExpectAsync(upload, cancellationToken))
                .ConfigureAwait(false);
        return standing => standing with { Status = EpisodeStatus.Stored, Reason = reason, StoredAt = time.GetUtcNow() };
    }
}
