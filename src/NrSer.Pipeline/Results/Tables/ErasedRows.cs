using Azure;
using Azure.Data.Tables;

namespace NrSer.Pipeline.Results.Tables;

/// <summary>Deletes every row of recordings but their tombstones.</summary>
/// <param name="tables">The tables.</param>
public sealed class ErasedRows(ResultTables tables)
{
    private static readonly string[] s_keys = ["PartitionKey", "RowKey"];
    private static readonly string[] s_notes = [OpenWork.Unfinished, OpenWork.Retries, OpenWork.Audio];

    /// <summary>Deletes a recording's rows of chunks and segments, and what is noted of it.</summary>
    /// <param name="id">The recording.</param>
    /// <param name="cancellationToken">Stops between requests; call it again then.</param>
    /// <returns>How many there were.</returns>
    public async Task<int> DeleteAsync(RecordingId id, CancellationToken cancellationToken)
    {
        int deleted = 0;
        foreach (TableClient table in new[] { tables.Segments, tables.Chunks })
            deleted += await DeletePartitionAsync(table, id.Value, cancellationToken).ConfigureAwait(false);
        foreach (string partition in s_notes)
            deleted += await DeleteAsync(tables.OpenWork, partition, id.Value, cancellationToken).ConfigureAwait(false);
        return deleted + await DeleteAsync(tables.LakePending, LakeMarkers.Partition, id.Value, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Deletes a recording's own row.</summary>
    /// <param name="recording">As it was read; another stays.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    /// <returns>False when it has changed since.</returns>
    public async Task<bool> DeleteRowAsync(Recording recording, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(recording);
        try
        {
            await tables.Recordings.DeleteEntityAsync(recording.Id.Day, recording.Id.Value, new ETag(recording.Version!), cancellationToken)
                .ConfigureAwait(false);
            return true;
        }
        catch (RequestFailedException changed) when (changed.Status == 412)
        {
            return false;
        }
    }

    private static async Task<int> DeletePartitionAsync(TableClient table, string partition, CancellationToken cancellationToken)
    {
        int deleted = 0;
        await foreach (Page<TableEntity> page in table.QueryAsync<TableEntity>(
            TableClient.CreateQueryFilter($"PartitionKey eq {partition}"), select: s_keys, cancellationToken: cancellationToken).AsPages()
                .ConfigureAwait(false))
        {
            foreach (TableEntity[] batch in page.Values.Chunk(TableRows.BatchRows))
            {
                try
                {
                    await table.SubmitTransactionAsync(
                        batch.Select(row => new TableTransactionAction(TableTransactionActionType.Delete, row, ETag.All)), cancellationToken)
                        .ConfigureAwait(false);
                    deleted += batch.Length;
                }
                catch (RequestFailedException race) when (race.Status == 404)
                {
                    // A late stage took one of them back itself, and a transaction fails as a whole.
                    foreach (TableEntity row in batch)
                        deleted += await DeleteAsync(table, row.PartitionKey, row.RowKey, cancellationToken).ConfigureAwait(false);
                }
            }
        }

        return deleted;
    }

    private static async Task<int> DeleteAsync(TableClient table, string partition, string key, CancellationToken cancellationToken) =>
        (await table.DeleteEntityAsync(partition, key, ETag.All, cancellationToken).ConfigureAwait(false)).Status == 404 ? 0 : 1;
}
