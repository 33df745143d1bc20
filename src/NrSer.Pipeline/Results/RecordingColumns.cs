using System.Text.Json;
using static NrSer.Pipeline.Results.Column<NrSer.Pipeline.Results.Recording>;

namespace NrSer.Pipeline.Results;

/// <summary>Every column of a recording, once: tables, exports and the documentation are made from this list.</summary>
public static class RecordingColumns
{
    private const Stage AnyEnd = Stage.Ingest | Stage.Complete | Stage.Sweep;

    /// <summary>What decoding shows, which <c>nrser analyze</c> prints too.</summary>
    public static IReadOnlyList<Column<Recording>> Sound { get; } =
    [
        Of("DurationSeconds", "s", Stage.Ingest, "Length of its audio.", r => r.DurationSeconds, (r, v) => r with { DurationSeconds = v },
            "Null until it is decoded."),
        Of("SampleRateHz", "Hz", Stage.Ingest, "Sample rate of the upload.", r => r.SampleRateHz, (r, v) => r with { SampleRateHz = v }),
        Of("Channels", null, Stage.Ingest, "Channels of the upload.", r => r.Channels, (r, v) => r with { Channels = v }),
        Of("ChannelsHeard", null, Stage.Ingest, "What of several channels was heard in the end.", r => r.ChannelsHeard,
            (r, v) => r with { ChannelsHeard = v },
            "`mean`; without those that are silent `mean of 0, 2` or `channel 0`; `difference of 0, 1` where one is inverted. Null of one "
            + "channel, and where they were kept separate."),
        Of("Encoding", null, Stage.Ingest, "Container and codec of the upload.", r => r.Encoding, (r, v) => r with { Encoding = v },
            "For example `wav pcm16`."),
        Of("PeakDbfs", "dBFS", Stage.Ingest, "The loudest sample of the upload.", r => r.PeakDbfs, (r, v) => r with { PeakDbfs = v },
            "0 is full scale, which decoders of lossy formats exceed. Null where there are only zeros."),
        Of("ClippedShare", "0–1", Stage.Ingest, "Share of the upload's samples that were cut off at a limit.", r => r.ClippedShare,
            (r, v) => r with { ClippedShare = v },
            "Two or more in a row, at full scale or at the recording's own peak. From about 0.001 on it is heard."),
        Of("BandwidthHz", "Hz", Stage.Ingest, "Up to which frequency it holds sound, at most 8,000.", r => r.BandwidthHz,
            (r, v) => r with { BandwidthHz = v },
            "Within 60 dB of its strongest. About 3,400 is a telephone, whatever the sample rate says. Null where there is no sound."),
        Of("MissingSeconds", "s", Stage.Ingest, "Sound that the file should hold beyond what was read.", r => r.MissingSeconds,
            (r, v) => r with { MissingSeconds = v },
            "Null where nothing is known to be missing."),
        Of("Warnings", null, Stage.Ingest, "What was noticed while it was decoded, sentences.", r => r.Warnings, (r, v) => r with { Warnings = v },
            "Empty or null where there was nothing."),
        Of("Sha256", null, Stage.Ingest, "SHA-256 of the upload.", r => r.Sha256, (r, v) => r with { Sha256 = v },
            "Lower-case hex; the same content has the same one."),
    ];

    /// <summary>In the order in which they are shown.</summary>
    public static IReadOnlyList<Column<Recording>> All { get; } =
    [
        Of("RecordingId", null, Stage.Ingest, "The recording.", r => r.Id.Value, (r, v) => r with { Id = RecordingId.Parse(v) },
            "`yyyyMMdd-` and 16 hex digits: the day of the upload in UTC, then a hash of container, name and ETag.", isNullable: false, isKey: true),
        Of("BlobName", null, AnyEnd, "Name of the upload within the recordings container.", r => r.BlobName,
            (r, v) => r with { BlobName = v }, isNullable: false),
        Of("Status", null, AnyEnd, "Where it stands.", r => r.Status, (r, v) => r with { Status = v },
            "`Queued`, `Processing`, `Completed`, `Rejected` (it cannot be read), `Failed` (a service failed for good) or `Withdrawn` (the "
            + "upload was deleted or replaced before it was taken in). `Forgotten` is a tombstone, which has nothing else."),
        Of("Reason", null, AnyEnd, "Why it was rejected, withdrawn or failed, a sentence.", r => r.Reason, (r, v) => r with { Reason = v },
            "Empty or null otherwise."),
        Of("Generation", null, AnyEnd, "How often it was retried.", r => r.Generation, (r, v) => r with { Generation = v }, "0 for the first run."),
        Of("FailedRuns", null, AnyEnd, "Runs that came to nothing since it was uploaded, completed or asked for again.",
            r => r.FailedRuns, (r, v) => r with { FailedRuns = v },
            "Stuck, or their segments were lost. Null or 0 for none; what is under way when an emulator is killed is back at 0."),
        Of("RetryRequested", null, Stage.Sweep, "Whether somebody asked for a retry that has not begun.", r => r.RetryRequested,
            (r, v) => r with { RetryRequested = v }),
        Of("IsDismissed", null, Stage.Sweep, "Whether somebody has seen that it ended badly and lets it be.", r => r.IsDismissed,
            (r, v) => r with { IsDismissed = v }, "A retry takes it back."),
        Of("UploadedAt", "UTC", AnyEnd, "When the upload was created.", r => r.UploadedAt, (r, v) => r with { UploadedAt = v }),
        Of("RecordedAt", "UTC", Stage.Ingest, "When it was recorded or published.", r => r.RecordedAt, (r, v) => r with { RecordedAt = v },
            "From its feed, or the upload's metadata `recordedAt`; null where neither says."),
        Of("Tags", null, Stage.Ingest, "Words for finding it again, divided by a comma and a space.", r => r.Tags, (r, v) => r with { Tags = v },
            "From a manifest, or the upload's metadata `tags`; null where neither says."),
        Of("ListenUrl", null, Stage.Ingest, "Where a person can hear it.", r => r.ListenUrl, (r, v) => r with { ListenUrl = v },
            "Its publisher's file, without the query, where neither that address nor the feed's may hold a token; or the upload's metadata "
            + "`listenUrl`. Null where neither says."),
        Of("StartedAt", "UTC", Stage.Ingest | Stage.Sweep, "When the current generation began.", r => r.StartedAt,
            (r, v) => r with { StartedAt = v }),
        Of("CompletedAt", "UTC", AnyEnd, "When its last run ended.", r => r.CompletedAt, (r, v) => r with { CompletedAt = v },
            "Null until one has; older than StartedAt while a retry is under way."),
        .. Sound,
        Of("DeclaredSeconds", "s", Stage.Ingest, "Length as its publisher declares it.", r => r.DeclaredSeconds,
            (r, v) => r with { DeclaredSeconds = v }, "From its feed, or the upload's metadata `declaredSeconds`; null where neither says."),
        Of("LengthDiffers", null, Stage.Ingest, "Whether the declared length and that of the audio differ by more than a tenth.",
            r => r.LengthDiffers, (r, v) => r with { LengthDiffers = v }, "True may be inserted advertisements, or a file cut short."),
        Of("ContentBytes", "bytes", Stage.Ingest, "Size of the upload.", r => r.ContentBytes, (r, v) => r with { ContentBytes = v }),
        Of("BlobETag", null, AnyEnd, "ETag of the upload, without quotes.", r => r.BlobETag, (r, v) => r with { BlobETag = v }),
        Of("ChannelMode", null, Stage.Ingest, "What was made of the channels.", r => r.ChannelMode, (r, v) => r with { ChannelMode = v },
            "`Mix` or `Separate`."),
        Of("Track", null, Stage.Ingest, "Which of several tracks the uploader asked for, from 0.", r => r.Track, (r, v) => r with { Track = v },
            "Null for the one marked as default, else the longest of an MP4, elsewhere that with most channels."),
        Of("MaxChunkSeconds", "s", Stage.Ingest, "The longest unit of work that was cut.", r => r.MaxChunkSeconds,
            (r, v) => r with { MaxChunkSeconds = v }),
        Of("SegmentStore", null, Stage.Ingest, "Where its segments stand besides result blobs and Parquet.", r => r.SegmentStore,
            (r, v) => r with { SegmentStore = v },
            "`Table`: in the table of segments; `Blob`: nowhere else. Null for rows of version 0.1, which are in the table."),
        Of("ExpectedChunks", null, Stage.Ingest, "Units of work.", r => r.ExpectedChunks, (r, v) => r with { ExpectedChunks = v },
            "Null until all of it is decoded."),
        Of("IngestedGeneration", null, Stage.Ingest, "The last generation that was decoded to its end.", r => r.IngestedGeneration,
            (r, v) => r with { IngestedGeneration = v }),
        Of("SegmentCount", null, Stage.Complete, "Its segments.", r => r.SegmentCount, (r, v) => r with { SegmentCount = v }),
        Of("SpeechSegmentCount", null, Stage.Complete, "Segments with speech.", r => r.SpeechSegmentCount,
            (r, v) => r with { SpeechSegmentCount = v }),
        Of("SpeechSeconds", "s", Stage.Complete, "Length of the segments with speech.", r => r.SpeechSeconds, (r, v) => r with { SpeechSeconds = v }),
        Of("MeanSnrScore", "unbounded", Stage.Complete, "Mean S over segments with speech, weighted by their length.", r => r.MeanSnrScore,
            (r, v) => r with { MeanSnrScore = v },
            "Null without speech."),
        Of("MeanTrust", "0–1", Stage.Complete, "Mean trust over segments with speech, weighted by their length.", r => r.MeanTrust,
            (r, v) => r with { MeanTrust = v },
            "Null without speech, and of recordings that ended before there was this column."),
        Of("DominantEmotion", null, Stage.Complete, "The emotion heard longest.", r => r.DominantEmotion, (r, v) => r with { DominantEmotion = v },
            "Null without speech."),
        Of("EnhancerModel", null, Stage.Complete, "Model that enhanced, `name@version`.", r => r.EnhancerModel,
            (r, v) => r with { EnhancerModel = v }),
        Of("SnrLevelModel", null, Stage.Complete, "Model that scored, `name@version`.", r => r.SnrLevelModel, (r, v) => r with { SnrLevelModel = v }),
        Of("EmotionModel", null, Stage.Complete, "Model that recognised, `name@version`.", r => r.EmotionModel, (r, v) => r with { EmotionModel = v },
            "Null without speech."),
        Of("ModelQuality", null, Stage.Complete, "The lowest quality among the models.", r => r.ModelQuality, (r, v) => r with { ModelQuality = v },
            "`demonstration`: to show the mechanism, not to decide about people; `production`."),
        Of("Purpose", null, Stage.Ingest, "What the results may be used for.", r => r.Purpose, (r, v) => r with { Purpose = v },
            "As `nrser purpose` said when it was taken in; null where nobody had said."),
        Of("Contact", null, Stage.Ingest, "Whom to ask about it.", r => r.Contact, (r, v) => r with { Contact = v },
            "As `nrser purpose` said when it was taken in; null where nobody was named."),
        Of("Retention", null, Stage.Ingest, "How long what of it is kept, from the day of the upload on.", r => r.Retention,
            (r, v) => r with { Retention = v },
            "As was set when it was taken in, for example `Uploads 30 days, Lake 365 days`; null where all is kept until it is forgotten."),
    ];

    /// <summary>Writes a recording as a JSON object, a field a column.</summary>
    /// <param name="writer">Where a value may stand.</param>
    /// <param name="recording">The recording.</param>
    public static void WriteJson(Utf8JsonWriter writer, Recording recording)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.WriteStartObject();
        SegmentJsonConverter.WriteFields(writer, All, recording);
        writer.WriteEndObject();
    }

    /// <summary>Writes what decoding shows as fields of a JSON object.</summary>
    /// <param name="writer">Inside the object.</param>
    /// <param name="recording">As decoded.</param>
    public static void WriteSound(Utf8JsonWriter writer, Recording recording) => SegmentJsonConverter.WriteFields(writer, Sound, recording);
}
