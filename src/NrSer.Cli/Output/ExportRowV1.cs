using NrSer.Pipeline.Rows;

namespace NrSer.Cli.Output;

/// <summary>One line of <c>nrser export --format jsonl</c>. Status and models are the recording's; while it is being processed, models are null.</summary>
internal sealed record ExportRowV1(
    string RecordingId, string BlobName, string Status, SegmentRow Segment, string? EnhancerModel, string? SnrLevelModel, string? EmotionModel, string? ModelQuality)
{
    public static ExportRowV1 Of(RecordingRow recording, SegmentRow segment) => new(
        recording.RowKey, recording.BlobName ?? "", recording.Status ?? "", segment, recording.EnhancerModel, recording.SnrLevelModel, recording.EmotionModel,
        recording.ModelQuality);
}
