using Azure;
using Azure.Data.Tables;
using NrSer.Pipeline.Chunks;
using NrSer.Pipeline.Storage;

namespace NrSer.Pipeline.Results.Tables;

/// <summary>Recordings, chunks and segments, with the rules by which rows may change.</summary>
/// <param name="tables">The tables.</param>
/// <param name="blobs">Segments in blobs.</param>
public sealed class RecordingStore(ResultTables tables, SegmentBlobs blobs) : RecordingQuery(tables, blobs)
{
    private static readonly string[] s_keys = ["PartitionKey", "RowKey"];

    private readonly ResultTables _tables = tables;
    private readonly SegmentBlobs _blobs = blobs;
    private readonly LakeMarkers _markers = new(tables);

    /// <summary>Which of the recordings have to be looked after.</summary>
    public OpenWork Open { get; } = new(tables);

    /// <summary>
    /// Moves a recording forward: writes what is not null, unless the row already stands further on. A higher generation stands further on
    /// than any status of a lower one.
    /// </summary>
    /// <param name="change">Which recording, whose doing this is (its generation), where to (its status), and the caller's own columns.</param>
    /// <param name="cancellationToken">Stops the requests.</param>
    /// <returns>False when the row stood further on and nothing was written.</returns>
    public async Task<bool> AdvanceAsync(Recording change, CancellationToken cancellationToken) =>
        await AdvanceAsync(change, standing: null, cancellationToken).ConfigureAwait(false) is not null;

    /// <inheritdoc cref="AdvanceAsync(Recording, CancellationToken)"/>
    /// <param name="change">As there.</param>
    /// <param name="standing">The row if the caller has just read it: it is read again only if it changed since.</param>
    /// <param name="cancellationToken">Stops the requests.</param>
    /// <returns>How the row stands now, as far as the rules go; null when it stood further on and nothing was written.</returns>
    public Task<Recording?> AdvanceAsync(Recording change, Recording? standing, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(change);
        return ChangeAsync(change, standing, row => MayFollow(row, change.Generation, change.Status), cancellationToken);
    }

    /// <summary>The same for a recording that was never seen: its row is looked at only if there is one.</summary>
    /// <param name="change">As for <see cref="AdvanceAsync(Recording, CancellationToken)"/>.</param>
    /// <param name="cancellationToken">Stops the requests.</param>
    /// <returns>As there.</returns>
    public async Task<bool> AddAsync(Recording change, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(change);
        return await ChangeAsync(change, standing: null, row => MayFollow(row, change.Generation, change.Status), cancellationToken, isNew: true)
            .ConfigureAwait(false) is not null;
    }

    /// <summary>Begins a generation: the same as to advance, but for one caller alone, however many try.</summary>
    /// <param name="change">As for <see cref="AdvanceAsync(Recording, CancellationToken)"/>.</param>
    /// <param name="cancellationToken">Stops the requests.</param>
    /// <returns>How the row stands now; null when another began this generation or a later one.</returns>
    public Task<Recording?> BeginGenerationAsync(Recording change, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(change);
        return ChangeAsync(change, standing: null, row => change.Generation > row.Generation, cancellationToken);
    }

    /// <summary>Asks Sweep to start recordings again.</summary>
    /// <param name="ids">Recordings with a row that have ended.</param>
    /// <param name="cancellationToken">Stops between batches.</param>
    public async Task RequestRetryAsync(IReadOnlyCollection<RecordingId> ids, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(ids);
        await Open.AddAsync(OpenWork.Retries, ids, cancellationToken).ConfigureAwait(false); // first where Sweep looks, then what it finds
        var asked = new TableEntity
        {
            [nameof(Recording.RetryRequested)] = true, [nameof(Recording.IsDismissed)] = false, [nameof(Recording.FailedRuns)] = 0,
        };
        await _tables.Recordings.MergeManyAsync(
            ids, id => new TableEntity(asked) { PartitionKey = id.Day, RowKey = id.Value }, cancellationToken).ConfigureAwait(false);
        // Again: whoever ended an earlier request may have taken this one's for it.
        await Open.AddAsync(OpenWork.Retries, ids, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Says that a recording was started again, or cannot be; a request that came since stays.</summary>
    /// <param name="id">A recording with a row.</param>
    /// <param name="begun">The row as it began again; null where it cannot.</param>
    /// <param name="cancellationToken">Stops the requests.</param>
    public async Task EndRetryRequestAsync(RecordingId id, Recording? begun, CancellationToken cancellationToken)
    {
        await Open.RemoveAsync(OpenWork.Retries, id, cancellationToken).ConfigureAwait(false);
        var ended = new TableEntity(id.Day, id.Value) { [nameof(Recording.RetryRequested)] = false };
        Recording? row = begun;
        while (await _tables.Recordings.TryMergeAsync(ended, begun is null ? ETag.All : new ETag(row!.Version!), cancellationToken)
            .ConfigureAwait(false) is null)
        {
            row = await FindAsync(id, cancellationToken).ConfigureAwait(false);
            if (row?.RetryRequested != true)
                return; // whoever reads the upload has ended it
            if (row.Status == RecordingStatus.Queued && row.Generation == begun?.Generation)
                continue; // nobody has, and what was asked for twice is done once
            await Open.AddAsync(OpenWork.Retries, [id], cancellationToken).ConfigureAwait(false);
            return;
        }
    }

    /// <summary>Says that somebody has seen that recordings ended badly, and lets them be.</summary>
    /// <param name="ids">Recordings with a row.</param>
    /// <param name="cancellationToken">Stops between batches.</param>
    public Task DismissAsync(IReadOnlyCollection<RecordingId> ids, CancellationToken cancellationToken) => _tables.Recordings.MergeManyAsync(
        ids, id => new TableEntity(id.Day, id.Value) { [nameof(Recording.IsDismissed)] = true }, cancellationToken);

    /// <summary>Merges one stage's columns into a chunk's row.</summary>
    /// <param name="change">The stage's own columns.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    public Task MergeChunkAsync(Chunk change, CancellationToken cancellationToken) =>
        _tables.Chunks.UpsertEntityAsync(EntityOf(change), TableUpdateMode.Merge, cancellationToken);

    /// <summary>Merges columns into a chunk's row and ends the chunk, unless it was ended before: the summary's time depends on it, so the first
    /// stays.</summary>
    /// <param name="change">The stage's own columns of a chunk with a row, with the time of its end if it is only now.</param>
    /// <param name="standing">The row if the caller has read it: it is read again only if it changed since.</param>
    /// <param name="cancellationToken">Stops the requests.</param>
    /// <returns>False when there is no such chunk any more, or one that was not enhanced.</returns>
    public async Task<bool> FinishChunkAsync(Chunk change, Chunk? standing, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(change);
        while (true)
        {
            standing ??= await FindChunkAsync(change.Id, cancellationToken).ConfigureAwait(false);
            if (standing is null || (standing.EnhancedAt ?? change.EnhancedAt) is null)
                return false; // another generation's, which has not come so far
            Chunk finished = change with { FinishedAt = standing.FinishedAt ?? change.FinishedAt };
            if (await _tables.Chunks.TryMergeAsync(EntityOf(finished), new ETag(standing.Version!), cancellationToken)
                .ConfigureAwait(false) is not null)
                return true;
            standing = null;
        }
    }

    /// <summary>Writes into a chunk's row that it was given up, unless it was finished, or given up in this generation or a later one.</summary>
    /// <param name="failure">Reason, generation and time.</param>
    /// <param name="cancellationToken">Stops the requests.</param>
    /// <returns>False when there is no such chunk, or no longer.</returns>
    public async Task<bool> FailChunkAsync(Chunk failure, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(failure);
        while (true)
        {
            if (await FindEntityAsync(_tables.Chunks, failure.Id.Recording.Value, failure.Id.Key, cancellationToken)
                .ConfigureAwait(false) is not { } row)
                return false;
            Chunk chunk = ChunkOf(row, failure.Id);
            if (chunk.FinishedAt is not null || chunk.FailedGeneration >= failure.FailedGeneration)
                return true; // a late letter must not hide a newer one, and a repeated one keeps the first time: the summary depends on it
            if (await _tables.Chunks.TryMergeAsync(EntityOf(failure), row.ETag, cancellationToken).ConfigureAwait(false) is not null)
                return true;
        }
    }

    /// <summary>Takes back that a chunk was enhanced and finished: what was made of it is gone.</summary>
    /// <param name="chunk">Its row as it was read; one that has changed since stays.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    public Task ReopenChunkAsync(Chunk chunk, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(chunk);
        var cut = new Chunk { Id = chunk.Id, StartSample = chunk.StartSample, Samples = chunk.Samples };
        return TableRows.TryWriteAsync(_tables.Chunks, EntityOf(cut), chunk.Version, cancellationToken);
    }

    /// <summary>Merges one stage's columns into a chunk's segments: into its blob, and from there into the table where the recording has
    /// them.</summary>
    /// <param name="chunk">The chunk.</param>
    /// <param name="where">Where its recording's row says that segments stand.</param>
    /// <param name="segments">Some or all of its segments.</param>
    /// <param name="owner">The stage: no other column is written.</param>
    /// <param name="cancellationToken">Stops between requests.</param>
    public async Task MergeSegmentsAsync(
        ChunkId chunk, SegmentStore? where, IReadOnlyCollection<Segment> segments, Stage owner, CancellationToken cancellationToken)
    {
        if (where is not null)
            await _blobs.MergeAsync(chunk, segments, owner, cancellationToken).ConfigureAwait(false);
        if (where != SegmentStore.Blob)
            await MergeSegmentsAsync(segments, owner, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Fills the table with the segments of a recording that had them in blobs alone.</summary>
    /// <param name="recording">It has ended.</param>
    /// <param name="cancellationToken">Stops between batches; call it again then.</param>
    /// <returns>How many segments.</returns>
    public async Task<int> ProjectAsync(Recording recording, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(recording);
        List<Segment> segments = await _blobs.ReadAsync(recording, cancellationToken).ToListAsync(cancellationToken).ConfigureAwait(false);
        await MergeSegmentsAsync(segments, owner: null, cancellationToken).ConfigureAwait(false);
        await _markers.MarkAsync(recording.Id, cancellationToken).ConfigureAwait(false); // its row in the lake says where they are
        await _tables.Recordings.UpdateEntityAsync(
            new TableEntity(recording.Id.Day, recording.Id.Value) { [nameof(Recording.SegmentStore)] = nameof(SegmentStore.Table) }, ETag.All,
            TableUpdateMode.Merge, cancellationToken).ConfigureAwait(false);
        await DeleteResultsAsync(recording.Id, cancellationToken).ConfigureAwait(false); // if it was forgotten meanwhile
        return segments.Count;
    }

    /// <summary>Merges one stage's columns into the table's segment rows.</summary>
    /// <param name="segments">Any number, of one recording.</param>
    /// <param name="owner">The stage: no other column is written; null for all.</param>
    /// <param name="cancellationToken">Stops between batches.</param>
    internal async Task MergeSegmentsAsync(IEnumerable<Segment> segments, Stage? owner, CancellationToken cancellationToken)
    {
        foreach (Segment[] batch in segments.Chunk(TableRows.BatchRows))
        {
            await _tables.Segments.SubmitTransactionAsync(
                batch.Select(segment => new TableTransactionAction(
                    TableTransactionActionType.UpsertMerge,
                    TableRows.ToEntity(SegmentColumns.All, segment, segment.RecordingId.Value, segment.Key, owner))),
                cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Removes the chunk and segment rows of a void recording; what a retry writes meanwhile stays.</summary>
    /// <param name="id">The recording; if it is not, or no longer, void, nothing is removed.</param>
    /// <param name="cancellationToken">Stops between batches.</param>
    public async Task DeleteResultsAsync(RecordingId id, CancellationToken cancellationToken)
    {
        List<ListedBlob> written = await _blobs.ListAsync(id, cancellationToken).ToListAsync(cancellationToken).ConfigureAwait(false);
        if ((await FindAsync(id, cancellationToken).ConfigureAwait(false))?.Status.IsVoid() != true)
            return;
        foreach (ListedBlob blob in written)
            await blob.DeleteAsync(cancellationToken).ConfigureAwait(false);
        foreach (TableClient table in new[] { _tables.Segments, _tables.Chunks })
        {
            var rows = new List<TableEntity>();
            await foreach (TableEntity row in table.QueryAsync<TableEntity>(
                TableClient.CreateQueryFilter($"PartitionKey eq {id.Value}"), select: s_keys, cancellationToken: cancellationToken)
                    .ConfigureAwait(false))
            {
                rows.Add(row);
            }

            // A retry takes the status away before it writes: what is listed is the void run's, unless the status has gone or a row changes.
            if ((await FindAsync(id, cancellationToken).ConfigureAwait(false))?.Status.IsVoid() != true)
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

    private static bool MayFollow(Recording row, int generation, RecordingStatus status) =>
        generation != row.Generation ? generation > row.Generation
        : row.Status.IsOpen() ? status >= row.Status
        : status == row.Status;

    private static TableEntity EntityOf(Chunk chunk) => TableRows.ToEntity(ChunkColumns.All, chunk, chunk.Id.Recording.Value, chunk.Id.Key);

    /// <summary>Merges a change into a recording's row if the row allows it, or adds the row.</summary>
    private async Task<Recording?> ChangeAsync(
        Recording change, Recording? standing, Func<Recording, bool> allowed, CancellationToken cancellationToken, bool isNew = false)
    {
        TableEntity columns = TableRows.ToEntity(RecordingColumns.All, change, change.Id.Day, change.Id.Value);
        bool hasTried = false;
        while (true)
        {
            if (!isNew || hasTried)
                standing ??= await FindAsync(change.Id, cancellationToken).ConfigureAwait(false);
            if (hasTried && standing is { Status: RecordingStatus.Forgotten }) // since it was noted here
            {
                await Open.CloseAsync(change.Id, cancellationToken).ConfigureAwait(false);
                await _tables.LakePending.DeleteEntityAsync(LakeMarkers.Partition, change.Id.Value, ETag.All, cancellationToken)
                    .ConfigureAwait(false);
            }

            if (standing is not null && (standing.Status == RecordingStatus.Forgotten || !allowed(standing)))
                return null;
            if (!change.Status.IsOpen()) // before the row: dying in between leaves a mark too many, not one too few
                await _markers.MarkAsync(change.Id, cancellationToken).ConfigureAwait(false);
            bool wasOpen = standing?.Status.IsOpen() == true;
            if (change.Status.IsOpen() && !wasOpen) // before the row, so that it is never forgotten
                await Open.AddAsync(OpenWork.Unfinished, [change.Id], cancellationToken).ConfigureAwait(false);
            string? version = standing is null
                ? await _tables.Recordings.TryAddAsync(columns, cancellationToken).ConfigureAwait(false)
                : await _tables.Recordings.TryMergeAsync(columns, new ETag(standing.Version!), cancellationToken).ConfigureAwait(false);
            if (version is not null)
            {
                if (wasOpen && !change.Status.IsOpen())
                    await Open.CloseAsync(change.Id, cancellationToken).ConfigureAwait(false);
                return (standing ?? change) with { Status = change.Status, Generation = change.Generation, Version = version };
            }

            (standing, hasTried) = (null, true);
        }
    }
}
