using Azure;
using Azure.Data.Tables;
using NrSer.Pipeline.Messages;

namespace NrSer.Pipeline.Rows;

/// <summary>One chunk. Columns left null are not written, so each stage merges only its own.</summary>
public sealed class ChunkRow : ITableEntity
{
    /// <summary>Recording id.</summary>
    public string PartitionKey { get; set; } = "";

    /// <summary>Channel and index, <see cref="ChunkId.Key"/>.</summary>
    public string RowKey { get; set; } = "";

    /// <summary>When the service last changed the row.</summary>
    public DateTimeOffset? Timestamp { get; set; }

    /// <summary>Version of the row.</summary>
    public ETag ETag { get; set; }

    /// <summary>From 0. Written by ingest.</summary>
    public int? Channel { get; set; }

    /// <summary>From 0 within the channel. Written by ingest.</summary>
    public int? Index { get; set; }

    /// <summary>First sample of the chunk in its channel, at 16 kHz. Written by ingest.</summary>
    public long? StartSample { get; set; }

    /// <summary>Length at 16 kHz. Written by ingest.</summary>
    public int? Samples { get; set; }

    /// <summary>When it was enhanced and scored.</summary>
    public DateTimeOffset? EnhancedAt { get; set; }

    /// <summary>Whether any segment passed the gate. Written by enhancement.</summary>
    public bool? HasSpeech { get; set; }

    /// <summary>When its emotions were written, or it turned out to hold no speech.</summary>
    public DateTimeOffset? FinishedAt { get; set; }

    /// <summary>Why it was given up, in <see cref="FailedGeneration"/>.</summary>
    public string? FailureReason { get; set; }

    /// <summary>The generation in which it was given up; a later one tries again.</summary>
    public int? FailedGeneration { get; set; }

    /// <summary>When it was given up.</summary>
    public DateTimeOffset? FailedAt { get; set; }

    /// <summary>Whether it was given up in that generation and never finished.</summary>
    /// <param name="generation">The recording's generation.</param>
    public bool IsFailed(int generation) => FinishedAt is null && FailedGeneration == generation;

    /// <summary>Where the chunk lies.</summary>
    /// <exception cref="InvalidMessageException">Ingest never wrote it: the message that led here is wrong.</exception>
    public (long StartSample, int Samples) Extent() => this is { StartSample: { } start, Samples: { } samples }
        ? (start, samples)
        : throw new InvalidMessageException($"The row of chunk {PartitionKey}/{RowKey} does not say where it lies.");
}
