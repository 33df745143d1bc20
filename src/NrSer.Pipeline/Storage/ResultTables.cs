using Azure;
using Azure.Data.Tables;
using NrSer.Pipeline.Rows;

namespace NrSer.Pipeline.Storage;

/// <summary>The three tables, with the rules by which rows may change.</summary>
/// <param name="storage">The account.</param>
public sealed class ResultTables(StorageClients storage)
{
    private const int BatchRows = 100; // the service's limit for one transaction

    private static readonly string[] s_keys = ["PartitionKey", "RowKey"];

    private readonly TableClient _recordings = storage.Tables.GetTableClient(StorageNames.RecordingsTable);
    private readonly TableClient _chunks = storage.Tables.GetTableClient(StorageNames.ChunksTable);
    private readonly TableClient _segments = storage.Tables.GetTableClient(StorageNames.SegmentsTable);

    /// <summary>The recording's row, or null.</summary>
    /// <param name="id">The recording.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    public async Task<RecordingRow?> FindRecordingAsync(RecordingId id, CancellationToken cancellationToken)
    {
        NullableResponse<RecordingRow> found = await _recordings
            .GetEntityIfExistsAsync<RecordingRow>(id.Day, id.Value, cancellationToken: cancellationToken).ConfigureAwait(false);
        return found.HasValue ? found.Value : null;
    }

    /// <summary>The chunk's row, or null.</summary>
    /// <param name="id">The chunk.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    public async Task<ChunkRow?> FindChunkAsync(ChunkId id, CancellationToken cancellationToken)
    {
        NullableResponse<ChunkRow> found = await _chunks
            .GetEntityIfExistsAsync<ChunkRow>(id.Recording.Value, id.Key, cancellationToken: cancellationToken).ConfigureAwait(false);
        return found.HasValue ? found.Value : null;
    }

    /// <summary>Recordings uploaded on the given days, in order of day and id.</summary>
    /// <param name="from">First day.</param>
    /// <param name="to">Last day.</param>
    /// <param name="cancellationToken">Stops between pages.</param>
    public AsyncPageable<RecordingRow> RecordingsAsync(DateOnly from, DateOnly to, CancellationToken cancellationToken) =>
        _recordings.QueryAsync<RecordingRow>(
            TableClient.CreateQueryFilter($"PartitionKey ge {from.ToString("yyyyMMdd")} and PartitionKey le {to.ToString("yyyyMMdd")}"),
            cancellationToken: cancellationToken);

    /// <summary>A recording's chunks, in order.</summary>
    /// <param name="id">The recording.</param>
    /// <param name="cancellationToken">Stops between pages.</param>
    public AsyncPageable<ChunkRow> ChunksAsync(RecordingId id, CancellationToken cancellationToken) =>
        _chunks.QueryAsync<ChunkRow>(TableClient.CreateQueryFilter($"PartitionKey eq {id.Value}"), cancellationToken: cancellationToken);

    /// <summary>A recording's segments as stored, in order of channel and time.</summary>
    /// <param name="id">The recording.</param>
    /// <param name="cancellationToken">Stops between pages.</param>
    public AsyncPageable<TableEntity> SegmentsAsync(RecordingId id, CancellationToken cancellationToken) =>
        _segments.QueryAsync<TableEntity>(TableClient.CreateQueryFilter($"PartitionKey eq {id.Value}"), cancellationToken: cancellationToken);

    /// <summary>
    /// Moves a recording forward: writes the columns that are not null, unless the row already stands further on. A higher generation
    /// stands further on than any status of a lower one.
    /// </summary>
    /// <param name="id">The recording.</param>
    /// <param name="generation">Whose doing this is.</param>
    /// <param name="status">Where to.</param>
    /// <param name="columns">The caller's own columns; its keys, status and generation are set here.</param>
    /// <param name="cancellationToken">Stops the requests.</param>
    /// <returns>False when the row stood further on and nothing was written.</returns>
    public async Task<bool> AdvanceAsync(
        RecordingId id, int generation, RecordingStatus status, RecordingRow columns, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(columns);
        (columns.PartitionKey, columns.RowKey, columns.Generation, columns.Status) = (id.Day, id.Value, generation, status.ToString());
        while (true)
        {
            RecordingRow? row = await FindRecordingAsync(id, cancellationToken).ConfigureAwait(false);
            try
            {
                if (row is null)
                {
                    await _recordings.AddEntityAsync(columns, cancellationToken).ConfigureAwait(false);
                    return true;
                }

                if (!MayFollow(row, generation, status))
                    return false;
                await _recordings.UpdateEntityAsync(columns, row.ETag, TableUpdateMode.Merge, cancellationToken).ConfigureAwait(false);
                return true;
            }
            catch (RequestFailedException race) when (race.Status is 409 or 412)
            {
                // Another writer was faster: look again at what it wrote.
            }
        }
    }

    /// <summary>Asks Sweep to start a recording again, or says that it has.</summary>
    /// <param name="id">A recording with a row.</param>
    /// <param name="requested">True to ask.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    public Task MarkRetryAsync(RecordingId id, bool requested, CancellationToken cancellationToken) => _recordings.UpdateEntityAsync(
        new RecordingRow { PartitionKey = id.Day, RowKey = id.Value, RetryRequested = requested }, ETag.All, TableUpdateMode.Merge, cancellationToken);

    /// <summary>Merges one stage's columns into a chunk's row.</summary>
    /// <param name="id">The chunk.</param>
    /// <param name="columns">The stage's own columns; the keys are set here.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    public Task MergeChunkAsync(ChunkId id, ChunkRow columns, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(columns);
        (columns.PartitionKey, columns.RowKey) = (id.Recording.Value, id.Key);
        return _chunks.UpsertEntityAsync(columns, TableUpdateMode.Merge, cancellationToken);
    }

    /// <summary>Merges columns into a chunk's row and ends the chunk, unless it was ended before: the summary's time depends on it, so the first stays.</summary>
    /// <param name="id">A chunk with a row.</param>
    /// <param name="columns">The stage's own columns; the keys are set here.</param>
    /// <param name="finishedAt">When it was finished, if it is only now.</param>
    /// <param name="cancellationToken">Stops the requests.</param>
    public async Task FinishChunkAsync(ChunkId id, ChunkRow columns, DateTimeOffset finishedAt, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(columns);
        (columns.PartitionKey, columns.RowKey) = (id.Recording.Value, id.Key);
        while (true)
        {
            ChunkRow row = await _chunks.GetEntityAsync<ChunkRow>(id.Recording.Value, id.Key, cancellationToken: cancellationToken).ConfigureAwait(false);
            columns.FinishedAt = row.FinishedAt ?? finishedAt;
            try
            {
                await _chunks.UpdateEntityAsync(columns, row.ETag, TableUpdateMode.Merge, cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (RequestFailedException race) when (race.Status == 412)
            {
                // Another writer was faster: look again at what it wrote.
            }
        }
    }

    /// <summary>Writes into a chunk's row that it was given up, unless it was finished, or given up in this generation or a later one.</summary>
    /// <param name="id">The chunk.</param>
    /// <param name="failure">Reason, generation and time; the keys are set here.</param>
    /// <param name="cancellationToken">Stops the requests.</param>
    /// <returns>False when there is no such chunk, or no longer.</returns>
    public async Task<bool> FailChunkAsync(ChunkId id, ChunkRow failure, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(failure);
        (failure.PartitionKey, failure.RowKey) = (id.Recording.Value, id.Key);
        while (true)
        {
            if (await FindChunkAsync(id, cancellationToken).ConfigureAwait(false) is not { } row)
                return false;
            if (row.FinishedAt is not null || row.FailedGeneration >= failure.FailedGeneration)
                return true; // a late letter must not hide a newer one, and a repeated one keeps the first time: the summary depends on it
            try
            {
                await _chunks.UpdateEntityAsync(failure, row.ETag, TableUpdateMode.Merge, cancellationToken).ConfigureAwait(false);
                return true;
            }
            catch (RequestFailedException race) when (race.Status is 404 or 412)
            {
                // Another writer was faster: look again at what it wrote.
            }
        }
    }

    /// <summary>Merges one stage's columns into segment rows of one recording.</summary>
    /// <param name="rows">Any number.</param>
    /// <param name="cancellationToken">Stops between batches.</param>
    public async Task MergeSegmentsAsync(IEnumerable<TableEntity> rows, CancellationToken cancellationToken)
    {
        foreach (TableEntity[] batch in rows.Chunk(BatchRows))
        {
            await _segments.SubmitTransactionAsync(
                batch.Select(row => new TableTransactionAction(TableTransactionActionType.UpsertMerge, row)), cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Removes the chunk and segment rows of a rejected recording; what a retry writes meanwhile stays.</summary>
    /// <param name="id">The recording; if it is not, or no longer, rejected, nothing is removed.</param>
    /// <param name="cancellationToken">Stops between batches.</param>
    public async Task DeleteResultsAsync(RecordingId id, CancellationToken cancellationToken)
    {
        foreach (TableClient table in new[] { _segments, _chunks })
        {
            var rows = new List<TableEntity>();
            await foreach (TableEntity row in table.QueryAsync<TableEntity>(
                TableClient.CreateQueryFilter($"PartitionKey eq {id.Value}"), select: s_keys, cancellationToken: cancellationToken).ConfigureAwait(false))
            {
                rows.Add(row);
            }

            // A retry takes the status away before it writes: what is listed is the rejected run's, unless the status has gone or a row changes.
            if ((await FindRecordingAsync(id, cancellationToken).ConfigureAwait(false))?.Status != nameof(RecordingStatus.Rejected))
                return;
            foreach (TableEntity row in rows)
            {
                try
                {
                    // One by one: a transaction fails as a whole when another run has just deleted one of its rows.
                    await table.DeleteEntityAsync(row.PartitionKey, row.RowKey, row.ETag, cancellationToken).ConfigureAwait(false);
                }
                catch (RequestFailedException rewritten) when (rewritten.Status == 412)
                {
                    // A late stage will see the status and come here itself; a retry wants its row.
                }
            }
        }
    }

    private static bool MayFollow(RecordingRow row, int generation, RecordingStatus status)
    {
        int standing = row.Generation ?? 0;
        if (generation != standing)
            return generation > standing;
        RecordingStatus current = Enum.Parse<RecordingStatus>(row.Status ?? nameof(RecordingStatus.Queued));
        return current is RecordingStatus.Queued or RecordingStatus.Processing ? status >= current : status == current;
    }
}
