using System.Diagnostics;
using DuckDB.NET.Data;
using NrSer.Pipeline.Lake;
using NrSer.Pipeline.Results;

namespace NrSer.Benchmarks;

/// <summary>A part of a million segments in each of Parquet's compressions: how large, and how long it takes to write and to ask.</summary>
internal static class LakeCodecs
{
    private const int Recordings = 2_000;
    private const int RecordingRows = 500;
    private const int Runs = 5;

    private static readonly string[] s_questions =
    [
        "SELECT Emotion, sum(DurationSeconds) FROM part WHERE IsReportable GROUP BY 1",
        "SELECT * FROM part WHERE RecordingId = (SELECT max(RecordingId) FROM part)",
        "SELECT * FROM part ORDER BY Trust LIMIT 50",
    ];

    public static async Task RunAsync()
    {
        await using var database = new DuckDBConnection("DataSource=:memory:;memory_limit=2GB");
        await database.OpenAsync();
        await TimeAsync($"CREATE TABLE made AS {LakeLoad.RowsOf(LakeTable.Segments, "2026-01", part: 0, Recordings, Recordings * RecordingRows)}");
        Console.WriteLine("| codec | MB | written in | shares of emotions | one recording | least trusted |");
        Console.WriteLine("|---|---:|---:|---:|---:|---:|");
        foreach (string codec in new[] { "uncompressed", "snappy", "lz4_raw", "zstd" })
        {
            string file = Path.GetTempFileName();
            double written = await TimeAsync(
                $"COPY made TO '{file}' (FORMAT parquet, COMPRESSION {codec}, ROW_GROUP_SIZE {SegmentParquet.RowGroupRows})");
            await TimeAsync($"CREATE OR REPLACE VIEW part AS SELECT * FROM read_parquet('{file}')");
            var times = new List<string>();
            foreach (string question in s_questions)
            {
                double[] seconds = new double[Runs];
                for (int run = 0; run < Runs; run++)
                    seconds[run] = await TimeAsync(question);
                times.Add($"{seconds.Order().ElementAt(Runs / 2):F3} s");
            }

            Console.WriteLine($"| {codec} | {new FileInfo(file).Length / 1e6:F1} | {written:F2} s | {string.Join(" | ", times)} |");
            File.Delete(file);
        }

        async Task<double> TimeAsync(string sql)
        {
            await using DuckDBCommand command = database.CreateCommand();
            command.CommandText = sql;
            long begun = Stopwatch.GetTimestamp();
            await using var rows = await command.ExecuteReaderAsync();
            while (await rows.ReadAsync())
            {
                // to its end
            }

            return Stopwatch.GetElapsedTime(begun).TotalSeconds;
        }
    }
}
