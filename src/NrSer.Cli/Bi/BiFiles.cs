using System.Text.Json;
using NrSer.Pipeline.Lake;

namespace NrSer.Cli.Bi;

/// <summary>What each BI tool is given to begin with.</summary>
internal static class BiFiles
{
    /// <summary>The tools.</summary>
    public enum Tool
    {
        PowerBi,
        Excel,
        DuckDb,
        Fabric,
        Grafana,
    }

    /// <summary>Files by path.</summary>
    /// <param name="tool">For which.</param>
    /// <param name="lake">Where the lake is: an account's address, or a folder.</param>
    public static IEnumerable<(string Path, string Content)> Of(Tool tool, string lake) => tool switch
    {
        Tool.PowerBi =>
        [
            .. PowerBiReport.Files(), .. PowerBiModel.Files(lake).Select(file => ($"NrSer.SemanticModel/{file.Path}", file.Content)), .. Pbids(lake),
        ],
        Tool.Excel => LakeTable.All.Select(table => ($"{table.Name}.pq", PowerQuery.Alone(table, lake))),
        Tool.DuckDb => [("nrser.sql", DuckDb(lake))],
        Tool.Fabric => [("nrser_fabric.py", Fabric())],
        _ => [("nrser-grafana.json", GrafanaDashboard.Text())],
    };

    /// <summary>Whether an address is that of an account.</summary>
    public static bool IsAccount(string lake) => lake.StartsWith("https://", StringComparison.OrdinalIgnoreCase);

    /// <remarks>The format has a form for folders, and none for storage accounts.</remarks>
    private static (string, string)[] Pbids(string lake) => IsAccount(lake) ? [] :
    [
        ("NrSer.pbids", $$"""
            {
              "version": "0.1",
              "connections": [
                { "details": { "protocol": "folder", "address": { "path": {{JsonSerializer.Serialize(lake)}} } }, "mode": "Import" }
              ]
            }

            """),
    ];

    private static string DuckDb(string lake)
    {
        string root = IsAccount(lake) ? "az://results/lake/v1" : lake.Replace('\\', '/').Replace("'", "''", StringComparison.Ordinal);
        string account = IsAccount(lake) ? new Uri(lake).Host.Split('.')[0] : "";
        string begin = IsAccount(lake)
            ? "INSTALL azure;\nLOAD azure;\n-- as you are: az login\n"
                + $"CREATE OR REPLACE SECRET nrser (TYPE azure, PROVIDER credential_chain, ACCOUNT_NAME '{account}');\n\n"
            : "";
        string views = string.Concat(LakeTable.All.Select(table =>
            $"CREATE OR REPLACE VIEW {table.Name} AS SELECT * FROM read_parquet('{root}/{(table.IsPartitioned
                ? $"{table.Name}/*/*.parquet', hive_partitioning = true, hive_types = {{'month': VARCHAR}}, union_by_name = true)"
                : $"{table.Name}.parquet')")};\n"));
        string examples = string.Concat(LakeExamples.All.Select(example =>
            $"\n-- {example.Question}\n{string.Join('\n', example.Sql.Split('\n').Select(line => $"-- {line}"))};\n"));
        return $"-- The lake in DuckDB: duckdb -init nrser.sql\n{begin}{views}{examples}";
    }

    private static string Fabric() => $"""
        # The lake in a Fabric or Synapse notebook, read as whoever runs it.
        # 1. In a lakehouse: Files, New shortcut, Azure Data Lake Storage Gen2 or Azure Blob Storage: the results account, container results,
        #    folder lake/v1; name it nrser.
        # 2. Attach the lakehouse to a notebook and run this.
        LAKE = "Files/nrser"
        TABLES = [{string.Join(", ", LakeTable.All.Select(table => $"\"{table.Files.Split('/')[0]}\""))}]

        for name in TABLES:
            # parts of an earlier version lack columns that were added since
            rows = spark.read.option("mergeSchema", "true").parquet(f"{"{LAKE}/{name}"}")
            rows.createOrReplaceTempView(name.removesuffix(".parquet"))

        spark.sql('''
            SELECT month, Emotion, round(sum(DurationSeconds) / 3600, 2) AS Hours
            FROM segments
            WHERE IsReportable
            GROUP BY month, Emotion
            ORDER BY month, Hours DESC
        ''').show()

        """;
}
