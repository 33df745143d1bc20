using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using NrSer.Pipeline.Results.Tables;
using NrSer.Pipeline.Storage;

namespace NrSer.Pipeline.Transcripts;

/// <summary>Publishers' transcripts, as they came, by the names of the uploads whose words they are: those are known before there is an upload, so
/// that the words are there before anybody hears of the recording.</summary>
/// <param name="storage">The account.</param>
public sealed class TranscriptBlobs(BlobStorage storage)
{
    private readonly BlobContainerClient _results = storage.Container(StorageNames.Results);

    /// <summary>Name of an upload's transcript within the results container.</summary>
    /// <param name="uploadKey">What <see cref="UploadIndex.KeyTextOf"/> makes of the upload's name, which is kept nowhere once it is
    /// forgotten.</param>
    public static string NameOf(string uploadKey) => $"transcripts/{uploadKey}";

    /// <summary>Stores a transcript over an earlier one.</summary>
    /// <param name="blobName">The upload.</param>
    /// <param name="content">As its publisher has it.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    public Task WriteAsync(string blobName, byte[] content, CancellationToken cancellationToken) =>
        Blob(blobName).UploadAsync(BinaryData.FromBytes(content), overwrite: true, cancellationToken);

    /// <summary>An upload's transcript; null where there is none.</summary>
    /// <param name="blobName">The upload.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    public async Task<Transcript?> FindAsync(string blobName, CancellationToken cancellationToken)
    {
        try
        {
            BlobDownloadResult found = await Blob(blobName).DownloadContentAsync(cancellationToken).ConfigureAwait(false);
            return TranscriptReader.Read(found.Content.ToArray());
        }
        catch (RequestFailedException missing) when (missing.Status == 404)
        {
            return null;
        }
    }

    /// <summary>Deletes an upload's transcript.</summary>
    /// <param name="blobName">The upload.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    public Task DeleteAsync(string blobName, CancellationToken cancellationToken) =>
        Blob(blobName).DeleteIfExistsAsync(cancellationToken: cancellationToken);

    private BlobClient Blob(string blobName) => _results.GetBlobClient(NameOf(UploadIndex.KeyTextOf(blobName)));
}
