using NrSer.Pipeline;
using NrSer.Pipeline.Chunks;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;

namespace NrSer.Cli.Commands;

/// <summary>The rows that <c>status</c>, <c>results</c>, <c>retry</c> and <c>export</c> work on: of some storage, of uploads on some days.</summary>
/// <param name="Store">All rows.</param>
/// <param name="From">First day of upload.</param>
/// <param name="To">Last day of upload.</param>
/// <param name="NamePrefix">How the names of their uploads begin; null for any.</param>
internal sealed record StoredRows(RecordingStore Store, DateOnly From, DateOnly To, string? NamePrefix = null)
{
    /// <summary>Recordings uploaded on those days.</summary>
    public IAsyncEnumerable<Recording> RecordingsAsync(CancellationToken cancellationToken) => RecordingsAsync(status: null, cancellationToken);

    /// <summary>Those of them that stand so; null for all.</summary>
    public IAsyncEnumerable<Recording> RecordingsAsync(RecordingStatus? status, CancellationToken cancellationToken) =>
        Store.ListAsync(new RecordingFilter(From, To, status) { NamePrefix = NamePrefix }, cancellationToken);

    /// <summary>A recording by id, or by blob name, of which the latest upload counts.</summary>
    /// <exception cref="UsageException">There is none.</exception>
    public async Task<Recording> FindAsync(string wanted, CancellationToken cancellationToken)
    {
        Recording? found = RecordingId.TryParse(wanted, out RecordingId id) ? await Store.FindAsync(id, cancellationToken) : null;
        return found ?? await Store.FindByNameAsync(wanted, From, To, cancellationToken) ?? throw new UsageException(
            $"There is no recording '{wanted}' among those uploaded from {From:yyyy-MM-dd} to {To:yyyy-MM-dd}. See: nrser status");
    }

    /// <summary>The segments of a recording, in order of channel and time.</summary>
    public ValueTask<List<Segment>> SegmentsAsync(Recording recording, CancellationToken cancellationToken) =>
        Store.SegmentsAsync(recording, cancellationToken).ToListAsync(cancellationToken);

    /// <summary>Chunks done; asked of the service only while the recording is under way.</summary>
    public async Task<int> FinishedChunksAsync(Recording recording, CancellationToken cancellationToken)
    {
        if (recording.Status == RecordingStatus.Completed)
            return recording.ExpectedChunks ?? 0;
        int finished = 0;
        await foreach (Chunk chunk in Store.ChunksAsync(recording.Id, cancellationToken))
            finished += chunk.FinishedAt is not null ? 1 : 0;
        return finished;
    }
}
