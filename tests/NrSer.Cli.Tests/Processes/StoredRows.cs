using System.Text.Json;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Storage;

namespace NrSer.Cli.Tests.Processes;

/// <summary>Rows of two storages compared: all but what tells one upload from another.</summary>
internal static class StoredRows
{
    /// <summary>
    /// How far numbers may lie apart that two processes computed from the same audio: the runtime of the networks adds in an order that
    /// depends on where its buffers lie, which moves the last bit of a float.
    /// </summary>
    public const double Tolerance = 1e-6;

    /// <summary>Segments are as many, in the same order, and say the same.</summary>
    public static void AssertSame(IReadOnlyList<Segment> expected, IReadOnlyList<Segment> actual)
    {
        Assert.Equal(expected.Count, actual.Count);
        foreach ((Segment one, Segment other) in expected.Zip(actual))
        {
            foreach (Column<Segment> column in SegmentColumns.All.Where(column => !column.IsKey))
            {
                (object? wanted, object? found) = (column.ValueOf(one), column.ValueOf(other));
                if (wanted is float or double)
                    Assert.Equal(Convert.ToDouble(wanted), Convert.ToDouble(found), Tolerance);
                else
                    Assert.Equal(wanted, found);
            }
        }
    }

    /// <summary>The rows of two recordings say the same but for id, ETags and times.</summary>
    public static void AssertSame(Recording expected, Recording actual)
    {
        Assert.Equal(Timeless(expected), Timeless(actual));
        Assert.Equal(expected.MeanSnrScore ?? double.NaN, actual.MeanSnrScore ?? double.NaN, Tolerance);
    }

    /// <summary>The Parquet file holds exactly these rows: the same rows give the same bytes.</summary>
    public static async Task AssertParquetAsync(Stack stack, Recording recording, IReadOnlyList<Segment> rows)
    {
        using var expected = new MemoryStream();
        await SegmentParquet.WriteAsync(rows, expected, TestContext.Current.CancellationToken);
        BinaryData stored = (await stack.Container(StorageNames.Results).GetBlobClient(ResultBlobs.SegmentsName(recording.Id))
            .DownloadContentAsync(TestContext.Current.CancellationToken)).Value.Content;
        Assert.Equal(expected.ToArray(), stored.ToArray());
    }

    private static string Timeless(Recording row) => JsonSerializer.Serialize(new
    {
        row.Status, row.Generation, row.Reason, row.RetryRequested, row.BlobName, row.ContentBytes, row.Sha256, row.DurationSeconds, row.SampleRateHz,
        row.Channels, row.Encoding, row.ExpectedChunks, row.SegmentCount, row.SpeechSegmentCount, row.SpeechSeconds, row.DominantEmotion,
        row.EnhancerModel, row.SnrLevelModel, row.EmotionModel, row.ModelQuality,
    });
}
