using NrSer.Pipeline.Chunks;
using static NrSer.Pipeline.Results.Column<NrSer.Pipeline.Chunks.Chunk>;

namespace NrSer.Pipeline.Results.Tables;

/// <summary>Every column of the chunks' table: how work stands, for the stages alone.</summary>
internal static class ChunkColumns
{
    public static IReadOnlyList<Column<Chunk>> All { get; } =
    [
        Of("Channel", null, Stage.Ingest, "Channel of the recording, from 0.", c => c.Id.Channel, (c, _) => c),
        Of("Index", null, Stage.Ingest, "Place in the channel, from 0.", c => c.Id.Index, (c, _) => c),
        Of("StartSample", null, Stage.Ingest, "First sample in its channel, at 16 kHz.", c => c.StartSample, (c, v) => c with { StartSample = v }),
        Of("Samples", null, Stage.Ingest, "Length at 16 kHz.", c => c.Samples, (c, v) => c with { Samples = v }),
        Of("EnhancedAt", null, Stage.Enhance, "When it was enhanced and scored.", c => c.EnhancedAt, (c, v) => c with { EnhancedAt = v }),
        Of("HasSpeech", null, Stage.Enhance, "Whether any segment passed the gate.", c => c.HasSpeech, (c, v) => c with { HasSpeech = v }),
        Of("FinishedAt", null, Stage.Enhance | Stage.Recognize, "When there was no more to do.", c => c.FinishedAt,
            (c, v) => c with { FinishedAt = v }),
        Of("FailureReason", null, Stage.Complete, "Why it was given up.", c => c.FailureReason, (c, v) => c with { FailureReason = v }),
        Of("FailedGeneration", null, Stage.Complete, "The generation in which it was given up.", c => c.FailedGeneration,
            (c, v) => c with { FailedGeneration = v }),
        Of("FailedAt", null, Stage.Complete, "When it was given up.", c => c.FailedAt, (c, v) => c with { FailedAt = v }),
    ];
}
