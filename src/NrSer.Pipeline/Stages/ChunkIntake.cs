using NrSer.Core.Segmentation;
using NrSer.Pipeline.Chunks;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;
using NrSer.Pipeline.Work;

namespace NrSer.Pipeline.Stages;

/// <summary>Takes freshly cut chunks into the pipeline: audio, then row, then message.</summary>
/// <param name="blobs">Chunk audio.</param>
/// <param name="store">Chunk rows.</param>
/// <param name="chunks">The next queue.</param>
public sealed class ChunkIntake(ChunkBlobs blobs, RecordingStore store, IWorkQueue chunks)
{
    /// <summary>What earlier runs left.</summary>
    /// <param name="id">The recording.</param>
    /// <param name="cancellationToken">Stops between pages.</param>
    public async Task<ChunksBefore> FindBeforeAsync(RecordingId id, CancellationToken cancellationToken)
    {
        var rows = new Dictionary<string, Chunk>(StringComparer.Ordinal);
        await foreach (Chunk row in store.ChunksAsync(id, cancellationToken).ConfigureAwait(false))
            rows.Add(row.Id.Key, row);
        return new ChunksBefore(rows, await blobs.ExistingChunksAsync(id, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Stores a chunk with its row and sends it on, but for what an earlier run did: its audio stays, and what is finished is not
    /// sent.</summary>
    /// <param name="recording">Its recording, in the generation of this run.</param>
    /// <param name="before">What earlier runs left.</param>
    /// <param name="chunk">The chunk.</param>
    /// <param name="cancellationToken">Stops the requests.</param>
    public async Task AddAsync(Recording recording, ChunksBefore before, AudioChunk chunk, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(recording);
        ArgumentNullException.ThrowIfNull(before);
        var id = new ChunkId(recording.Id, chunk.Channel, chunk.Index);
        if (!before.Stored.Contains(id.Key))
            await blobs.WriteChunkAsync(id, chunk.Samples, cancellationToken).ConfigureAwait(false);
        await store.MergeChunkAsync(
            new Chunk { Id = id, StartSample = chunk.StartSample, Samples = chunk.Samples.Length }, cancellationToken).ConfigureAwait(false);
        if (before.Rows.GetValueOrDefault(id.Key)?.FinishedAt is null)
            await chunks.SendAsync([WorkMessage.Enhance(id, recording.Generation)], cancellationToken).ConfigureAwait(false);
    }
}

/// <summary>What earlier runs of ingest left of a recording, by key of the chunk.</summary>
/// <param name="Rows">Chunks with a row.</param>
/// <param name="Stored">Chunks whose audio is stored.</param>
public sealed record ChunksBefore(IReadOnlyDictionary<string, Chunk> Rows, IReadOnlySet<string> Stored);
