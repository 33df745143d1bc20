using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace NrSer.Cli.Bi;

/// <summary>The report of a Power BI project: three pages of visuals, as JSON after the public schemas.</summary>
internal static class PowerBiReport
{
    private const string Schemas = "https://developer.microsoft.com/json-schemas/fabric";
    private const string ReportSchemas = $"{Schemas}/item/report/definition";
    private const int PageWidth = 1280;
    private const int PageHeight = 720;

    private static readonly JsonSerializerOptions s_indented = new() { WriteIndented = true };

    private static readonly Page[] s_pages =
    [
        new("overview", "Overview",
        [
            new("card", 20, 20, 300, 110, ("Values", "recordings", "Recordings", true)),
            new("card", 340, 20, 300, 110, ("Values", "recordings", "Audio Hours", true)),
            new("card", 660, 20, 300, 110, ("Values", "segments", "Reportable Hours", true)),
            new("card", 980, 20, 280, 110, ("Values", "segments", "Mean Trust", true)),
            new("hundredPercentStackedColumnChart", 20, 150, 800, 550,
                ("Category", "segments", "month", false), ("Series", "segments", "Emotion", false), ("Y", "segments", "Reportable Hours", true)),
            new("barChart", 840, 150, 420, 550, ("Category", "segments", "Emotion", false), ("Y", "segments", "Emotion Share", true)),
        ]),
        new("recordings", "Recordings",
        [
            new("slicer", 20, 20, 300, 110, ("Values", "dates", "Date", false)),
            new("tableEx", 20, 150, 1240, 550,
                ("Values", "recordings", "BlobName", false), ("Values", "recordings", "UploadedOn", false),
                ("Values", "recordings", "DominantEmotion", false), ("Values", "segments", "Reportable Segments", true),
                ("Values", "segments", "Mean Arousal", true), ("Values", "segments", "Mean Valence", true),
                ("Values", "segments", "Mean Trust", true)),
        ]),
        new("quality", "Quality",
        [
            new("card", 20, 20, 300, 110, ("Values", "recordings", "Not Completed", true)),
            new("columnChart", 20, 150, 610, 550, ("Category", "recordings", "Status", false), ("Y", "recordings", "Recordings", true)),
            new("tableEx", 650, 150, 610, 550,
                ("Values", "recordings", "BlobName", false), ("Values", "recordings", "Status", false), ("Values", "recordings", "Reason", false)),
        ]),
    ];

    /// <summary>The fields that visuals show: table, column or measure.</summary>
    public static IEnumerable<(string Table, string Name, bool IsMeasure)> Fields =>
        s_pages.SelectMany(page => page.Visuals).SelectMany(visual => visual.Fields).Select(shown => (shown.Table, shown.Name, shown.IsMeasure));

    /// <summary>Files by path within the project's folder, each with the schema that it names.</summary>
    public static IEnumerable<(string Path, string Content)> Files()
    {
        yield return File("NrSer.pbip", new()
        {
            ["$schema"] = $"{Schemas}/pbip/pbipProperties/1.0.0/schema.json", ["version"] = "1.0",
            ["artifacts"] = new JsonArray(new JsonObject { ["report"] = new JsonObject { ["path"] = "NrSer.Report" } }),
            ["settings"] = new JsonObject { ["enableAutoRecovery"] = true },
        });
        yield return Platform("NrSer.Report", "Report", "5b3f5f0e-6c44-4d53-9c3e-6e72b6a0f001");
        yield return Platform("NrSer.SemanticModel", "SemanticModel", "5b3f5f0e-6c44-4d53-9c3e-6e72b6a0f002");
        yield return File("NrSer.SemanticModel/definition.pbism", new()
        {
            ["$schema"] = $"{Schemas}/item/semanticModel/definitionProperties/1.0.0/schema.json", ["version"] = "4.0",
            ["settings"] = new JsonObject(),
        });
        yield return File("NrSer.Report/definition.pbir", new()
        {
            ["$schema"] = $"{Schemas}/item/report/definitionProperties/1.0.0/schema.json", ["version"] = "4.0",
            ["datasetReference"] = new JsonObject { ["byPath"] = new JsonObject { ["path"] = "../NrSer.SemanticModel" } },
        });
        yield return Report("version.json", "versionMetadata", new() { ["version"] = "1.0.0" });
        yield return Report("report.json", "report", new() { ["layoutOptimization"] = "None", ["themeCollection"] = new JsonObject() });
        yield return Report("pages/pages.json", "pagesMetadata", new()
        {
            ["pageOrder"] = new JsonArray([.. s_pages.Select(page => (JsonNode)page.Name)]), ["activePageName"] = s_pages[0].Name,
        });
        foreach (Page page in s_pages)
        {
            yield return Report($"pages/{page.Name}/page.json", "page", new()
            {
                ["name"] = page.Name, ["displayName"] = page.Title, ["displayOption"] = "FitToPage", ["height"] = PageHeight, ["width"] = PageWidth,
            });
            foreach ((int index, Visual visual) in page.Visuals.Index())
            {
                string name = string.Create(CultureInfo.InvariantCulture, $"{page.Name}{index + 1}");
                yield return Report($"pages/{page.Name}/visuals/{name}/visual.json", "visualContainer", visual.ToJson(name, index));
            }
        }
    }

    private static (string, string) Report(string path, string schema, JsonObject content)
    {
        content.Insert(0, "$schema", $"{ReportSchemas}/{schema}/1.0.0/schema.json");
        return File($"NrSer.Report/definition/{path}", content);
    }

    private static (string, string) Platform(string folder, string type, string id) => File($"{folder}/.platform", new()
    {
        ["$schema"] = $"{Schemas}/gitIntegration/platformProperties/2.0.0/schema.json",
        ["metadata"] = new JsonObject { ["type"] = type, ["displayName"] = "NrSer" },
        ["config"] = new JsonObject { ["version"] = "2.0", ["logicalId"] = id },
    });

    private static (string, string) File(string path, JsonObject content) => (path, content.ToJsonString(s_indented) + "\n");

    private sealed record Page(string Name, string Title, IReadOnlyList<Visual> Visuals);

    private sealed record Visual(
        string Type, int X, int Y, int Width, int Height, params IReadOnlyList<(string Role, string Table, string Name, bool IsMeasure)> Fields)
    {
        public JsonObject ToJson(string name, int order)
        {
            var roles = new JsonObject();
            foreach (string role in Fields.Select(shown => shown.Role).Distinct(StringComparer.Ordinal))
            {
                roles[role] = new JsonObject
                {
                    ["projections"] = new JsonArray([.. Fields.Where(shown => shown.Role == role).Select(field => (JsonNode)new JsonObject
                    {
                        ["field"] = new JsonObject
                        {
                            [field.IsMeasure ? "Measure" : "Column"] = new JsonObject
                            {
                                ["Expression"] = new JsonObject { ["SourceRef"] = new JsonObject { ["Entity"] = field.Table } },
                                ["Property"] = field.Name,
                            },
                        },
                        ["queryRef"] = $"{field.Table}.{field.Name}", ["nativeQueryRef"] = field.Name,
                    })]),
                };
            }

            return new JsonObject
            {
                ["name"] = name,
                ["position"] = new JsonObject
                {
                    ["x"] = X, ["y"] = Y, ["z"] = order, ["height"] = Height, ["width"] = Width, ["tabOrder"] = order,
                },
                ["visual"] = new JsonObject { ["visualType"] = Type, ["query"] = new JsonObject { ["queryState"] = roles } },
            };
        }
    }
}
