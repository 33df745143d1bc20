using System.Runtime.CompilerServices;
using Parquet;
using Parquet.Schema;

namespace NrSer.Pipeline.Results;

/// <summary>Segments as Parquet: every column of <see cref="SegmentColumns"/>, always; single-precision numbers as double, as in tables.</summary>
public static class SegmentParquet
{
    private static readonly (Column<Segment> Column, DataField Field)[] s_columns =
        [.. SegmentColumns.All.Select(column => (column, FieldOf(column)))];

    /// <summary>What every file looks like.</summary>
    public static ParquetSchema Schema { get; } = new([.. s_columns.Select(column => column.Field)]);

    /// <summary>Writes segments of any recordings; the same segments give the same bytes.</summary>
    /// <param name="segments">In order.</param>
    /// <param name="file">Receives the file; must be able to seek. Stays open.</param>
    /// <param name="cancellationToken">Stops between columns.</param>
    public static async Task WriteAsync(IReadOnlyList<Segment> segments, Stream file, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(segments);
        ParquetWriter writer = await ParquetWriter.CreateAsync(Schema, file, cancellationToken: cancellationToken).ConfigureAwait(false);
        await using ConfiguredAsyncDisposable closing = writer.ConfigureAwait(false);
        using ParquetRowGroupWriter group = writer.CreateRowGroup();
        foreach ((Column<Segment> column, DataField field) in s_columns)
        {
            Type type = column.Type;
            Task writing =
                type == typeof(string) ? group.WriteAsync(field, [.. segments.Select(segment => (string?)column.ValueOf(segment))!])
                : type == typeof(int) ? WriteAsync<int>(segment => (int?)column.ValueOf(segment))
                : type == typeof(bool) ? WriteAsync<bool>(segment => (bool?)column.ValueOf(segment))
                : WriteAsync<double>(segment => column.ValueOf(segment) is { } number ? Convert.ToDouble(number) : null);
            await writing.ConfigureAwait(false);

            Task WriteAsync<T>(Func<Segment, T?> value)
                where T : struct => field.IsNullable
                    ? group.WriteAsync<T>(field, segments.Select(value).ToArray(), cancellationToken: cancellationToken)
                    : group.WriteAsync<T>(field, segments.Select(segment => value(segment)!.Value).ToArray(), cancellationToken: cancellationToken);
        }
    }

    private static DataField FieldOf(Column<Segment> column) => column.Type switch
    {
        Type type when type == typeof(string) => new DataField<string>(column.Name, column.IsNullable),
        Type type when type == typeof(float) || type == typeof(double) => new DataField(column.Name, typeof(double), column.IsNullable),
        Type type when type == typeof(int) || type == typeof(bool) => new DataField(column.Name, type, column.IsNullable),
        Type type => throw new NotSupportedException($"Column {column.Name} holds a {type.Name}, which has no form in Parquet yet."),
    };
}
