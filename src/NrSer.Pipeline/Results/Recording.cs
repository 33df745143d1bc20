using NrSer.Core.Audio;
using NrSer.Core.Audio.Levels;
using NrSer.Core.Segmentation;

namespace NrSer.Pipeline.Results;

/// <summary>How one upload stands. Where it says what is to be written, what is null stays as it is, so each stage merges only its own.</summary>
/// <remarks><see cref="RecordingColumns"/> says what each property means.</remarks>
public sealed record Recording
{
    /// <summary>Which one.</summary>
    public required RecordingId Id { get; init; }

    /// <inheritdoc cref="RecordingStatus"/>
    public RecordingStatus Status { get; init; }

    /// <summary>0, and one more with every retry.</summary>
    public int Generation { get; init; }

    /// <summary>Runs that came to nothing since it was uploaded, completed or asked for again: stuck, or without their segments.</summary>
    public int? FailedRuns { get; init; }

    /// <summary>Why it was rejected or failed; to write an empty one takes the old one away.</summary>
    public string? Reason { get; init; }

    /// <summary>Someone asked for a retry; Sweep sends it.</summary>
    public bool? RetryRequested { get; init; }

    /// <summary>Someone has seen that it ended badly, and wants to hear no more of it; a retry takes that back.</summary>
    public bool? IsDismissed { get; init; }

    /// <summary>Name of the blob within the recordings container.</summary>
    public string? BlobName { get; init; }

    /// <summary>ETag of the blob, without quotes.</summary>
    public string? BlobETag { get; init; }

    /// <summary>Size of the blob.</summary>
    public long? ContentBytes { get; init; }

    /// <summary>SHA-256 of the content, lower-case hex.</summary>
    public string? Sha256 { get; init; }

    /// <summary>When the blob was created.</summary>
    public DateTimeOffset? UploadedAt { get; init; }

    /// <summary>When it was recorded or published, as its metadata or its feed says.</summary>
    public DateTimeOffset? RecordedAt { get; init; }

    /// <summary>What it was tagged with, divided by a comma and a space.</summary>
    public string? Tags { get; init; }

    /// <summary>Where a person can hear it, as its metadata or its feed says.</summary>
    public string? ListenUrl { get; init; }

    /// <summary>When the current generation was first touched: what Sweep measures a stall from.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When its last chunk was finished, or it ended otherwise.</summary>
    public DateTimeOffset? CompletedAt { get; init; }

    /// <summary>Length of the audio.</summary>
    public double? DurationSeconds { get; init; }

    /// <summary>Length as its metadata or its feed says.</summary>
    public double? DeclaredSeconds { get; init; }

    /// <summary>Whether that and the length of the audio differ by more than a tenth.</summary>
    public bool? LengthDiffers { get; init; }

    /// <summary>Rate of the upload.</summary>
    public int? SampleRateHz { get; init; }

    /// <summary>Channels of the upload.</summary>
    public int? Channels { get; init; }

    /// <summary>Container and codec, e.g. <c>wav pcm16</c>.</summary>
    public string? Encoding { get; init; }

    /// <summary>What of several channels was mixed, e.g. <c>mean</c> or <c>channel 0</c>.</summary>
    public string? ChannelsHeard { get; init; }

    /// <summary>The loudest sample of the upload.</summary>
    public double? PeakDbfs { get; init; }

    /// <summary>Share of the upload's samples that are clipped.</summary>
    public double? ClippedShare { get; init; }

    /// <summary>Up to where it holds sound.</summary>
    public double? BandwidthHz { get; init; }

    /// <summary>How much sound it should hold beyond what was read.</summary>
    public double? MissingSeconds { get; init; }

    /// <summary>What was noticed while it was decoded; to write an empty one takes the old one away.</summary>
    public string? Warnings { get; init; }

    /// <summary>Longest chunk that ingest was to cut. A later run over the same chunks cuts alike, whatever its settings.</summary>
    public double? MaxChunkSeconds { get; init; }

    /// <summary>What ingest made of the channels. A later run over the same chunks does likewise.</summary>
    public ChannelMode? ChannelMode { get; init; }

    /// <summary>Where its segments stand; null for recordings of version 0.1, whose segments are in the table alone.</summary>
    public SegmentStore? SegmentStore { get; init; }
    /// <summary>Which of several tracks the uploader asked for, from 0.</summary>
    public int? Track { get; init; }

    /// <summary>Chunks that ingest made; null until it is done.</summary>
    public int? ExpectedChunks { get; init; }

    /// <summary>The last generation that ingest sent all chunks of: a copy of its event has nothing left to do.</summary>
    public int? IngestedGeneration { get; init; }

    /// <summary>Segments in all.</summary>
    public int? SegmentCount { get; init; }

    /// <summary>Segments that passed the gate.</summary>
    public int? SpeechSegmentCount { get; init; }

    /// <summary>Length of those together.</summary>
    public double? SpeechSeconds { get; init; }

    /// <summary>Mean S over speech segments, weighted by length.</summary>
    public double? MeanSnrScore { get; init; }

    /// <summary>Mean trust, weighted by length; null without speech.</summary>
    public double? MeanTrust { get; init; }

    /// <summary>The emotion heard longest, or null without speech.</summary>
    public string? DominantEmotion { get; init; }

    /// <summary>Enhancer, <c>name@version</c>.</summary>
    public string? EnhancerModel { get; init; }

    /// <summary>SNR-level block, <c>name@version</c>.</summary>
    public string? SnrLevelModel { get; init; }

    /// <summary>Emotion model, <c>name@version</c>.</summary>
    public string? EmotionModel { get; init; }

    /// <summary>The lowest quality among the models: <c>demonstration</c> or <c>production</c>.</summary>
    public string? ModelQuality { get; init; }

    /// <summary>What the results may be used for, as the deployment said when it was taken in.</summary>
    public string? Purpose { get; init; }

    /// <summary>Whom to ask about it, as the deployment said when it was taken in.</summary>
    public string? Contact { get; init; }

    /// <summary>How long what is kept of it, as was set when it was taken in.</summary>
    public string? Retention { get; init; }

    /// <summary>Of the row that was read, as the store tells; null before it was stored.</summary>
    public string? Version { get; init; }

    /// <summary>When anything of it last changed; null before it was stored.</summary>
    public DateTimeOffset? ChangedAt { get; init; }

    /// <summary>This one with what decoding it to its end has shown.</summary>
    /// <param name="speech">Read to its end.</param>
    /// <param name="samples">How many there were in each channel, at 16 kHz.</param>
    /// <param name="sha256">Of the content, lower-case hex.</param>
    public Recording WithSound(SpeechReader speech, long samples, string sha256)
    {
        ArgumentNullException.ThrowIfNull(speech);
        SoundLevels levels = speech.Levels;
        return this with
        {
            Sha256 = sha256,
            DurationSeconds = samples / (double)SegmentGrid.SampleRateHz,
            SampleRateHz = speech.Source.SampleRateHz,
            Channels = speech.Source.Channels,
            Encoding = speech.Source.Encoding,
            ChannelsHeard = speech.ChannelsHeard,
            PeakDbfs = levels.PeakDbfs is { } peak ? Math.Round(peak, 2) : null,
            ClippedShare = Math.Round(levels.ClippedShare, 6),
            BandwidthHz = levels.BandwidthHz,
            MissingSeconds = speech.MissingSeconds is { } missing ? Math.Round(missing, 3) : null,
            Warnings = string.Join(' ', speech.Warnings),
        };
    }
}
