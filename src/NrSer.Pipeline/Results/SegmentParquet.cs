using System.Runtime.CompilerServices;
using Parquet;
using Parquet.Schema;

namespace NrSer.Pipeline.Results;

/// <summary>Segments as Parquet: every column of <see cref="SegmentColumns"/>, always; single-precision numbers as double, as in tables.</summary>
public static class SegmentParquet
{
    /// <summary>Rows of a row group: the unit that readers skip or read.</summary>
    public const int RowGroupRows = 131_072; // 2^17: about what Parquet's authors and DuckDB advise, 10^5 to 10^6 values a column

    private const int StreamedRows = RowGroupRows / 4; // held as objects while it fills, and once more by column: what writing takes of memory

    private static readonly (Column<Segment> Column, DataField Field)[] s_columns =
        [.. SegmentColumns.All.Select(column => (column, FieldOf(column)))];

    /// <summary>What every file looks like.</summary>
    public static ParquetSchema Schema { get; } = new([.. s_columns.Select(column => column.Field)]);

    /// <summary>Writes segments of any recordings; the same segments give the same bytes.</summary>
    /// <param name="segments">In order.</param>
    /// <param name="file">Receives the file; must be able to seek. Stays open.</param>
    /// <param name="cancellationToken">Stops between columns.</param>
    public static async Task WriteAsync(IReadOnlyCollection<Segment> segments, Stream file, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(segments);
        ParquetWriter writer = await ParquetWriter.CreateAsync(Schema, file, cancellationToken: cancellationToken).ConfigureAwait(false);
        await using ConfiguredAsyncDisposable closing = writer.ConfigureAwait(false);
        await WriteGroupAsync(writer, segments, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Writes any number of segments, of which a quarter of the lake's row group is held at a time.</summary>
    /// <param name="segments">In order.</param>
    /// <param name="file">Receives the file; must be able to seek. Stays open.</param>
    /// <param name="cancellationToken">Stops between rows and columns.</param>
    /// <returns>How many there were.</returns>
    public static async Task<long> WriteAsync(IAsyncEnumerable<Segment> segments, Stream file, CancellationToken cancellationToken)
    {
        ParquetWriter writer = await ParquetWriter.CreateAsync(Schema, file, cancellationToken: cancellationToken).ConfigureAwait(false);
        await using ConfiguredAsyncDisposable closing = writer.ConfigureAwait(false);
        long count = 0;
        await foreach (Segment[] group in segments.Chunk(StreamedRows).WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            await WriteGroupAsync(writer, group, cancellationToken).ConfigureAwait(false);
            count += group.Length;
        }

        if (count == 0)
            await WriteGroupAsync(writer, [], cancellationToken).ConfigureAwait(false);
        return count;
    }

    /// <summary>Reads a file's segments, a row group of which is held at a time.</summary>
    /// <param name="file">Of one recording; must be able to seek. Stays open.</param>
    /// <param name="id">The recording.</param>
    /// <param name="cancellationToken">Stops between columns.</param>
    public static async IAsyncEnumerable<Segment> ReadAsync(
        Stream file, RecordingId id, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ParquetReader reader = await ParquetReader.CreateAsync(file, cancellationToken: cancellationToken).ConfigureAwait(false);
        await using ConfiguredAsyncDisposable closing = reader.ConfigureAwait(false);
        Dictionary<string, DataField> fields = reader.Schema.GetDataFields().ToDictionary(field => field.Name, StringComparer.Ordinal);
        for (int number = 0; number < reader.RowGroupCount; number++)
        {
            using ParquetRowGroupReader group = reader.OpenRowGroupReader(number);
            var rows = new Segment[group.RowCount];
            Array.Fill(rows, new Segment { RecordingId = id });
            foreach (Column<Segment> column in SegmentColumns.All)
            {
                if (column.IsKey || !fields.TryGetValue(column.Name, out DataField? field)) // what an earlier version did not write
                    continue;
                object?[] values = await ValuesAsync(group, field, cancellationToken).ConfigureAwait(false);
                for (int row = 0; row < rows.Length; row++)
                    rows[row] = values[row] is { } value ? column.With(rows[row], value) : rows[row];
            }

            foreach (Segment row in rows)
                yield return row;
        }
    }

    private static async Task<object?[]> ValuesAsync(ParquetRowGroupReader group, DataField field, CancellationToken cancellationToken)
    {
        if (field.ClrType == typeof(double))
            return await OfAsync<double>().ConfigureAwait(false);
        if (field.ClrType == typeof(int))
            return await OfAsync<int>().ConfigureAwait(false);
        if (field.ClrType == typeof(bool))
            return await OfAsync<bool>().ConfigureAwait(false);
        if (field.ClrType == typeof(DateTime))
        {
            object?[] times = await OfAsync<DateTime>().ConfigureAwait(false);
            return [.. times.Select(time => time is DateTime utc ? (object)new DateTimeOffset(DateTime.SpecifyKind(utc, DateTimeKind.Utc)) : null)];
        }

        var texts = new string?[group.RowCount];
        await group.ReadAsync(field, texts!, cancellationToken: cancellationToken).ConfigureAwait(false);
        return texts;

        async Task<object?[]> OfAsync<T>()
            where T : struct
        {
            if (field.IsNullable)
            {
                var some = new T?[group.RowCount];
                await group.ReadAsync<T>(field, some, cancellationToken: cancellationToken).ConfigureAwait(false);
                return [.. some.Select(value => (object?)value)];
            }

            var all = new T[group.RowCount];
            await group.ReadAsync<T>(field, all, cancellationToken: cancellationToken).ConfigureAwait(false);
            return [.. all.Select(value => (object?)value)];
        }
    }

    private static async Task WriteGroupAsync(ParquetWriter writer, IReadOnlyCollection<Segment> segments, CancellationToken cancellationToken)
    {
        using ParquetRowGroupWriter group = writer.CreateRowGroup();
        foreach ((Column<Segment> column, DataField field) in s_columns)
        {
            Type type = column.Type;
            Task writing =
                type == typeof(string) ? group.WriteAsync(field, [.. segments.Select(segment => (string?)column.ValueOf(segment))!])
                : type == typeof(int) ? WriteAsync<int>(segment => (int?)column.ValueOf(segment))
                : type == typeof(DateTimeOffset) ? WriteAsync<DateTime>(segment => ((DateTimeOffset?)column.ValueOf(segment))?.UtcDateTime)
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
        Type type when type == typeof(DateTimeOffset) =>
            new DateTimeDataField(column.Name, DateTimeFormat.Timestamp, isAdjustedToUTC: true, unit: DateTimeTimeUnit.Micros, column.IsNullable),
        Type type => throw new NotSupportedException($"Column {column.Name} holds a {type.Name}, which has no form in Parquet yet."),
    };
}
