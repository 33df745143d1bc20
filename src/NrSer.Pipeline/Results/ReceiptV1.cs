using System.Text.Json.Serialization;

namespace NrSer.Pipeline.Results;

/// <summary>What became of one recording, for people and scripts: <c>results/{recordingId}/receipt.json</c>.</summary>
/// <remarks>Fields mean what the columns of <see cref="RecordingColumns"/> mean.</remarks>
public sealed record ReceiptV1
{
    /// <summary>Its id.</summary>
    public required string RecordingId { get; init; }

    /// <summary>What was uploaded.</summary>
    public required string BlobName { get; init; }

    /// <summary><c>Completed</c> or <c>Failed</c>.</summary>
    public required string Status { get; init; }

    /// <summary>Why it failed, or null.</summary>
    public required string? Reason { get; init; }

    /// <summary>0, or how often it was retried.</summary>
    public required int Generation { get; init; }

    /// <summary>Of the content.</summary>
    public required string? Sha256 { get; init; }

    /// <summary>When the blob was created.</summary>
    public required DateTimeOffset? UploadedAt { get; init; }

    /// <summary>When the last chunk was finished.</summary>
    public required DateTimeOffset? CompletedAt { get; init; }

    /// <summary>Length of the audio.</summary>
    public required double? DurationSeconds { get; init; }

    /// <summary>Rate of the upload.</summary>
    public required int? SampleRateHz { get; init; }

    /// <summary>Channels of the upload.</summary>
    public required int? Channels { get; init; }

    /// <summary>Container and codec.</summary>
    public required string? Encoding { get; init; }

    /// <summary>Units of work.</summary>
    public required int Chunks { get; init; }

    /// <summary>Segments in all.</summary>
    public required int Segments { get; init; }

    /// <summary>Those with speech.</summary>
    public required int SpeechSegments { get; init; }

    /// <summary>Their length together.</summary>
    public required double SpeechSeconds { get; init; }

    /// <summary>Mean S over speech, or null without any.</summary>
    public required double? MeanSnrScore { get; init; }

    /// <summary>The emotion heard longest, or null.</summary>
    public required string? DominantEmotion { get; init; }

    /// <summary>What computed it.</summary>
    public required ReceiptModelsV1 Models { get; init; }

    /// <summary>Blob of the segments, in the same container.</summary>
    public required string Parquet { get; init; }

    /// <summary>What the results may be used for; null where nobody had said when it was taken in.</summary>
    public required string? Purpose { get; init; }

    /// <summary>Whom to ask about it; null where nobody was named then.</summary>
    public required string? Contact { get; init; }

    /// <summary>How long what of it is kept, as was set then; null where all is kept until it is forgotten.</summary>
    public required string? Retention { get; init; }

    /// <summary>What must be known of the models' quality; null where nothing must.</summary>
    public required string? Notice { get; init; }

    /// <summary>The receipt of a recording that has ended.</summary>
    /// <param name="recording">All that is known of it.</param>
    /// <param name="parquet">Blob of the segments.</param>
    public static ReceiptV1 Of(Recording recording, string parquet)
    {
        ArgumentNullException.ThrowIfNull(recording);
        return new ReceiptV1
        {
            RecordingId = recording.Id.Value,
            BlobName = recording.BlobName ?? "",
            Status = recording.Status.ToString(),
            Reason = recording.Reason is { Length: > 0 } reason ? reason : null,
            Generation = recording.Generation,
            Sha256 = recording.Sha256,
            UploadedAt = recording.UploadedAt,
            CompletedAt = recording.CompletedAt,
            DurationSeconds = recording.DurationSeconds,
            SampleRateHz = recording.SampleRateHz,
            Channels = recording.Channels,
            Encoding = recording.Encoding,
            Chunks = recording.ExpectedChunks ?? 0,
            Segments = recording.SegmentCount ?? 0,
            SpeechSegments = recording.SpeechSegmentCount ?? 0,
            SpeechSeconds = recording.SpeechSeconds ?? 0,
            MeanSnrScore = recording.MeanSnrScore,
            DominantEmotion = recording.DominantEmotion,
            Models = new ReceiptModelsV1(recording.EnhancerModel, recording.SnrLevelModel, recording.EmotionModel, recording.ModelQuality),
            Parquet = parquet,
            Purpose = recording.Purpose,
            Contact = recording.Contact,
            Retention = recording.Retention,
            Notice = QualityNotice.Of(recording.ModelQuality),
        };
    }
}

/// <summary>What computed a result, each as <c>name@version</c>.</summary>
/// <param name="Enhancer">The enhancer.</param>
/// <param name="SnrLevel">The SNR-level block.</param>
/// <param name="Emotion">The emotion model; null when no segment held speech.</param>
/// <param name="Quality">The lowest quality among them.</param>
public sealed record ReceiptModelsV1(string? Enhancer, string? SnrLevel, string? Emotion, string? Quality);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(ReceiptV1))]
internal sealed partial class ReceiptJsonContext : JsonSerializerContext;
