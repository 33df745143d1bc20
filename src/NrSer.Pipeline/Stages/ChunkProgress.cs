using NrSer.Pipeline.Chunks;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;
using NrSer.Pipeline.Work;

namespace NrSer.Pipeline.Stages;

/// <summary>How a chunk gets from its first stage to its end, whatever is done to it on the way.</summary>
/// <remarks>
/// A stage writes its rows and then looks at the recording's status, in case it was rejected or withdrawn meanwhile (see <see
/// cref="RejectRecording"/>).
/// Whoever finishes a chunk writes that, then looks whether it was the last.
/// </remarks>
/// <param name="store">Chunk and segment rows.</param>
/// <param name="rejection">Takes back what was done for a recording that turned out to be damaged.</param>
/// <param name="completion">Ends the recording with its last chunk.</param>
/// <param name="time">The clock.</param>
public sealed class ChunkProgress(RecordingStore store, RejectRecording rejection, CompleteRecording completion, TimeProvider time)
{
    /// <summary>The chunk that a message names.</summary>
    /// <param name="id">The chunk.</param>
    /// <param name="cancellationToken">Stops the requests.</param>
    /// <returns>
    /// Null when there is no more to do for it: its recording was rejected or withdrawn, or an earlier run finished it. Then its recording may have
    /// ended since, and its audio need not be there any more.
    /// </returns>
    /// <exception cref="InvalidMessageException">There never was such a chunk, or ingest never wrote where it lies: the message is wrong.</exception>
    public async Task<Chunk?> BeginAsync(ChunkId id, CancellationToken cancellationToken)
    {
        Chunk? found = await store.FindChunkAsync(id, cancellationToken).ConfigureAwait(false);
        if (found is null && await rejection.DiscardIfVoidAsync(id.Recording, cancellationToken).ConfigureAwait(false))
            return null; // else the end of the stage sees it
        Chunk chunk = found switch
        {
            null => throw new InvalidMessageException($"There is no chunk {id}."),
            { StartSample: null } or { Samples: null } => throw new InvalidMessageException($"The row of chunk {id} does not say where it lies."),
            _ => found,
        };
        if (chunk.FinishedAt is null)
            return chunk;
        await EndAsync(id.Recording, cancellationToken).ConfigureAwait(false); // whoever finished it may have died before it looked
        return null;
    }

    /// <summary>The segments of a chunk were decided; without speech, that was its last stage.</summary>
    /// <param name="chunk">From <see cref="BeginAsync"/>.</param>
    /// <param name="segments">All of them.</param>
    /// <param name="cancellationToken">Stops the requests.</param>
    /// <returns>Whether it is to go on to recognition.</returns>
    public async Task<bool> EnhancedAsync(Chunk chunk, IReadOnlyCollection<Segment> segments, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(chunk);
        Recording? recording = await store.FindAsync(chunk.Id.Recording, cancellationToken).ConfigureAwait(false);
        Segment[] dated = [.. segments.Select(segment => segment with { RecordedAt = recording?.RecordedAt })];
        await MergeAsync(chunk, recording, dated, Stage.Enhance, cancellationToken).ConfigureAwait(false);
        bool hasSpeech = segments.Any(segment => segment.IsSpeech);
        var change = new Chunk { Id = chunk.Id, EnhancedAt = chunk.EnhancedAt ?? time.GetUtcNow(), HasSpeech = hasSpeech };
        if (!hasSpeech)
        {
            await FinishAsync(change, chunk, cancellationToken).ConfigureAwait(false);
            return false;
        }

        await store.MergeChunkAsync(change, cancellationToken).ConfigureAwait(false);
        return !await rejection.DiscardIfVoidAsync(chunk.Id.Recording, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The emotions of a chunk were recognised.</summary>
    /// <param name="chunk">From <see cref="BeginAsync"/>.</param>
    /// <param name="segments">Those with an emotion.</param>
    /// <param name="cancellationToken">Stops the requests.</param>
    public async Task RecognizedAsync(Chunk chunk, IReadOnlyCollection<Segment> segments, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(chunk);
        Recording? recording = await store.FindAsync(chunk.Id.Recording, cancellationToken).ConfigureAwait(false);
        await MergeAsync(chunk, recording, segments, Stage.Recognize, cancellationToken).ConfigureAwait(false);
        await FinishAsync(new Chunk { Id = chunk.Id }, chunk, cancellationToken).ConfigureAwait(false);
    }

    private Task MergeAsync(
        Chunk chunk, Recording? recording, IReadOnlyCollection<Segment> segments, Stage owner, CancellationToken cancellationToken) =>
        store.MergeSegmentsAsync(
            chunk.Id, recording?.SegmentStore, [.. segments.Select(segment => segment with { RecordingId = chunk.Id.Recording })],
            owner, cancellationToken);

    private async Task FinishAsync(Chunk change, Chunk standing, CancellationToken cancellationToken)
    {
        if (!await store.FinishChunkAsync(change with { FinishedAt = time.GetUtcNow() }, standing, cancellationToken).ConfigureAwait(false))
        {
            if (!await rejection.DiscardIfVoidAsync(change.Id.Recording, cancellationToken).ConfigureAwait(false))
                throw new InvalidOperationException($"The row of chunk {change.Id} has gone, and its recording stands: the next attempt will see.");
            return;
        }

        await EndAsync(change.Id.Recording, cancellationToken).ConfigureAwait(false);
    }

    private async Task EndAsync(RecordingId id, CancellationToken cancellationToken)
    {
        Recording? recording = await store.FindAsync(id, cancellationToken).ConfigureAwait(false);
        if (recording?.Status.IsVoid() == true)
            await rejection.DiscardIfVoidAsync(id, cancellationToken).ConfigureAwait(false);
        else if (recording is not null)
            await completion.RunAsync(recording, cancellationToken).ConfigureAwait(false);
    }
}
