namespace NrSer.Pipeline;

/// <summary>The stages that own columns and are counted by. Several together own what each of them may write.</summary>
[Flags]
public enum Stage
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>Decoding and cutting.</summary>
    Ingest = 1,

    /// <summary>Enhancement, segments, S, the mix.</summary>
    Enhance = 2,

    /// <summary>Recognition.</summary>
    Recognize = 4,

    /// <summary>The end of a recording, whichever it is.</summary>
    Complete = 8,

    /// <summary>What looks for lost, stuck and retried recordings.</summary>
    Sweep = 16,

    /// <summary>Reading feeds and fetching their episodes.</summary>
    Fetch = 32,
}

/// <summary>Why a recording ended badly, a word to count by: reasons in rows are sentences, and too many.</summary>
public enum FailureKind
{
    /// <summary>It cannot be read.</summary>
    Audio,

    /// <summary>Some of its chunks were given up.</summary>
    Chunks,

    /// <summary>A message was given up.</summary>
    DeadLetter,

    /// <summary>It made no progress.</summary>
    Stuck,
}
