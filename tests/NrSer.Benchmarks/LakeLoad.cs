using System.Diagnostics;
using System.Globalization;
using Azure.Storage.Blobs;
using DuckDB.NET.Data;
using NrSer.Pipeline.Lake;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Storage;
using NrSer.Testing;

namespace NrSer.Benchmarks;

/// <summary>Fills a storage with results, for measurements by hand: <c>lake store</c> as the stages write them, <c>lake blobs</c> with what an export
/// reads alone, <c>lake rows</c> as a lake alone.</summary>
internal static class LakeLoad
{
    private const int StoredAtOnce = 16;
    private const int ChunkSegments = 75; // 5 min
    private const int RecordingRows = 500;
    private const int PartRecordings = 2000; // a million rows

    public static async Task RunAsync(IReadOnlyList<string> arguments)
    {
        if (arguments is not [var what, var connection, var first, var second])
        {
            await Console.Error.WriteLineAsync("lake store|blobs CONNECTION RECORDINGS SEGMENTS | lake rows CONNECTION PARTS MONTHS");
            return;
        }

        StorageAccount account = await StorageAccount.ConnectAsync(connection);
        int count = int.Parse(first, CultureInfo.InvariantCulture), each = int.Parse(second, CultureInfo.InvariantCulture);
        long begun = Stopwatch.GetTimestamp();
        if (what == "store")
            await StoreAsync(account, count, each);
        else if (what == "blobs")
            await StoreBlobsAsync(account, count, each);
        else
            await WriteLakeAsync(account, count, each);
        Console.WriteLine($"{Stopwatch.GetElapsedTime(begun).TotalSeconds:F0} s");
    }

    private static Task StoreAsync(StorageAccount account, int recordings, int segments)
    {
        int done = 0;
        return Parallel.ForEachAsync(
            Enumerable.Range(0, recordings), new ParallelOptions { MaxDegreeOfParallelism = StoredAtOnce }, async (number, token) =>
            {
                Recording recording = GeneratedResults.Recording(number, DayOf(number), segments);
                await GeneratedResults.UploadAsync(account, recording, token);
                await GeneratedResults.StoreAsync(account, recording, token);
                if (Interlocked.Increment(ref done) % 1000 == 0)
                    Console.WriteLine(done);
            });
    }

    /// <summary>Rows of recordings, and blobs of their chunks, which hold the same segments for each.</summary>
    private static async Task StoreBlobsAsync(StorageAccount account, int recordings, int segments)
    {
        Recording[] all = [.. Enumerable.Range(0, recordings).Select(RecordingOf)];
        await GeneratedResults.StoreRowsAsync(account, all, CancellationToken.None);
        List<Segment> rows = [.. GeneratedResults.Segments(all[0])];
        BinaryData journal = await ParquetAsync(rows);
        var chunks = new List<BinaryData>();
        foreach (Segment[] chunk in rows.Chunk(ChunkSegments))
            chunks.Add(await ParquetAsync(chunk));

        BlobContainerClient results = account.Blobs.Container(StorageNames.Results);
        int done = 0;
        await Parallel.ForEachAsync(all, new ParallelOptions { MaxDegreeOfParallelism = StoredAtOnce }, async (recording, token) =>
        {
            foreach ((int index, BinaryData chunk) in chunks.Index())
                await results.GetBlobClient($"{recording.Id}/segments/00-{index:D5}.parquet").UploadAsync(chunk, overwrite: true, token);
            await results.GetBlobClient(ResultBlobs.SegmentsName(recording.Id)).UploadAsync(journal, overwrite: true, token);
            if (Interlocked.Increment(ref done) % 1000 == 0)
                Console.WriteLine(done);
        });

        Recording RecordingOf(int number) => GeneratedResults.Recording(number, DayOf(number), segments);

        static async Task<BinaryData> ParquetAsync(IReadOnlyCollection<Segment> rows)
        {
            using var file = new MemoryStream();
            await SegmentParquet.WriteAsync(rows, file, CancellationToken.None);
            return BinaryData.FromBytes(file.ToArray());
        }
    }

    private static DateOnly DayOf(int number) => new(2026, 1 + (number % 10), 1 + (number % 28));

    /// <summary>Parts as the compactor leaves them, but for values that DuckDB makes up: 500 segments a recording, 2,000 recordings a part.</summary>
    private static async Task WriteLakeAsync(StorageAccount account, int parts, int months)
    {
        var blobs = new LakeBlobs(account.Blobs);
        string file = Path.GetTempFileName();
        await using var database = new DuckDBConnection("DataSource=:memory:;memory_limit=2GB");
        await database.OpenAsync();
        for (int part = 0; part < parts; part++)
        {
            string month = $"2026-{1 + (part % months):D2}";
            foreach (LakeTable table in LakeTable.Partitioned)
            {
                int rows = table == LakeTable.Segments ? PartRecordings * RecordingRows : table == LakeTable.Recordings ? PartRecordings : 0;
                await using DuckDBCommand copy = database.CreateCommand();
                copy.CommandText = $"COPY ({RowsOf(table, month, part, PartRecordings, rows)}) TO '{file}' "
                    + $"(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {SegmentParquet.RowGroupRows})";
                await copy.ExecuteNonQueryAsync();
                await blobs.ReplaceAsync(new LakePart(table.Name, month, 1 + (part / months), null, 0, 0), file, rows, CancellationToken.None);
            }

            Console.WriteLine($"{month} {part + 1}/{parts} {new FileInfo(file).Length >> 20} MB");
        }

        File.Delete(file);
    }

    /// <summary>SQL for rows of a table in its order.</summary>
    public static string RowsOf(LakeTable table, string month, int part, int recordings, int rows)
    {
        IEnumerable<string> columns = table.Columns.Select(column =>
            $"({ValueOf(column, month, part, Math.Max(1, rows / recordings))})::{column.SqlType} AS \"{column.Name}\"");
        return $"SELECT {string.Join(", ", columns)} FROM range({rows}) made(i) ORDER BY {table.Order}";
    }

    private static string ValueOf(LakeColumn column, string month, int part, int rowsEach)
    {
        string recording = $"(i // {rowsEach})";
        return column.Name switch
        {
            "RecordingId" => $"'{month.Replace("-", "", StringComparison.Ordinal)}' || printf('%02d', 1 + {recording} % 28) || '-' "
                + $"|| substr(md5({recording} || 'p{part}'), 1, 16)",
            "BlobName" => $"'archive/episode-' || {recording} || '.mp3'",
            "StartSeconds" => $"4 * (i % {rowsEach})",
            "EndSeconds" => $"4 * (i % {rowsEach}) + 4",
            "DurationSeconds" => "4",
            "Channel" => "0",
            "IsSpeech" => "i % 5 > 0",
            "IsReportable" => "i % 5 > 0 AND hash(i + 1) % 10 > 3",
            "Emotion" => "CASE WHEN i % 5 > 0 THEN (['neutral', 'happy', 'sad', 'angry'])[1 + (hash(i) % 4)::INTEGER] END",
            "Status" => "'Completed'",
            "ModelQuality" => "'demonstration'",
            "EnhancerModel" or "SnrLevelModel" or "EmotionModel" => "'nrser-model-small@4.0.0'",
            "Probability_fear" or "Probability_disgust" or "Probability_surprise" or "Probability_contempt" or "Probability_other" => "NULL",
            _ when column.SqlType is "FLOAT" or "DOUBLE" => "CASE WHEN i % 5 > 0 THEN random() END",
            _ when column.SqlType is "TIMESTAMPTZ" => $"TIMESTAMPTZ '{month}-01 00:00:00+00' + INTERVAL 1 DAY * ({recording} % 28)",
            _ when column.SqlType is "DATE" => $"DATE '{month}-01' + ({recording} % 28)::INTEGER",
            _ => "NULL",
        };
    }
}
