using Azure;
using Azure.Data.Tables;

namespace NrSer.Pipeline.Results.Tables;

/// <summary>Rows of a table from and to what the program calls them, by their list of columns.</summary>
internal static class TableRows
{
    /// <summary>The service's limit for one transaction.</summary>
    public const int BatchRows = 100;

    /// <summary>The columns of a row that are not null and belong to a stage: what a merge writes, so that each stage merges only its own.</summary>
    /// <param name="columns">All columns.</param>
    /// <param name="row">The row.</param>
    /// <param name="partition">Its PartitionKey.</param>
    /// <param name="key">Its RowKey.</param>
    /// <param name="owner">The stage; null for every column.</param>
    public static TableEntity ToEntity<TRow>(IReadOnlyList<Column<TRow>> columns, TRow row, string partition, string key, Stage? owner = null)
    {
        var entity = new TableEntity(partition, key);
        foreach (Column<TRow> column in columns)
        {
            if (!column.IsKey && (owner is not { } stage || column.Owners.HasFlag(stage)) && column.ValueOf(row) is { } value)
                // the service has no other types
                entity[column.Name] = value is float number ? (double)number : value is Enum name ? name.ToString() : value;
        }

        return entity;
    }

    /// <summary>A stored row. What it lacks keeps the value that it has in <paramref name="row"/>.</summary>
    /// <param name="columns">All columns.</param>
    /// <param name="entity">As the table holds it.</param>
    /// <param name="row">Holds what the keys say.</param>
    public static TRow FromEntity<TRow>(IReadOnlyList<Column<TRow>> columns, TableEntity entity, TRow row)
    {
        foreach (Column<TRow> column in columns)
        {
            if (!column.IsKey && entity.TryGetValue(column.Name, out object? value) && value is not null)
                row = column.With(row, value);
        }

        return row;
    }

    /// <summary>Adds a row.</summary>
    /// <returns>Its version; null when another writer was faster: look again at what it wrote.</returns>
    public static async Task<string?> TryAddAsync(this TableClient table, TableEntity row, CancellationToken cancellationToken)
    {
        try
        {
            Response added = await table.AddEntityAsync(row, cancellationToken).ConfigureAwait(false);
            return added.Headers.ETag?.ToString();
        }
        catch (RequestFailedException race) when (race.Status == 409)
        {
            return null;
        }
    }

    /// <summary>Merges columns into a row that is as it was seen.</summary>
    /// <returns>Its version; null when another writer was faster: look again at what it wrote.</returns>
    public static async Task<string?> TryMergeAsync(this TableClient table, TableEntity columns, ETag seen, CancellationToken cancellationToken)
    {
        try
        {
            Response merged = await table.UpdateEntityAsync(columns, seen, TableUpdateMode.Merge, cancellationToken).ConfigureAwait(false);
            return merged.Headers.ETag?.ToString();
        }
        catch (RequestFailedException race) when (race.Status is 404 or 412)
        {
            return null;
        }
    }

    /// <summary>Merges something into the rows of many recordings, a day at a time.</summary>
    /// <exception cref="RequestFailedException">One has no row (404); those before it are written.</exception>
    public static async Task MergeManyAsync(
        this TableClient table, IReadOnlyCollection<RecordingId> ids, Func<RecordingId, TableEntity> change, CancellationToken cancellationToken)
    {
        foreach (RecordingId[] batch in ids.GroupBy(id => id.Day, StringComparer.Ordinal).SelectMany(day => day.Chunk(BatchRows)))
        {
            await table.SubmitTransactionAsync(
                batch.Select(id => new TableTransactionAction(TableTransactionActionType.UpdateMerge, change(id), ETag.All)), cancellationToken)
                    .ConfigureAwait(false);
        }
    }

    /// <summary>A row, or null.</summary>
    public static async Task<TableEntity?> FindAsync(TableClient table, string partition, string key, CancellationToken cancellationToken)
    {
        NullableResponse<TableEntity> found = await table.GetEntityIfExistsAsync<TableEntity>(partition, key, cancellationToken: cancellationToken)
            .ConfigureAwait(false);
        return found.HasValue ? found.Value : null;
    }

    /// <summary>Writes a row that is new, or is as it was.</summary>
    /// <returns>The row's new version; null when it is not as it was.</returns>
    public static async Task<string?> TryWriteAsync(TableClient table, TableEntity row, string? version, CancellationToken cancellationToken)
    {
        try
        {
            Response written = version is null
                ? await table.AddEntityAsync(row, cancellationToken).ConfigureAwait(false)
                : await table.UpdateEntityAsync(row, new ETag(version), TableUpdateMode.Replace, cancellationToken).ConfigureAwait(false);
            return written.Headers.ETag?.ToString();
        }
        catch (RequestFailedException race) when (race.ErrorCode is "EntityAlreadyExists" or "UpdateConditionNotSatisfied" or "ResourceNotFound")
        {
            return null;
        }
    }
}
