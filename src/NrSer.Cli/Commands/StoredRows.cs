using Azure.Data.Tables;
using NrSer.Pipeline;
using NrSer.Pipeline.Rows;
using NrSer.Pipeline.Storage;

namespace NrSer.Cli.Commands;

/// <summary>The rows that <c>status</c>, <c>results</c>, <c>retry</c> and <c>export</c> work on: of some storage, of uploads on some days.</summary>
/// <param name="Tables">All rows.</param>
/// <param name="From">First day of upload.</param>
/// <param name="To">Last day of upload.</param>
internal sealed record StoredRows(ResultTables Tables, DateOnly From, DateOnly To)
{
    /// <summary>Recordings uploaded on those days.</summary>
    public IAsyncEnumerable<RecordingRow> RecordingsAsync(CancellationToken cancellationToken) => Tables.RecordingsAsync(From, To, cancellationToken);

    /// <summary>A recording by id, or by blob name, of which the latest upload counts.</summary>
    /// <exception cref="UsageException">There is none.</exception>
    public async Task<RecordingRow> FindAsync(string wanted, CancellationToken cancellationToken)
    {
        if (RecordingId.TryParse(wanted, out RecordingId id) && await Tables.FindRecordingAsync(id, cancellationToken) is { } row)
            return row;
        RecordingRow? latest = null;
        await foreach (RecordingRow candidate in RecordingsAsync(cancellationToken))
        {
            if (candidate.BlobName == wanted && (latest is null || candidate.UploadedAt > latest.UploadedAt))
                latest = candidate;
        }

        return latest ?? throw new UsageException(
            $"There is no recording '{wanted}' among those uploaded from {From:yyyy-MM-dd} to {To:yyyy-MM-dd}. See: nrser status");
    }

    /// <summary>The segments of a recording, in order of channel and time.</summary>
    public async Task<List<SegmentRow>> SegmentsAsync(RecordingRow recording, CancellationToken cancellationToken)
    {
        var segments = new List<SegmentRow>();
        await foreach (TableEntity entity in Tables.SegmentsAsync(RecordingId.Parse(recording.RowKey), cancellationToken))
            segments.Add(SegmentRow.From(entity));
        return segments;
    }

    /// <summary>Chunks done; asked of the service only while the recording is under way.</summary>
    public async Task<int> FinishedChunksAsync(RecordingRow recording, CancellationToken cancellationToken)
    {
        if (recording.Status == nameof(RecordingStatus.Completed))
            return recording.ExpectedChunks ?? 0;
        int finished = 0;
        await foreach (ChunkRow chunk in Tables.ChunksAsync(RecordingId.Parse(recording.RowKey), cancellationToken))
            finished += chunk.FinishedAt is not null ? 1 : 0;
        return finished;
    }
}
