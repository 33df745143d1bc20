using NrSer.Pipeline.Chunks;

namespace NrSer.Pipeline.Results.Tables;

/// <summary>Every column of the chunks' table: how work stands, for the stages alone.</summary>
internal static class ChunkColumns
{
    public static IReadOnlyList<Column<Chunk>> All { get; } =
    [
        Of("Channel", Stage.Ingest, "Channel of the recording, from 0.", c => c.Id.Channel, (c, _) => c),
        Of("Index", Stage.Ingest, "Place in the channel, from 0.", c => c.Id.Index, (c, _) => c),
        Of("StartSample", Stage.Ingest, "First sample in its channel, at 16 kHz.", c => c.StartSample, (c, v) => c with { StartSample = v }),
        Of("Samples", Stage.Ingest, "Length at 16 kHz.", c => c.Samples, (c, v) => c with { Samples = v }),
        Of("EnhancedAt", Stage.Enhance, "When it was enhanced and scored.", c => c.EnhancedAt, (c, v) => c with { EnhancedAt = v }),
        Of("HasSpeech", Stage.Enhance, "Whether any segment passed the gate.", c => c.HasSpeech, (c, v) => c with { HasSpeech = v }),
        Of("FinishedAt", Stage.Enhance | Stage.Recognize, "When there was no more to do.", c => c.FinishedAt, (c, v) => c with { FinishedAt = v }),
        Of("FailureReason", Stage.Complete, "Why it was given up.", c => c.FailureReason, (c, v) => c with { FailureReason = v }),
        Of("FailedGeneration", Stage.Complete, "The generation in which it was given up.", c => c.FailedGeneration,
            (c, v) => c with { FailedGeneration = v }),
        Of("FailedAt", Stage.Complete, "When it was given up.", c => c.FailedAt, (c, v) => c with { FailedAt = v }),
    ];

    private static Column<Chunk, T> Of<T>(string name, Stage owners, string meaning, Func<Chunk, T> get, Func<Chunk, T, Chunk> set) =>
        new(get, set) { Name = name, Owners = owners, Meaning = meaning, IsNullable = default(T) is null };
}
