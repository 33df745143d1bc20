using Azure;
using Azure.Storage.Blobs;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;
using NrSer.Pipeline.Storage;
using NrSer.Pipeline.Transcripts;
using NrSer.Pipeline.Work;

namespace NrSer.Pipeline.Forgetting;

/// <summary>Deletes what is kept of a recording, but for its tombstone and its rows in the lake. What it finds is what there was: run again, it
/// verifies.</summary>
/// <param name="uploads">Deletes the upload.</param>
/// <param name="storage">Audio between stages, and results.</param>
/// <param name="rows">Rows and notes.</param>
/// <param name="index">Names.</param>
public sealed class RecordingErasure(UploadErasure uploads, BlobStorage storage, ErasedRows rows, UploadIndex index)
{
    private readonly BlobContainerClient _chunks = storage.Container(StorageNames.Chunks);
    private readonly BlobContainerClient _enhanced = storage.Container(StorageNames.Enhanced);
    private readonly BlobContainerClient _results = storage.Container(StorageNames.Results);

    /// <summary>Deletes a recording's upload and all that was made of it.</summary>
    /// <param name="request">Says what leads to it.</param>
    /// <param name="cancellationToken">Stops between requests; call it again then.</param>
    /// <returns>What there was.</returns>
    public async Task<RemovedV1> RunAsync(ForgetRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        string? key = request.BlobName is { } name ? UploadIndex.KeyTextOf(name) : null;
        int deleted;
        try
        {
            deleted = await uploads.RunAsync(request, cancellationToken).ConfigureAwait(false);
        }
        catch (RequestFailedException held) when (!ServiceUnavailableException.IsBehind(held))
        {
            await DerivedAsync(request.Id, key, hasUpload: true, cancellationToken).ConfigureAwait(false); // what holds an upload holds nothing else
            throw;
        }

        RemovedV1 derived = await DerivedAsync(request.Id, key, hasUpload: false, cancellationToken).ConfigureAwait(false);
        return derived with { Uploads = deleted };
    }

    /// <summary>Deletes what was made of a recording.</summary>
    /// <param name="id">The recording.</param>
    /// <param name="uploadKey">Where the row of its name would be; null where it has none.</param>
    /// <param name="hasUpload">Whether the upload could not be deleted: the row of its name stays with it.</param>
    /// <param name="cancellationToken">Stops between requests; call it again then.</param>
    /// <returns>What there was.</returns>
    public async Task<RemovedV1> DerivedAsync(RecordingId id, string? uploadKey, bool hasUpload, CancellationToken cancellationToken)
    {
        int audio = await AudioAsync(id, cancellationToken).ConfigureAwait(false);
        int results = await BlobPurge.DeleteAsync(_results, $"{id}/", isMeant: null, cancellationToken).ConfigureAwait(false)
            + await BlobPurge.DeleteAsync(_results, ResultBlobs.SegmentsName(id), isMeant: null, cancellationToken).ConfigureAwait(false);
        if (uploadKey is not null && !await index.IsOfAnotherAsync(uploadKey, id, cancellationToken).ConfigureAwait(false)
            && await TranscriptAsync(uploadKey, cancellationToken).ConfigureAwait(false))
            results++;
        int names = uploadKey is not null && !hasUpload && await index.RemoveAsync(uploadKey, id, cancellationToken).ConfigureAwait(false) ? 1 : 0;
        return RemovedV1.None with
        {
            WorkAudio = audio,
            Results = results,
            Rows = names + await rows.DeleteAsync(id, cancellationToken).ConfigureAwait(false),
        };
    }

    /// <summary>Deletes decoded and enhanced audio, and manifests.</summary>
    /// <param name="id">The recording.</param>
    /// <param name="cancellationToken">Stops between requests; call it again then.</param>
    /// <returns>How many blobs there were.</returns>
    public async Task<int> AudioAsync(RecordingId id, CancellationToken cancellationToken) =>
        await BlobPurge.DeleteAsync(_chunks, $"{id}/", isMeant: null, cancellationToken).ConfigureAwait(false)
        + await BlobPurge.DeleteAsync(_enhanced, $"{id}/", isMeant: null, cancellationToken).ConfigureAwait(false);

    /// <summary>Deletes results but for the receipt, a publisher's words included.</summary>
    /// <param name="recording">The recording.</param>
    /// <param name="cancellationToken">Stops between requests; call it again then.</param>
    public async Task ResultsAsync(Recording recording, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(recording);
        RecordingId id = recording.Id;
        await BlobPurge.DeleteAsync(_results, $"{id}/", blob => blob.Name != ResultBlobs.ReceiptName(id), cancellationToken).ConfigureAwait(false);
        await BlobPurge.DeleteAsync(_results, ResultBlobs.SegmentsName(id), isMeant: null, cancellationToken).ConfigureAwait(false);
        if (recording.BlobName is { } upload && upload.StartsWith(StorageNames.PodcastsPrefix, StringComparison.Ordinal))
            await TranscriptAsync(UploadIndex.KeyTextOf(upload), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Deletes the receipt.</summary>
    /// <param name="id">The recording.</param>
    /// <param name="cancellationToken">Stops between requests; call it again then.</param>
    public Task ReceiptAsync(RecordingId id, CancellationToken cancellationToken) =>
        BlobPurge.DeleteAsync(_results, ResultBlobs.ReceiptName(id), isMeant: null, cancellationToken);

    /// <summary>Deletes rows, and no tombstone is put up.</summary>
    /// <param name="recording">As it was read; another stays.</param>
    /// <param name="cancellationToken">Stops between requests; call it again then.</param>
    public async Task RowsAsync(Recording recording, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(recording);
        await rows.DeleteAsync(recording.Id, cancellationToken).ConfigureAwait(false);
        if (recording.BlobName is { } name)
            await index.RemoveAsync(UploadIndex.KeyTextOf(name), recording.Id, cancellationToken).ConfigureAwait(false);
        await rows.DeleteRowAsync(recording, cancellationToken).ConfigureAwait(false); // last: it leads to the others
    }

    private async Task<bool> TranscriptAsync(string uploadKey, CancellationToken cancellationToken) =>
        await _results.GetBlobClient(TranscriptBlobs.NameOf(uploadKey)).DeleteIfExistsAsync(cancellationToken: cancellationToken)
            .ConfigureAwait(false);
}
