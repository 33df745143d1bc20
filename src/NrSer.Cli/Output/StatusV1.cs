using NrSer.Pipeline.Rows;

namespace NrSer.Cli.Output;

/// <summary>One recording of <c>nrser status</c>.</summary>
internal sealed record StatusV1(
    string RecordingId, string BlobName, string Status, string? Reason, int Generation, double? DurationSeconds, int FinishedChunks, int? ExpectedChunks,
    DateTimeOffset? UploadedAt, DateTimeOffset? CompletedAt, int? Segments, int? SpeechSegments, double? MeanSnrScore, string? DominantEmotion)
{
    public static StatusV1 Of(RecordingRow row, int finishedChunks) => new(
        row.RowKey, row.BlobName ?? "", row.Status ?? "", row.Reason is { Length: > 0 } reason ? reason : null, row.Generation ?? 0, row.DurationSeconds,
        finishedChunks, row.ExpectedChunks, row.UploadedAt, row.CompletedAt, row.SegmentCount, row.SpeechSegmentCount, row.MeanSnrScore, row.DominantEmotion);
}
