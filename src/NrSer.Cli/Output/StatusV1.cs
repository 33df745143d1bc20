using System.Text.Json.Serialization;
using NrSer.Pipeline;
using NrSer.Pipeline.Results;

namespace NrSer.Cli.Output;

/// <summary>One recording of <c>nrser status</c>.</summary>
internal sealed record StatusV1(
    string RecordingId, string BlobName, [property: JsonConverter(typeof(JsonStringEnumConverter<RecordingStatus>))] RecordingStatus Status,
    string? Reason, int Generation, double? DurationSeconds, int FinishedChunks, int? ExpectedChunks, DateTimeOffset? UploadedAt,
    DateTimeOffset? CompletedAt, int? Segments, int? SpeechSegments, double? MeanSnrScore, string? DominantEmotion, bool Dismissed)
{
    public static StatusV1 Of(Recording recording, int finishedChunks) => new(
        recording.Id.Value, recording.BlobName ?? "", recording.Status, recording.Reason is { Length: > 0 } reason ? reason : null,
        recording.Generation, recording.DurationSeconds, finishedChunks, recording.ExpectedChunks, recording.UploadedAt, recording.CompletedAt,
        recording.SegmentCount, recording.SpeechSegmentCount, recording.MeanSnrScore, recording.DominantEmotion, recording.IsDismissed == true);
}

/// <summary>What <c>nrser status --summary</c> prints.</summary>
internal sealed record StatusSummaryV1(int Queued, int Processing, int Completed, int Rejected, int Failed, int Withdrawn)
{
    public static StatusSummaryV1 Of(IReadOnlyDictionary<RecordingStatus, int> counts) => new(
        counts[RecordingStatus.Queued], counts[RecordingStatus.Processing], counts[RecordingStatus.Completed], counts[RecordingStatus.Rejected],
        counts[RecordingStatus.Failed], counts[RecordingStatus.Withdrawn]);
}

/// <summary>What <c>nrser results</c> prints.</summary>
internal sealed record ResultsV2(StatusV1 Recording, IReadOnlyList<Segment> Segments);

/// <summary>What <c>nrser retry</c> asked for.</summary>
internal sealed record RetryV1(IReadOnlyList<string> RecordingIds);
