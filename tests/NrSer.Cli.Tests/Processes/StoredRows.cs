using System.Text.Json;
using Azure.Data.Tables;
using NrSer.Pipeline;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Rows;
using NrSer.Pipeline.Storage;

namespace NrSer.Cli.Tests.Processes;

/// <summary>Rows of two storages compared: all but what tells one upload from another.</summary>
internal static class StoredRows
{
    private static readonly HashSet<string> s_upload = new(StringComparer.Ordinal) { "PartitionKey", "Timestamp", "odata.etag" };

    /// <summary>
    /// How far numbers may lie apart that two processes computed from the same audio: the runtime of the networks adds in an order that
    /// depends on where its buffers lie, which moves the last bit of a float.
    /// </summary>
    public const double Tolerance = 1e-6;

    /// <summary>Segment rows are as many, in the same order, and say the same.</summary>
    public static void AssertSame(IReadOnlyList<TableEntity> expected, IReadOnlyList<TableEntity> actual)
    {
        Assert.Equal(expected.Select(row => row.RowKey), actual.Select(row => row.RowKey));
        foreach ((TableEntity one, TableEntity other) in expected.Zip(actual))
        {
            string[] columns = [.. Columns(one)];
            Assert.Equal(columns, Columns(other));
            foreach (string column in columns)
            {
                if (one[column] is double number)
                    Assert.Equal(number, Assert.IsType<double>(other[column]), Tolerance);
                else
                    Assert.Equal(one[column], other[column]);
            }
        }

        static IEnumerable<string> Columns(TableEntity row) => row.Keys.Where(name => !s_upload.Contains(name)).Order(StringComparer.Ordinal);
    }

    /// <summary>The rows of two recordings say the same but for id, ETags and times.</summary>
    public static void AssertSame(RecordingRow expected, RecordingRow actual)
    {
        Assert.Equal(Timeless(expected), Timeless(actual));
        Assert.Equal(expected.MeanSnrScore ?? double.NaN, actual.MeanSnrScore ?? double.NaN, Tolerance);
    }

    /// <summary>The Parquet file holds exactly these rows: the same rows give the same bytes.</summary>
    public static async Task AssertParquetAsync(Stack stack, RecordingRow recording, IReadOnlyList<TableEntity> rows)
    {
        using var expected = new MemoryStream();
        await SegmentParquet.WriteAsync(rows, expected, TestContext.Current.CancellationToken);
        BinaryData stored = (await stack.Container(StorageNames.Results).GetBlobClient(ResultBlobs.SegmentsName(RecordingId.Parse(recording.RowKey)))
            .DownloadContentAsync(TestContext.Current.CancellationToken)).Value.Content;
        Assert.Equal(expected.ToArray(), stored.ToArray());
    }

    private static string Timeless(RecordingRow row) => JsonSerializer.Serialize(new
    {
        row.Status, row.Generation, row.Reason, row.RetryRequested, row.BlobName, row.ContentBytes, row.Sha256, row.DurationSeconds, row.SampleRateHz,
        row.Channels, row.Encoding, row.ExpectedChunks, row.SegmentCount, row.SpeechSegmentCount, row.SpeechSeconds, row.DominantEmotion,
        row.EnhancerModel, row.SnrLevelModel, row.EmotionModel, row.ModelQuality,
    });
}
