using Azure.Data.Tables;
using NrSer.Pipeline.Results;
using Parquet;
using Parquet.Schema;

namespace NrSer.Pipeline.Tests.Results;

public sealed class SegmentParquetTests
{
    private static readonly TableEntity s_spoken = new("20260309-0123456789abcdef", "00-0000000000")
    {
        ["Channel"] = 0, ["StartSeconds"] = 0.0, ["EndSeconds"] = 2.25, ["SnrScore"] = 0.875, ["MixWeight"] = 0.875, ["IsSpeech"] = true,
        ["Emotion"] = "joy", ["Confidence"] = 0.75, ["Probability_joy"] = 0.75, ["Probability_anger"] = 0.25, ["Arousal"] = 3.5,
        ["EnhancerModel"] = "e@1", ["SnrLevelModel"] = "s@1", ["EmotionModel"] = "m@1", ["ModelQuality"] = "demonstration",
    };

    private static readonly TableEntity s_silent = new("20260309-0123456789abcdef", "01-0000002250")
    {
        ["Channel"] = 1, ["StartSeconds"] = 2.25, ["EndSeconds"] = 4.25, ["SnrScore"] = -0.5, ["MixWeight"] = 0.0, ["IsSpeech"] = false,
        ["EnhancerModel"] = "e@1", ["SnrLevelModel"] = "s@1",
    };

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task WriteAsync_Rows_AreReadBackNullsIncluded()
    {
        using var file = new MemoryStream();
        await SegmentParquet.WriteAsync([s_spoken, s_silent], file, Stop);
        Dictionary<string, object?[]> columns = await ReadAsync(file);
        Assert.Equal(["20260309-0123456789abcdef", "20260309-0123456789abcdef"], columns["RecordingId"]);
        Assert.Equal([0, 1], columns["Channel"]);
        Assert.Equal([true, false], columns["IsSpeech"]);
        foreach (string name in s_spoken.Keys.Except(["PartitionKey", "RowKey", "odata.etag", "Timestamp"], StringComparer.Ordinal))
        {
            Assert.Equal(s_spoken[name], columns[name][0]);
            Assert.Equal(s_silent.TryGetValue(name, out object? value) ? value : null, columns[name][1]);
        }

        Assert.Equal([null, null], columns["Valence"]);
        Assert.Equal([null, null], columns["Dominance"]);
    }

    [Fact]
    public async Task WriteAsync_SameRows_GiveTheSameBytes()
    {
        using var first = new MemoryStream();
        using var second = new MemoryStream();
        await SegmentParquet.WriteAsync([s_spoken, s_silent], first, Stop);
        await SegmentParquet.WriteAsync([s_spoken, s_silent], second, Stop);
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
        await SegmentParquet.WriteAsync([s_spoken], file, Stop);
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
        {
            var numbers = new double?[rows];
            await group.ReadAsync<double>(field, numbers, cancellationToken: Stop);
            return [.. numbers.Select(number => (object?)number)];
        }

        if (field.ClrType == typeof(int))
        {
            int[] integers = new int[rows];
            await group.ReadAsync<int>(field, integers, cancellationToken: Stop);
            return [.. integers.Cast<object?>()];
        }

        if (field.ClrType == typeof(bool))
        {
            bool[] flags = new bool[rows];
            await group.ReadAsync<bool>(field, flags, cancellationToken: Stop);
            return [.. flags.Cast<object?>()];
        }

        var texts = new string?[rows];
        await group.ReadAsync(field, texts!, cancellationToken: Stop);
        return texts;
    }
}
