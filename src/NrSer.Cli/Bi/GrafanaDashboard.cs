using System.Text.Json;
using System.Text.Json.Nodes;

namespace NrSer.Cli.Bi;

/// <summary>A Grafana dashboard over the aggregates of the API, through the data source Infinity, whose settings hold the API's address and
/// token.</summary>
internal static class GrafanaDashboard
{
    private const string Plugin = "yesoreyeram-infinity-datasource";
    private const string Days = "from=${__from:date:YYYY-MM-DD}&to=${__to:date:YYYY-MM-DD}";
    private const string Summary = $"/api/v1/summary?{Days}";
    private const int SchemaVersion = 36; // as of Grafana 9: later ones migrate it when it is opened

    private static readonly JsonSerializerOptions s_indented = new() { WriteIndented = true };

    private static readonly (string Field, string Title, string Type)[] s_emotions =
    [
        ("key", "Key", "string"), ("emotion", "Emotion", "string"), ("seconds", "Seconds", "number"), ("trust", "Trust", "number"),
    ];

    private static readonly Panel[] s_panels =
    [
        new("stat", "Recordings", 0, 0, 16, 4, Summary, "",
        [
            ("counts.Completed", "Completed", "number"), ("counts.Processing", "Processing", "number"), ("counts.Queued", "Queued", "number"),
            ("counts.Rejected", "Rejected", "number"), ("counts.Failed", "Failed", "number"), ("counts.Withdrawn", "Withdrawn", "number"),
        ]),
        new("stat", "Made by demonstration models", 16, 0, 8, 4, Summary, "", [("isDemonstration", "Demonstration", "string")]),
        new("barchart", "Audio and speech by day of upload", 0, 4, 12, 9, Summary, "days",
            [("date", "Day", "string"), ("seconds", "Audio", "number"), ("speechSeconds", "Speech", "number")]),
        new("barchart", "Reportable speech by emotion and day", 12, 4, 12, 9, EmotionsBy("day"), "rows", s_emotions) { Matrix = "Seconds" },
        new("barchart", "Reportable speech by emotion and podcast (blank: uploads)", 0, 13, 12, 9, EmotionsBy("feed"), "rows", s_emotions)
        {
            Matrix = "Seconds",
        },
        new("barchart", "Mean trust by emotion and day", 12, 13, 12, 9, EmotionsBy("day"), "rows", s_emotions) { Matrix = "Trust" },
        new("table", "Reportable speech by recording and emotion", 0, 22, 16, 10, EmotionsBy("recording"), "rows", s_emotions),
        new("stat", "The lake as of", 16, 22, 8, 10, EmotionsBy("day"), "",
            [("asOf", "Compacted (UTC)", "string"), ("isWhole", "All rows shown", "string")]),
    ];

    /// <summary>What each panel asks for, and the fields that it reads of the answer, below a root.</summary>
    public static IEnumerable<(string Title, string Url, string Root, IEnumerable<string> Fields)> Queries =>
        s_panels.Select(panel => (panel.Title, panel.Url, panel.Root, panel.Columns.Select(column => column.Field)));

    /// <summary>The dashboard, to import as it is.</summary>
    public static string Text() => new JsonObject
    {
        ["uid"] = "nrser-emotions", ["title"] = "NrSer: what was heard", ["schemaVersion"] = SchemaVersion, ["version"] = 1,
        ["description"] = "Emotions as they were heard, of reportable segments alone: speech whose emotion can be trusted by the rule of its model.",
        ["tags"] = new JsonArray("nrser"), ["timezone"] = "utc", ["editable"] = true,
        ["time"] = new JsonObject { ["from"] = "now-90d", ["to"] = "now" },
        ["annotations"] = new JsonObject { ["list"] = new JsonArray() },
        ["templating"] = new JsonObject
        {
            ["list"] = new JsonArray(new JsonObject
            {
                ["name"] = "source", ["label"] = "Data source", ["type"] = "datasource", ["query"] = Plugin, ["hide"] = 0,
            }),
        },
        ["panels"] = new JsonArray([.. s_panels.Select((panel, index) => (JsonNode)panel.ToJson(index + 1))]),
    }.ToJsonString(s_indented) + "\n";

    private static string EmotionsBy(string key) => $"/api/v1/query/emotions?{Days}&groupBy={key}";

    private sealed record Panel(
        string Type, string Title, int X, int Y, int Width, int Height, string Url, string Root,
        params IReadOnlyList<(string Field, string Title, string Type)> Columns)
    {
        /// <summary>The column to show of each emotion, a row a key; null to show the rows as they are.</summary>
        public string? Matrix { get; init; }

        public JsonObject ToJson(int id) => new()
        {
            ["id"] = id, ["type"] = Type, ["title"] = Title, ["datasource"] = Source(),
            ["gridPos"] = new JsonObject { ["x"] = X, ["y"] = Y, ["w"] = Width, ["h"] = Height },
            ["targets"] = new JsonArray(new JsonObject
            {
                ["refId"] = "A", ["datasource"] = Source(), ["type"] = "json", ["source"] = "url", ["parser"] = "backend", ["format"] = "table",
                ["url"] = Url, ["url_options"] = new JsonObject { ["method"] = "GET", ["data"] = "" }, ["root_selector"] = Root,
                ["columns"] = new JsonArray([.. Columns.Select(column => (JsonNode)new JsonObject
                {
                    ["selector"] = column.Field, ["text"] = column.Title, ["type"] = column.Type,
                })]),
                ["filters"] = new JsonArray(),
            }),
            ["transformations"] = Matrix is null ? new JsonArray() : new JsonArray(new JsonObject
            {
                ["id"] = "groupingToMatrix",
                ["options"] = new JsonObject { ["columnField"] = "Emotion", ["rowField"] = "Key", ["valueField"] = Matrix },
            }),
            ["fieldConfig"] = new JsonObject
            {
                ["defaults"] = Matrix == "Trust" ? new JsonObject { ["min"] = 0, ["max"] = 1, ["decimals"] = 2 }
                    : new JsonObject { ["unit"] = Type == "barchart" ? "s" : "none" },
                ["overrides"] = new JsonArray(),
            },
            ["options"] = Type switch
            {
                "barchart" => new JsonObject { ["stacking"] = Matrix == "Seconds" ? "normal" : "none", ["showValue"] = "never" },
                "stat" => new JsonObject
                {
                    ["reduceOptions"] = new JsonObject { ["values"] = false, ["calcs"] = new JsonArray("lastNotNull"), ["fields"] = "/.*/" },
                },
                _ => new JsonObject(),
            },
        };

        private static JsonObject Source() => new() { ["type"] = Plugin, ["uid"] = "${source}" };
    }
}
