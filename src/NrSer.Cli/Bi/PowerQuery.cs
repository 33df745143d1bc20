using NrSer.Pipeline.Lake;

namespace NrSer.Cli.Bi;

/// <summary>The lake in Power Query's language, M, which Power BI and Excel share.</summary>
internal static class PowerQuery
{
    /// <summary>The parameter that says where the lake is.</summary>
    public const string Address = "LakeAddress";

    /// <summary>The query that finds its files.</summary>
    public const string Files = "LakeFiles";

    private const string Indent = "    ";

    /// <summary>Files of the lake, in Azure as whoever is signed in, or in a folder.</summary>
    public static IReadOnlyList<string> FilesSteps { get; } =
    [
        $"Source = if Text.StartsWith({Address}, \"https://\") then AzureStorage.Blobs({Address}){{[Name = \"results\"]}}[Data] "
            + $"else Folder.Files({Address})",
        "Located = Table.AddColumn(Source, \"Path\", each Text.Replace([Folder Path] & [Name], \"\\\", \"/\"), type text)",
        "Found = Table.SelectRows(Located, each Text.EndsWith([Path], \".parquet\"))",
    ];

    /// <summary>Rows of a table.</summary>
    public static IReadOnlyList<string> TableSteps(LakeTable table)
    {
        IEnumerable<LakeColumn> columns = table.Columns;
        string[] times = [.. columns.Where(column => column.SqlType == "TIMESTAMPTZ").Select(column => column.Name)];
        var steps = new List<string>
        {
            table.IsPartitioned
                ? $"Chosen = Table.SelectRows({Files}, each Text.Contains([Path], \"/{table.Name}/month=\"))"
                : $"Chosen = Table.SelectRows({Files}, each Text.EndsWith([Path], \"/{table.Name}.parquet\"))",
            "Read = Table.AddColumn(Chosen, \"Rows\", each Parquet.Document([Content]))",
            "Named = Table.AddColumn(Read, \"month\", each Text.BetweenDelimiters([Path], \"month=\", \"/\"), type text)",
            "Kept = Table.SelectColumns(Named, {\"month\", \"Rows\"})",
            $"Expanded = Table.ExpandTableColumn(Kept, \"Rows\", {{{string.Join(", ", columns.Select(column => $"\"{column.Name}\""))}}})",
        };
        // a time with a zone would become local time, another on every machine
        steps.Add("Universal = Table.TransformColumns(Expanded, {"
            + string.Join(", ", times.Select(name =>
                $"{{\"{name}\", each if _ is datetimezone then DateTimeZone.RemoveZone(DateTimeZone.ToUtc(_)) else _, type datetime}}"))
            + "})");
        steps.Add("Typed = Table.TransformColumnTypes(Universal, {"
            + string.Join(", ", columns.Select(column => $"{{\"{column.Name}\", {TypeOf(column)}}}")) + "})");
        if (!table.IsPartitioned)
            steps.Add("Whole = Table.RemoveColumns(Typed, {\"month\"})");
        return steps;
    }

    /// <summary>A query of steps.</summary>
    /// <param name="steps">Each <c>Name = expression</c>; the last is the answer.</param>
    /// <param name="indent">Before each line.</param>
    public static string Let(IReadOnlyList<string> steps, string indent = "") =>
        $"{indent}let\n{string.Join(",\n", steps.Select(step => $"{indent}{Indent}{step}"))}\n"
        + $"{indent}in\n{indent}{Indent}{steps[^1].Split(' ', 2)[0]}\n";

    /// <summary>A query that needs no other: what Excel's editor takes.</summary>
    public static string Alone(LakeTable table, string address) =>
        $"// {table.Name}: {table.Meaning}\n"
        + "// Excel: Data, Get Data, From Other Sources, Blank Query, Advanced Editor: replace everything there by this.\n"
        + Let([$"{Address} = \"{address}\"", .. FilesSteps, $"{Files} = Found", .. TableSteps(table)]);

    private static string TypeOf(LakeColumn column) => column.SqlType switch
    {
        "VARCHAR" => "type text",
        "INTEGER" or "BIGINT" => "Int64.Type",
        "FLOAT" or "DOUBLE" => "type number",
        "BOOLEAN" => "type logical",
        "TIMESTAMPTZ" => "type datetime",
        "DATE" => "type date",
        _ => throw new NotSupportedException($"{column.Name} is {column.SqlType}, which has no type in M yet."),
    };
}
