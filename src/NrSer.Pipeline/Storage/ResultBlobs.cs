using System.Text.Json;
using Azure.Data.Tables;
using Azure.Storage.Blobs;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Rows;

namespace NrSer.Pipeline.Storage;

/// <summary>What a completed recording leaves for BI tools and people: a Parquet file and a receipt.</summary>
/// <param name="storage">The account.</param>
public sealed class ResultBlobs(StorageClients storage)
{
    private readonly BlobContainerClient _results = storage.Container(StorageNames.Results);

    /// <summary>Name of a recording's Parquet file within the container.</summary>
    /// <param name="id">The recording.</param>
    public static string SegmentsName(RecordingId id) => $"segments/date={id.Date}/{id}.parquet";

    /// <summary>Name of a recording's receipt within the container.</summary>
    /// <param name="id">The recording.</param>
    public static string ReceiptName(RecordingId id) => $"{id}/receipt.json";

    /// <summary>Writes the Parquet file, over an earlier one of the same recording.</summary>
    /// <param name="id">The recording.</param>
    /// <param name="segments">Its rows, in order.</param>
    /// <param name="cancellationToken">Stops the upload.</param>
    /// <returns>Name of the blob.</returns>
    public async Task<string> WriteSegmentsAsync(RecordingId id, IReadOnlyList<TableEntity> segments, CancellationToken cancellationToken)
    {
        using var file = new MemoryStream();
        await SegmentParquet.WriteAsync(segments, file, cancellationToken).ConfigureAwait(false);
        file.Position = 0;
        string name = SegmentsName(id);
        await _results.GetBlobClient(name).UploadAsync(file, overwrite: true, cancellationToken).ConfigureAwait(false);
        return name;
    }

    /// <summary>Writes the receipt, over an earlier one of the same recording.</summary>
    /// <param name="id">The recording.</param>
    /// <param name="recording">Its row so far.</param>
    /// <param name="summary">What completion adds.</param>
    /// <param name="status">How it ended.</param>
    /// <param name="parquet">Name of its Parquet blob.</param>
    /// <param name="cancellationToken">Stops the upload.</param>
    public Task WriteReceiptAsync(
        RecordingId id, RecordingRow recording, RecordingRow summary, RecordingStatus status, string parquet, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(recording);
        ArgumentNullException.ThrowIfNull(summary);
        var receipt = new ReceiptV1(
            id.Value, recording.BlobName ?? "", status.ToString(), summary.Reason is { Length: > 0 } reason ? reason : null, recording.Generation ?? 0,
            recording.Sha256, recording.UploadedAt, summary.CompletedAt, recording.DurationSeconds, recording.SampleRateHz, recording.Channels,
            recording.Encoding, recording.ExpectedChunks ?? 0, summary.SegmentCount ?? 0, summary.SpeechSegmentCount ?? 0, summary.SpeechSeconds ?? 0,
            summary.MeanSnrScore, summary.DominantEmotion,
            new ReceiptModelsV1(summary.EnhancerModel, summary.SnrLevelModel, summary.EmotionModel, summary.ModelQuality), parquet);
        return _results.GetBlobClient(ReceiptName(id)).UploadAsync(
            BinaryData.FromBytes(JsonSerializer.SerializeToUtf8Bytes(receipt, ResultJsonContext.Default.ReceiptV1)), overwrite: true, cancellationToken);
    }
}
