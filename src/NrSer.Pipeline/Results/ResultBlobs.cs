using System.Text.Json;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using NrSer.Pipeline.Storage;

namespace NrSer.Pipeline.Results;

/// <summary>What a completed recording leaves for BI tools and people: a Parquet file and a receipt.</summary>
/// <param name="storage">The account.</param>
public sealed class ResultBlobs(BlobStorage storage)
{
    private readonly BlobContainerClient _results = storage.Container(StorageNames.Results);

    /// <summary>Name of a recording's Parquet file within the container.</summary>
    /// <param name="id">The recording.</param>
    public static string SegmentsName(RecordingId id) => $"segments/date={id.Date}/{id}.parquet";

    /// <summary>Name of a recording's receipt within the container.</summary>
    /// <param name="id">The recording.</param>
    public static string ReceiptName(RecordingId id) => $"{id}/receipt.json";

    /// <summary>Deletes Parquet file and receipt.</summary>
    /// <param name="id">The recording.</param>
    /// <param name="cancellationToken">Stops the requests.</param>
    public async Task DeleteAsync(RecordingId id, CancellationToken cancellationToken)
    {
        foreach (string name in new[] { SegmentsName(id), ReceiptName(id) })
            await _results.DeleteBlobIfExistsAsync(name, cancellationToken: cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Writes Parquet file and receipt, over earlier ones of the same recording.</summary>
    /// <param name="recording">All that is known of it.</param>
    /// <param name="segments">Its segments, in order.</param>
    /// <param name="cancellationToken">Stops the uploads.</param>
    public async Task WriteAsync(Recording recording, IReadOnlyList<Segment> segments, CancellationToken cancellationToken)
    {
        foreach ((string name, BinaryData content) in await FilesOfAsync(recording, segments, cancellationToken).ConfigureAwait(false))
            await _results.GetBlobClient(name).UploadAsync(content, overwrite: true, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Whether Parquet file and receipt are there, as <see cref="WriteAsync"/> would write them.</summary>
    /// <param name="recording">All that is known of it.</param>
    /// <param name="segments">Its segments, in order.</param>
    /// <param name="cancellationToken">Stops the downloads.</param>
    public async Task<bool> HoldAsync(Recording recording, IReadOnlyList<Segment> segments, CancellationToken cancellationToken)
    {
        foreach ((string name, BinaryData content) in await FilesOfAsync(recording, segments, cancellationToken).ConfigureAwait(false))
        {
            try
            {
                BlobDownloadResult found = await _results.GetBlobClient(name).DownloadContentAsync(cancellationToken).ConfigureAwait(false);
                if (!found.Content.ToMemory().Span.SequenceEqual(content.ToMemory().Span))
                    return false;
            }
            catch (RequestFailedException missing) when (missing.Status == 404)
            {
                return false;
            }
        }

        return true;
    }

    private static async Task<(string Name, BinaryData Content)[]> FilesOfAsync(
        Recording recording, IReadOnlyList<Segment> segments, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(recording);
        using var file = new MemoryStream();
        await SegmentParquet.WriteAsync(segments, file, cancellationToken).ConfigureAwait(false);
        string parquet = SegmentsName(recording.Id);
        byte[] receipt = JsonSerializer.SerializeToUtf8Bytes(ReceiptV1.Of(recording, parquet), ReceiptJsonContext.Default.ReceiptV1);
        return
        [
            (parquet, BinaryData.FromBytes(file.GetBuffer().AsMemory(0, (int)file.Length))),
            (ReceiptName(recording.Id), BinaryData.FromBytes(receipt)),
        ];
    }
}
