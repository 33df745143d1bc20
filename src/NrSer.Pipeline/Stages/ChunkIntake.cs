using NrSer.Core.Segmentation;
using NrSer.Pipeline.Chunks;
using NrSer.Pipeline.Results.Tables;
using NrSer.Pipeline.Work;

namespace NrSer.Pipeline.Stages;

/// <summary>Takes freshly cut chunks into the pipeline: audio, then row, then message.</summary>
/// <param name="blobs">Chunk audio.</param>
/// <param name="store">Chunk rows.</param>
/// <param name="chunks">The next queues.</param>
public sealed class ChunkIntake(ChunkBlobs blobs, RecordingStore store, StageQueues chunks)
{
    /// <summary>The chunk rows that earlier runs left, by key.</summary>
    /// <param name="id">The recording.</param>
    /// <param name="cancellationToken">Stops between pages.</param>
    public async Task<IReadOnlyDictionary<string, Chunk>> RowsAsync(RecordingId id, CancellationToken cancellationToken)
    {
        var rows = new Dictionary<string, Chunk>(StringComparer.Ordinal);
        await foreach (Chunk row in store.ChunksAsync(id, cancellationToken).ConfigureAwait(false))
            rows.Add(row.Id.Key, row);
        return rows;
    }

    /// <summary>Keys of the chunks whose audio is stored.</summary>
    /// <param name="id">The recording.</param>
    /// <param name="cancellationToken">Stops between pages.</param>
    public Task<IReadOnlySet<string>> StoredAsync(RecordingId id, CancellationToken cancellationToken) =>
        blobs.StoredAsync(id, AudioVersion.Original, cancellationToken);

    /// <summary>Stores a chunk with its row and sends it on, but for what an earlier run did.</summary>
    /// <param name="id">The chunk.</param>
    /// <param name="generation">Of this run.</param>
    /// <param name="lane">Of the recording.</param>
    /// <param name="chunk">Where it lies, and its audio.</param>
    /// <param name="isStored">Its audio is stored, and stays.</param>
    /// <param name="isFinished">It is finished, and not sent.</param>
    /// <param name="cancellationToken">Stops the requests.</param>
    public async Task AddAsync(
        ChunkId id, int generation, Lane lane, AudioChunk chunk, bool isStored, bool isFinished, CancellationToken cancellationToken)
    {
        if (!isStored)
            await blobs.WriteChunkAsync(id, chunk.Samples, cancellationToken).ConfigureAwait(false);
        await store.MergeChunkAsync(
            new Chunk { Id = id, StartSample = chunk.StartSample, Samples = chunk.Samples.Length }, cancellationToken).ConfigureAwait(false);
        if (!isFinished)
            await chunks[lane].SendAsync([WorkMessage.Enhance(id, generation)], cancellationToken).ConfigureAwait(false);
    }
}
