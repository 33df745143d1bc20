using System.Runtime.CompilerServices;
using Azure;
using Azure.Data.Tables;

namespace NrSer.Pipeline.Results.Tables;

/// <summary>Which recordings somebody has to look after, so that nobody reads through all of them.</summary>
internal static class OpenWork
{
    /// <summary>Partition of the recordings that have begun and not ended.</summary>
    public const string Unfinished = "unfinished";

    /// <summary>Partition of the recordings that somebody asked to start again.</summary>
    public const string Retries = "retries";

    /// <summary>Partition of the recordings whose work audio is done with and still there.</summary>
    public const string Audio = "audio";

    private const string Reconciliation = "reconciliation"; // partition and key of one row

    public static async Task AddAsync(ResultTables tables, string partition, IReadOnlyList<RecordingId> ids, CancellationToken cancellationToken)
    {
        if (ids.Count == 1)
        {
            await tables.OpenWork.UpsertEntityAsync(new TableEntity(partition, ids[0].Value), TableUpdateMode.Replace, cancellationToken)
                .ConfigureAwait(false);
            return;
        }

        await tables.OpenWork.SubmitTransactionAsync(
            ids.Select(id => new TableTransactionAction(TableTransactionActionType.UpsertReplace, new TableEntity(partition, id.Value))),
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Removes one that may not be there.</summary>
    public static Task RemoveAsync(ResultTables tables, string partition, RecordingId id, CancellationToken cancellationToken) =>
        tables.OpenWork.DeleteEntityAsync(partition, id.Value, ETag.All, cancellationToken);

    public static async IAsyncEnumerable<RecordingId> ListAsync(
        ResultTables tables, string partition, DateTimeOffset? before, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string filter = TableClient.CreateQueryFilter($"PartitionKey eq {partition}");
        if (before is { } time)
            filter += TableClient.CreateQueryFilter($" and Timestamp lt {time}");
        await foreach (TableEntity row in tables.OpenWork.QueryAsync<TableEntity>(filter, cancellationToken: cancellationToken).ConfigureAwait(false))
        {
            if (RecordingId.TryParse(row.RowKey, out RecordingId id))
                yield return id;
        }
    }

    public static Task NoteAudioAsync(ResultTables tables, RecordingId id, long bytes, CancellationToken cancellationToken) =>
        tables.OpenWork.UpsertEntityAsync(
            new TableEntity(Audio, id.Value) { [nameof(NotedAudio.Bytes)] = bytes }, TableUpdateMode.Replace, cancellationToken);

    public static async IAsyncEnumerable<NotedAudio> AudioAsync(ResultTables tables, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (TableEntity row in tables.OpenWork
            .QueryAsync<TableEntity>(TableClient.CreateQueryFilter($"PartitionKey eq {Audio}"), cancellationToken: cancellationToken)
                .ConfigureAwait(false))
        {
            if (RecordingId.TryParse(row.RowKey, out RecordingId id))
                yield return new NotedAudio(id, row.GetInt64(nameof(NotedAudio.Bytes)) ?? 0, row.Timestamp ?? default);
        }
    }

    public static async Task<ReconciliationState> ReadStateAsync(ResultTables tables, CancellationToken cancellationToken)
    {
        NullableResponse<TableEntity> row = await tables.OpenWork
            .GetEntityIfExistsAsync<TableEntity>(Reconciliation, Reconciliation, cancellationToken: cancellationToken).ConfigureAwait(false);
        return row.HasValue
            ? new ReconciliationState(row.Value!.GetDateTimeOffset(nameof(ReconciliationState.CompletedAt)),
                row.Value.GetString(nameof(ReconciliationState.Continuation)))
            : new ReconciliationState(CompletedAt: null, Continuation: null);
    }

    public static Task WriteStateAsync(ResultTables tables, ReconciliationState state, CancellationToken cancellationToken)
    {
        var row = new TableEntity(Reconciliation, Reconciliation)
        {
            [nameof(state.CompletedAt)] = state.CompletedAt,
            [nameof(state.Continuation)] = state.Continuation,
        };
        return tables.OpenWork.UpsertEntityAsync(row, TableUpdateMode.Replace, cancellationToken);
    }
}

/// <summary>Work audio that is done with.</summary>
/// <param name="Id">Of this recording.</param>
/// <param name="Bytes">Its size.</param>
/// <param name="NotedAt">When the recording was completed.</param>
public sealed record NotedAudio(RecordingId Id, long Bytes, DateTimeOffset NotedAt);

/// <summary>How far a look through everything has come.</summary>
/// <param name="CompletedAt">When the last one ended; null before the first.</param>
/// <param name="Continuation">Page at which the one under way goes on; null where none is.</param>
public sealed record ReconciliationState(DateTimeOffset? CompletedAt, string? Continuation);
