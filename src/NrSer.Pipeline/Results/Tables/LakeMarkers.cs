using System.Runtime.CompilerServices;
using Azure;
using Azure.Data.Tables;

namespace NrSer.Pipeline.Results.Tables;

/// <summary>Which recordings have ended since the lake took them in: what keeps its cost to new work.</summary>
/// <param name="tables">The tables.</param>
public sealed class LakeMarkers(ResultTables tables)
{
    internal const string Partition = "pending";
    private const string Marked = nameof(Marked); // a row of keys alone keeps its ETag when it is merged

    /// <summary>Marks a recording that ends, or ended again.</summary>
    /// <param name="id">The recording.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    public Task MarkAsync(RecordingId id, CancellationToken cancellationToken) => tables.LakePending.UpsertEntityAsync(
        new TableEntity(Partition, id.Value) { [Marked] = true }, TableUpdateMode.Replace, cancellationToken);

    /// <summary>What is marked, in order of day and id.</summary>
    /// <param name="cancellationToken">Stops between pages.</param>
    public async IAsyncEnumerable<LakeMarker> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (TableEntity row in tables.LakePending.QueryAsync<TableEntity>(
            TableClient.CreateQueryFilter($"PartitionKey eq {Partition}"), cancellationToken: cancellationToken).ConfigureAwait(false))
        {
            if (RecordingId.TryParse(row.RowKey, out RecordingId id))
                yield return new LakeMarker(id, row.Timestamp ?? default, row.ETag.ToString());
        }
    }

    /// <summary>Takes marks away, but for those that were set again since they were listed.</summary>
    /// <param name="markers">From <see cref="ListAsync"/>.</param>
    /// <param name="cancellationToken">Stops between requests.</param>
    public async Task SettleAsync(IEnumerable<LakeMarker> markers, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(markers);
        foreach (LakeMarker marker in markers)
        {
            try
            {
                await tables.LakePending.DeleteEntityAsync(Partition, marker.Id.Value, new ETag(marker.ETag), cancellationToken)
                    .ConfigureAwait(false);
            }
            catch (RequestFailedException again) when (again.Status == 412)
            {
                // It ended once more: the next compaction looks at it again.
            }
        }
    }
}

/// <summary>A recording that the lake has yet to take in.</summary>
/// <param name="Id">The recording.</param>
/// <param name="MarkedAt">When it ended, by the service's clock.</param>
/// <param name="ETag">Tells this mark from a later one.</param>
public sealed record LakeMarker(RecordingId Id, DateTimeOffset MarkedAt, string ETag);
