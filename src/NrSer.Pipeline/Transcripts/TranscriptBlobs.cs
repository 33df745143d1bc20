using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using NrSer.Pipeline.Storage;

namespace NrSer.Pipeline.Transcripts;

/// <summary>Publishers' transcripts, as they came, each beside the results of its recording: what deletes those deletes it.</summary>
/// <param name="storage">The account.</param>
public sealed class TranscriptBlobs(BlobStorage storage)
{
    private readonly BlobContainerClient _results = storage.Container(StorageNames.Results);

    /// <summary>Name of a recording's transcript within the results container.</summary>
    /// <param name="id">The recording.</param>
    public static string NameOf(RecordingId id) => $"{id}/transcript";

    /// <summary>Stores a transcript over an earlier one.</summary>
    /// <param name="id">The recording.</param>
    /// <param name="content">As its publisher has it.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    public Task WriteAsync(RecordingId id, byte[] content, CancellationToken cancellationToken) =>
        _results.GetBlobClient(NameOf(id)).UploadAsync(BinaryData.FromBytes(content), overwrite: true, cancellationToken);

    /// <summary>A recording's transcript; null where there is none.</summary>
    /// <param name="id">The recording.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    public async Task<Transcript?> FindAsync(RecordingId id, CancellationToken cancellationToken)
    {
        try
        {
            BlobDownloadResult found = await _results.GetBlobClient(NameOf(id)).DownloadContentAsync(cancellationToken).ConfigureAwait(false);
            return TranscriptReader.Read(found.Content.ToArray());
        }
        catch (RequestFailedException missing) when (missing.Status == 404)
        {
            return null;
        }
    }

    /// <summary>Deletes a recording's transcript.</summary>
    /// <param name="id">The recording.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    public Task DeleteAsync(RecordingId id, CancellationToken cancellationToken) =>
        _results.DeleteBlobIfExistsAsync(NameOf(id), cancellationToken: cancellationToken);
}
