using Azure;
using Azure.Data.Tables;

namespace NrSer.Pipeline.Rows;

/// <summary>One upload. Columns left null are not written, so each stage merges only its own.</summary>
public sealed class RecordingRow : ITableEntity
{
    /// <summary>Day of the upload, <c>yyyyMMdd</c>.</summary>
    public string PartitionKey { get; set; } = "";

    /// <summary>Recording id.</summary>
    public string RowKey { get; set; } = "";

    /// <summary>When the service last changed the row.</summary>
    public DateTimeOffset? Timestamp { get; set; }

    /// <summary>Version of the row.</summary>
    public ETag ETag { get; set; }

    /// <summary>Name of a <see cref="RecordingStatus"/>.</summary>
    public string? Status { get; set; }

    /// <summary>0, and one more with every retry.</summary>
    public int? Generation { get; set; }

    /// <summary>Why it was rejected or failed; empty after a successful retry.</summary>
    public string? Reason { get; set; }

    /// <summary>Someone asked for a retry; Sweep sends it.</summary>
    public bool? RetryRequested { get; set; }

    /// <summary>Name of the blob within the recordings container.</summary>
    public string? BlobName { get; set; }

    /// <summary>ETag of the blob, without quotes.</summary>
    public string? BlobETag { get; set; }

    /// <summary>Size of the blob.</summary>
    public long? ContentBytes { get; set; }

    /// <summary>SHA-256 of the content, lower-case hex.</summary>
    public string? Sha256 { get; set; }

    /// <summary>When the blob was created.</summary>
    public DateTimeOffset? UploadedAt { get; set; }

    /// <summary>When the current generation was first touched: what Sweep measures a stall from.</summary>
    public DateTimeOffset? StartedAt { get; set; }

    /// <summary>When its last chunk was finished.</summary>
    public DateTimeOffset? CompletedAt { get; set; }

    /// <summary>Length of the audio.</summary>
    public double? DurationSeconds { get; set; }

    /// <summary>Rate of the upload.</summary>
    public int? SampleRateHz { get; set; }

    /// <summary>Channels of the upload.</summary>
    public int? Channels { get; set; }

    /// <summary>Container and codec, e.g. <c>wav pcm16</c>.</summary>
    public string? Encoding { get; set; }

    /// <summary>Longest chunk that ingest was to cut. A later run over the same chunks cuts alike, whatever its settings.</summary>
    public double? MaxChunkSeconds { get; set; }

    /// <summary>What ingest made of the channels: <c>Mix</c> or <c>Separate</c>. A later run over the same chunks does likewise.</summary>
    public string? ChannelMode { get; set; }

    /// <summary>Chunks that ingest made; null until it is done.</summary>
    public int? ExpectedChunks { get; set; }

    /// <summary>The last generation that ingest sent all chunks of: a copy of its event has nothing left to do.</summary>
    public int? IngestedGeneration { get; set; }

    /// <summary>Segments in all.</summary>
    public int? SegmentCount { get; set; }

    /// <summary>Segments that passed the gate.</summary>
    public int? SpeechSegmentCount { get; set; }

    /// <summary>Length of those together.</summary>
    public double? SpeechSeconds { get; set; }

    /// <summary>Mean S over speech segments, weighted by length.</summary>
    public double? MeanSnrScore { get; set; }

    /// <summary>The emotion heard longest, or null without speech.</summary>
    public string? DominantEmotion { get; set; }

    /// <summary>Enhancer, <c>name@version</c>.</summary>
    public string? EnhancerModel { get; set; }

    /// <summary>SNR-level block, <c>name@version</c>.</summary>
    public string? SnrLevelModel { get; set; }

    /// <summary>Emotion model, <c>name@version</c>.</summary>
    public string? EmotionModel { get; set; }

    /// <summary>The lowest quality among the models: <c>demonstration</c> or <c>production</c>.</summary>
    public string? ModelQuality { get; set; }
}
