using System.Text;
using NrSer.Pipeline.Lake;

namespace NrSer.Cli.Bi;

/// <summary>The semantic model of a Power BI project as TMDL, made from the columns of the lake.</summary>
internal static class PowerBiModel
{
    private const string Reportable = "segments[IsReportable] = TRUE()";

    /// <summary>Measures, by table: what is said of emotions counts reportable segments alone.</summary>
    public static IReadOnlyList<(string Table, string Name, string Expression, string Format, string Meaning)> Measures { get; } =
    [
        ("segments", "Reportable Segments", $"CALCULATE(COUNTROWS(segments), {Reportable})", "#,0", "Segments to count."),
        ("segments", "Reportable Hours", $"DIVIDE(CALCULATE(SUM(segments[DurationSeconds]), {Reportable}), 3600)", "#,0.00", "Their length."),
        ("segments", "Emotion Share", "DIVIDE([Reportable Hours], CALCULATE([Reportable Hours], REMOVEFILTERS(segments[Emotion])))", "0.0%",
            "Share of an emotion in what can be counted."),
        ("segments", "Mean Trust", $"CALCULATE(AVERAGE(segments[Trust]), {Reportable})", "0.00", "Of what can be counted."),
        ("segments", "Mean Arousal", OnOneScale("Arousal"), "0.00",
            "Calm to excited, of what can be counted; blank where models of several rating scales are mixed."),
        ("segments", "Mean Valence", OnOneScale("Valence"), "0.00",
            "Unpleasant to pleasant, of what can be counted; blank where models of several rating scales are mixed."),
        ("recordings", "Recordings", "COUNTROWS(recordings)", "#,0", "All that have ended."),
        ("recordings", "Audio Hours", "DIVIDE(SUM(recordings[DurationSeconds]), 3600)", "#,0.0", "Their length."),
        ("recordings", "Not Completed", "CALCULATE(COUNTROWS(recordings), recordings[Status] <> \"Completed\")", "#,0",
            "Rejected, failed or withdrawn."),
    ];

    /// <summary>Files by path within the model's folder.</summary>
    /// <param name="address">Where the lake is.</param>
    public static IEnumerable<(string Path, string Content)> Files(string address)
    {
        yield return ("definition/database.tmdl", "database\n\tcompatibilityLevel: 1600\n");
        yield return ("definition/model.tmdl",
            "model Model\n\tculture: en-US\n\tdefaultPowerBIDataSourceVersion: powerBI_V3\n\tsourceQueryCulture: en-US\n\n"
            + string.Concat(LakeTable.All.Select(table => $"ref table {table.Name}\n")));
        yield return ("definition/expressions.tmdl",
            $"/// https://ACCOUNT.blob.core.windows.net, or the folder of nrser lake copy\nexpression {PowerQuery.Address} = \"{address}\" "
            + "meta [IsParameterQuery=true, Type=\"Text\", IsParameterQueryRequired=true]\n\n"
            + $"expression {PowerQuery.Files} =\n{PowerQuery.Let(PowerQuery.FilesSteps, "\t\t")}\n");
        yield return ("definition/relationships.tmdl",
            "relationship segments_of_recording\n\tfromColumn: segments.RecordingId\n\ttoColumn: recordings.RecordingId\n\n"
            + "relationship episode_of_recording\n\tcrossFilteringBehavior: bothDirections\n\tfromCardinality: one\n"
            + "\tfromColumn: episodes.RecordingId\n\ttoColumn: recordings.RecordingId\n\n"
            + "relationship episodes_of_feed\n\tfromColumn: episodes.FeedId\n\ttoColumn: feeds.FeedId\n\n"
            + "relationship recordings_by_day\n\tfromColumn: recordings.UploadedOn\n\ttoColumn: dates.Date\n");
        foreach (LakeTable table in LakeTable.All)
            yield return ($"definition/tables/{table.Name}.tmdl", TableOf(table));
    }

    /// <summary>Names and types of a table's columns, as the model has them.</summary>
    public static IEnumerable<(LakeColumn Column, string Type)> ColumnsOf(LakeTable table) =>
        (table.IsPartitioned ? [.. table.Columns, LakeTable.Month] : table.Columns).Select(column => (column, TypeOf(column)));

    /// <summary>A mean of 4 on 1–5 and 0.9 on 0–1 would mean nothing.</summary>
    private static string OnOneScale(string rating) =>
        $"IF(CALCULATE(DISTINCTCOUNTNOBLANK(segments[RatingScale]), {Reportable}) = 1, CALCULATE(AVERAGE(segments[{rating}]), {Reportable}))";

    private static string TableOf(LakeTable table)
    {
        var text = new StringBuilder($"/// {table.Meaning}\ntable {table.Name}\n");
        if (table == LakeTable.Dates)
            text.Append("\tdataCategory: Time\n");
        foreach ((_, string name, string expression, string format, string meaning) in Measures.Where(measure => measure.Table == table.Name))
            text.Append($"\n\t/// {meaning}\n\tmeasure '{name}' = {expression}\n\t\tformatString: {format}\n");
        foreach ((LakeColumn column, string type) in ColumnsOf(table))
        {
            string unit = column.Unit is null ? "" : $" Unit or range: {column.Unit}.";
            text.Append($"\n\t/// {column.Meaning.Replace("`", "", StringComparison.Ordinal)}{unit}\n\tcolumn {column.Name}\n\t\tdataType: {type}\n");
            if (table == LakeTable.Dates && column.Name == "Date")
                text.Append("\t\tisKey\n");
            if (column.SqlType == "DATE")
                text.Append("\t\tformatString: yyyy-mm-dd\n");
            text.Append($"\t\tsummarizeBy: none\n\t\tsourceColumn: {column.Name}\n");
        }

        string query = PowerQuery.Let(PowerQuery.TableSteps(table), "\t\t\t\t");
        return text.Append($"\n\tpartition {table.Name} = m\n\t\tmode: import\n\t\tsource =\n{query}").ToString();
    }

    private static string TypeOf(LakeColumn column) => column.SqlType switch
    {
        "VARCHAR" => "string",
        "INTEGER" or "BIGINT" => "int64",
        "FLOAT" or "DOUBLE" => "double",
        "BOOLEAN" => "boolean",
        "TIMESTAMPTZ" or "DATE" => "dateTime",
        _ => throw new NotSupportedException($"{column.Name} is {column.SqlType}, which has no type in a Power BI model yet."),
    };
}
