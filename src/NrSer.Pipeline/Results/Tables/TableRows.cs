using Azure.Data.Tables;

namespace NrSer.Pipeline.Results.Tables;

/// <summary>Rows of a table from and to what the program calls them, by their list of columns.</summary>
internal static class TableRows
{
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
}
