using System.Text;
using NrSer.Pipeline.Lake;
using NrSer.Pipeline.Results;

namespace NrSer.Pipeline.Tests.Results;

/// <summary><c>docs/results.md</c>, made from the columns.</summary>
internal static class ResultsDocument
{
    public static string Text { get; } = $"""
        # What the results say

        Made from `RecordingColumns` and `SegmentColumns` in `src/NrSer.Pipeline/Results`, and held against them by a test:
        to change a meaning, change it there.

        | form | where | names |
        |---|---|---|
        | tables `recordings` and `segments` | results account, emulator | as below; null is absent; keys are PartitionKey and RowKey |
        | Parquet | `results/segments/date=yyyy-MM-dd/<recording>.parquet`, `nrser export --format parquet` | as below, every column always |
        | [lake](bi.md) | `results/lake/v1/{"{table}"}/month=yyyy-MM/part-NNNN.parquet` | as below, with some of its own |
        | CSV, JSON Lines | `nrser export` | RecordingId, BlobName, Status, then the segment's; JSON begins names with a small letter |
        | JSON | `nrser analyze`, `nrser results --json` | the same small letters; the recording stands around its segments |

        Numbers are single precision where the method computes them and in the lake, and double in tables and other Parquet. Times are UTC. A column
        that is not nullable has a value in every row of a recording that has ended.

        ## Segments

        One row for every few seconds. Key: the recording, then channel and start in ms (`00-0000012250`), so that text order is order of time.

        {TableOf(SegmentColumns.All)}
        ## Recordings

        One row for every upload. Key: the day of the upload, then the recording.

        {TableOf(RecordingColumns.All)}
        ## The lake's own

        | table | column | type | unit or range | meaning |
        |---|---|---|---|---|
        {LakeColumns()}
        """.ReplaceLineEndings("\n");

    private static string LakeColumns() => string.Concat(LakeTable.All.SelectMany(table =>
        table.Columns.Where(column => column.Expression is not null || (table != LakeTable.Recordings && table != LakeTable.Segments))
            .Concat(table.IsPartitioned ? [LakeTable.Month] : [])
            .Select(column => $"| `{table.Name}` | `{column.Name}` | {column.SqlType} | {column.Unit} | {column.Meaning} |\n")));

    private static string TableOf<TRow>(IEnumerable<Column<TRow>> columns)
    {
        var text = new StringBuilder("| column | type | unit or range | nullable | written by | meaning |\n|---|---|---|---|---|---|\n");
        foreach (Column<TRow> column in columns)
        {
            string meaning = column.Reading is null ? column.Meaning : $"{column.Meaning} {column.Reading}";
            text.Append(
                $"| `{column.Name}` | {TypeOf(column.Type)} | {column.Unit} "
                + $"| {(column.IsNullable ? "yes" : "")} | {column.Owners.ToString().ToLowerInvariant()} | {meaning} |\n");
        }

        return text.ToString();
    }

    private static string TypeOf(Type type) =>
        type == typeof(string) || type.IsEnum ? "text"
        : type == typeof(float) || type == typeof(double) ? "number"
        : type == typeof(int) || type == typeof(long) ? "integer"
        : type == typeof(bool) ? "true or false"
        : "time";
}
