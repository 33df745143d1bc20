namespace NrSer.Pipeline.Chunks;

/// <summary>How one chunk stands. Where it says what is to be written, what is null stays as it is, so each stage merges only its own.</summary>
public sealed record Chunk
{
    /// <summary>Which one.</summary>
    public required ChunkId Id { get; init; }

    /// <summary>First sample of the chunk in its channel, at 16 kHz. Written by ingest.</summary>
    public long? StartSample { get; init; }

    /// <summary>Length at 16 kHz. Written by ingest.</summary>
    public int? Samples { get; init; }

    /// <summary>When it was enhanced and scored.</summary>
    public DateTimeOffset? EnhancedAt { get; init; }

    /// <summary>Whether any segment passed the gate. Written by enhancement.</summary>
    public bool? HasSpeech { get; init; }

    /// <summary>When its emotions were written, or it turned out to hold no speech.</summary>
    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>Why it was given up, in <see cref="FailedGeneration"/>.</summary>
    public string? FailureReason { get; init; }

    /// <summary>The generation in which it was given up; a later one tries again.</summary>
    public int? FailedGeneration { get; init; }

    /// <summary>When it was given up.</summary>
    public DateTimeOffset? FailedAt { get; init; }

    /// <summary>When anything of it last changed; null before it was stored.</summary>
    public DateTimeOffset? ChangedAt { get; init; }

    /// <summary>Of the row, as the store tells; null where it was not read.</summary>
    public string? Version { get; init; }

    /// <summary>Whether it was given up in that generation and never finished.</summary>
    /// <param name="generation">The recording's generation.</param>
    public bool IsFailed(int generation) => FinishedAt is null && FailedGeneration == generation;
}
