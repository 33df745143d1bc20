using NrSer.Pipeline.Results;
using Parquet;
using Parquet.Schema;

namespace NrSer.Pipeline.Tests.Results;

public sealed class SegmentParquetTests
{
    internal static readonly Segment Spoken = (new Segment
    {
        RecordingId = RecordingId.Parse("20260309-0123456789abcdef"), EndSeconds = 2.25, SnrScore = 0.875f, MixWeight = 0.5f, IsSpeech = true,
        Emotion = "happy", Confidence = 0.75f, Trust = 0.75f, IsReportable = true, Arousal = 3.5f,
        EnhancerModel = "e@1", SnrLevelModel = "s@1", EmotionModel = "m@1", ModelQuality = "demonstration",
        Text = "\"Tea\", please.",
    }).WithProbability(0, 0.25f).WithProbability(1, 0.75f);

    internal static readonly Segment Silent = new()
    {
        RecordingId = RecordingId.Parse("20260309-0123456789abcdef"), Channel = 1, StartSeconds = 2.25, EndSeconds = 4.25, SnrScore = -0.5f,
        IsReportable = false, EnhancerModel = "e@1", SnrLevelModel = "s@1", ModelQuality = "demonstration",
    };

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task WriteAsync_Rows_AreReadBackNullsIncluded()
    {
        using var file = new MemoryStream();
        await SegmentParquet.WriteAsync([Spoken, Silent], file, Stop);
        Dictionary<string, object?[]> columns = await ReadAsync(file);
        Assert.Equal(SegmentColumns.All.Select(column => column.Name), columns.Keys);
        foreach (Column<Segment> column in SegmentColumns.All)
            Assert.Equal([Stored(column.ValueOf(Spoken)), Stored(column.ValueOf(Silent))], columns[column.Name]);

        static object? Stored(object? value) => value is float number ? (double)number : value;
    }

    [Fact]
    public async Task WriteAsync_SameRows_GiveTheSameBytes()
    {
        using var first = new MemoryStream();
        using var second = new MemoryStream();
        await SegmentParquet.WriteAsync([Spoken, Silent], first, Stop);
        await SegmentParquet.WriteAsync([Spoken, Silent], second, Stop);
        Assert.Equal(first.ToArray(), second.ToArray());
    }

    [Fact]
    public async Task WriteAsync_NoRows_GivesAReadableFile()
    {
        using var file = new MemoryStream();
        await SegmentParquet.WriteAsync([], file, Stop);
        Dictionary<string, object?[]> columns = await ReadAsync(file);
        Assert.Contains("StartSeconds", columns.Keys);
        Assert.All(columns.Values, Assert.Empty);
    }

    [Fact]
    public async Task WriteAsync_AStream_StaysOpen()
    {
        using var file = new MemoryStream();
        await SegmentParquet.WriteAsync([Spoken], file, Stop);
        Assert.True(file.CanRead);
    }

    private static async Task<Dictionary<string, object?[]>> ReadAsync(MemoryStream file)
    {
        file.Position = 0;
        await using ParquetReader reader = await ParquetReader.CreateAsync(file, cancellationToken: Stop);
        using ParquetRowGroupReader group = reader.OpenRowGroupReader(0);
        var columns = new Dictionary<string, object?[]>(StringComparer.Ordinal);
        foreach (DataField field in reader.Schema.GetDataFields())
            columns[field.Name] = await ReadAsync(group, field);
        return columns;
    }

    private static async Task<object?[]> ReadAsync(ParquetRowGroupReader group, DataField field)
    {
        int rows = (int)group.RowCount;
        if (field.ClrType == typeof(double))
            return await ValuesAsync<double>();
        if (field.ClrType == typeof(int))
            return await ValuesAsync<int>();
        if (field.ClrType == typeof(bool))
            return await ValuesAsync<bool>();
        if (field.ClrType == typeof(DateTime))
            return await ValuesAsync<DateTime>();

        var texts = new string?[rows];
        await group.ReadAsync(field, texts!, cancellationToken: Stop);
        return texts;

        async Task<object?[]> ValuesAsync<T>()
            where T : struct
        {
            if (field.IsNullable)
            {
                var some = new T?[rows];
                await group.ReadAsync<T>(field, some, cancellationToken: Stop);
                return [.. some.Select(value => (object?)value)];
            }

            var all = new T[rows];
            await group.ReadAsync<T>(field, all, cancellationToken: Stop);
            return [.. all.Select(value => (object?)value)];
        }
    }
}
