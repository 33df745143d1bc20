using System.Runtime.CompilerServices;
using Azure;
using Azure.Data.Tables;

namespace NrSer.Pipeline.Results.Tables;

/// <summary>Which recordings somebody has to look after, so that nobody reads through all of them.</summary>
/// <param name="tables">The tables.</param>
public sealed class OpenWork(ResultTables tables)
{
    /// <summary>Partition of the recordings that have begun and not ended.</summary>
    internal const string Unfinished = "unfinished";

    /// <summary>Partition of the recordings that somebody asked to start again.</summary>
    internal const string Retries = "retries";

    /// <summary>Partition of the recordings whose work audio is done with and still there.</summary>
    internal const string Audio = "audio";

    private const string Reconciliation = "reconciliation"; // partition and key of one row

    private readonly TableClient _table = tables.OpenWork;

    /// <summary>Recordings that somebody asked to start again.</summary>
    /// <param name="cancellationToken">Stops between pages.</param>
    public IAsyncEnumerable<RecordingId> RetriesAsync(CancellationToken cancellationToken) => ListAsync(Retries, before: null, cancellationToken);

    /// <summary>Recordings that began before a given time and have not ended, as far as is known.</summary>
    /// <param name="before">The time.</param>
    /// <param name="cancellationToken">Stops between pages.</param>
    public IAsyncEnumerable<RecordingId> UnfinishedAsync(DateTimeOffset before, CancellationToken cancellationToken) =>
        ListAsync(Unfinished, before, cancellationToken);

    /// <summary>How many recordings have not ended, as far as that matters.</summary>
    /// <param name="most">Counting stops there.</param>
    /// <param name="cancellationToken">Stops between pages.</param>
    public ValueTask<int> CountUnfinishedAsync(int most, CancellationToken cancellationToken) =>
        UnfinishedAsync(DateTimeOffset.MaxValue, cancellationToken).Take(most).CountAsync(cancellationToken);

    /// <summary>Takes note that a recording has ended, should whoever ended it have died before it did.</summary>
    /// <param name="id">A recording that has ended, or has no row.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    public Task CloseAsync(RecordingId id, CancellationToken cancellationToken) => RemoveAsync(Unfinished, id, cancellationToken);

    /// <summary>Takes note of a recording that has not ended, should nobody have.</summary>
    /// <param name="recording">Its row.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    public async Task ReopenAsync(Recording recording, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(recording);
        if (recording.Status.IsOpen())
            await AddAsync(Unfinished, [recording.Id], cancellationToken).ConfigureAwait(false);
        if (recording.RetryRequested == true)
            await AddAsync(Retries, [recording.Id], cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Remembers how much work audio a recording has.</summary>
    /// <param name="id">The recording.</param>
    /// <param name="bytes">Its size.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    public Task NoteAudioAsync(RecordingId id, long bytes, CancellationToken cancellationToken) => _table.UpsertEntityAsync(
        new TableEntity(Audio, id.Value) { [nameof(NotedAudio.Bytes)] = bytes }, TableUpdateMode.Replace, cancellationToken);

    /// <summary>Work audio that is there, in no order of use.</summary>
    /// <param name="cancellationToken">Stops between pages.</param>
    public async IAsyncEnumerable<NotedAudio> AudioAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (TableEntity row in _table
            .QueryAsync<TableEntity>(TableClient.CreateQueryFilter($"PartitionKey eq {Audio}"), cancellationToken: cancellationToken)
                .ConfigureAwait(false))
        {
            if (RecordingId.TryParse(row.RowKey, out RecordingId id))
                yield return new NotedAudio(id, row.GetInt64(nameof(NotedAudio.Bytes)) ?? 0, row.Timestamp ?? default);
        }
    }

    /// <summary>Says that a recording's work audio is gone.</summary>
    /// <param name="id">The recording.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    public Task ForgetAudioAsync(RecordingId id, CancellationToken cancellationToken) => RemoveAsync(Audio, id, cancellationToken);

    /// <summary>How far the last look through everything came.</summary>
    /// <param name="cancellationToken">Stops the request.</param>
    public async Task<ReconciliationState> ReconciliationAsync(CancellationToken cancellationToken)
    {
        NullableResponse<TableEntity> row = await _table
            .GetEntityIfExistsAsync<TableEntity>(Reconciliation, Reconciliation, cancellationToken: cancellationToken).ConfigureAwait(false);
        return row.HasValue
            ? new ReconciliationState(row.Value!.GetDateTimeOffset(nameof(ReconciliationState.CompletedAt)),
                row.Value.GetString(nameof(ReconciliationState.Continuation)))
            : new ReconciliationState(CompletedAt: null, Continuation: null);
    }

    /// <summary>Remembers how far it came.</summary>
    /// <param name="state">That.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    public Task WriteReconciliationAsync(ReconciliationState state, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(state);
        var row = new TableEntity(Reconciliation, Reconciliation)
        {
            [nameof(state.CompletedAt)] = state.CompletedAt,
            [nameof(state.Continuation)] = state.Continuation,
        };
        return _table.UpsertEntityAsync(row, TableUpdateMode.Replace, cancellationToken);
    }

    internal async Task AddAsync(string partition, IReadOnlyCollection<RecordingId> ids, CancellationToken cancellationToken)
    {
        foreach (TableEntity[] batch in ids.Select(id => new TableEntity(partition, id.Value)).Chunk(TableRows.BatchRows))
        {
            if (batch is [var row])
                await _table.UpsertEntityAsync(row, TableUpdateMode.Replace, cancellationToken).ConfigureAwait(false);
            else
                await _table.SubmitTransactionAsync(
                    batch.Select(row => new TableTransactionAction(TableTransactionActionType.UpsertReplace, row)), cancellationToken)
                    .ConfigureAwait(false);
        }
    }

    /// <summary>Removes one that may not be there.</summary>
    internal Task RemoveAsync(string partition, RecordingId id, CancellationToken cancellationToken) =>
        _table.DeleteEntityAsync(partition, id.Value, ETag.All, cancellationToken);

    private async IAsyncEnumerable<RecordingId> ListAsync(
        string partition, DateTimeOffset? before, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string filter = TableClient.CreateQueryFilter($"PartitionKey eq {partition}");
        if (before is { } time)
            filter += TableClient.CreateQueryFilter($" and Timestamp lt {time}");
        await foreach (TableEntity row in _table.QueryAsync<TableEntity>(filter, cancellationToken: cancellationToken).ConfigureAwait(false))
        {
            if (RecordingId.TryParse(row.RowKey, out RecordingId id))
                yield return id;
        }
    }
}

/// <summary>Work audio that may go when its recording has ended.</summary>
/// <param name="Id">Of this recording.</param>
/// <param name="Bytes">Its size.</param>
/// <param name="NotedAt">When the recording was cut, or its audio was made once more.</param>
public sealed record NotedAudio(RecordingId Id, long Bytes, DateTimeOffset NotedAt);

/// <summary>How far a look through everything has come.</summary>
/// <param name="CompletedAt">When the last one ended; null before the first.</param>
/// <param name="Continuation">Page at which the one under way goes on; null where none is.</param>
public sealed record ReconciliationState(DateTimeOffset? CompletedAt, string? Continuation);
