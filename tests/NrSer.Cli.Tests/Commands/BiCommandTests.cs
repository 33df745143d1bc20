using System.Text.Json;
using System.Text.RegularExpressions;
using Json.Schema;
using NrSer.Cli.Bi;
using NrSer.Cli.Tests.Processes;
using NrSer.Pipeline.Lake;

namespace NrSer.Cli.Tests.Commands;

public sealed partial class BiCommandTests : IDisposable
{
    private const string Account = "https://nrserresults.blob.core.windows.net";

    private readonly Scratch _files = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => _files.Dispose();

    [Fact]
    public async Task Write_PowerBi_IsWhatItsSchemasDemand()
    {
        (await WriteAsync("powerbi")).Succeeded();
        var build = new BuildOptions { SchemaRegistry = new SchemaRegistry() };
        string[] first = ["semanticQuery", "formattingObjectDefinitions"]; // others refer to them
        var schemas = Directory.EnumerateFiles(Path.Combine(AppContext.BaseDirectory, "Schemas"), "*.json")
            .OrderByDescending(file => file.Contains(first[0], StringComparison.Ordinal))
            .ThenByDescending(file => file.Contains(first[1], StringComparison.Ordinal))
            .Select(file => JsonSchema.FromFile(file, build)).ToDictionary(schema => schema.BaseUri);
        var options = new EvaluationOptions { OutputFormat = OutputFormat.List };

        string[] checkedFiles = [.. Directory.EnumerateFiles(_files["out"], "*", SearchOption.AllDirectories)
            .Where(file => !file.EndsWith(".tmdl", StringComparison.Ordinal))];
        Assert.Equal(3, checkedFiles.Count(file => Path.GetFileName(file) == "page.json"));
        foreach (string file in checkedFiles)
        {
            using JsonDocument document = JsonDocument.Parse(await File.ReadAllTextAsync(file, Stop));
            JsonSchema schema = schemas[new Uri(document.RootElement.GetProperty("$schema").GetString()!)];
            EvaluationResults results = schema.Evaluate(document.RootElement, options);
            Assert.True(results.IsValid, $"{file}: {string.Join("; ", results.Details!.Where(detail => detail.Errors is { Count: > 0 })
                .Select(detail => $"{detail.InstanceLocation} {string.Join(", ", detail.Errors!.Values)}"))}");
        }
    }

    [Fact]
    public async Task Write_PowerBi_HasEveryColumnAndNoField_ThatIsNone()
    {
        (await WriteAsync("powerbi")).Succeeded();
        var known = new HashSet<(string Table, string Name, bool IsMeasure)>();
        foreach (LakeTable table in LakeTable.All)
        {
            string tmdl = await File.ReadAllTextAsync(_files[$"out/NrSer.SemanticModel/definition/tables/{table.Name}.tmdl"], Stop);
            string[] columns = [.. ColumnPattern().Matches(tmdl).Select(match => match.Groups["name"].Value)];
            Assert.Equal(PowerBiModel.ColumnsOf(table).Select(column => column.Column.Name), columns);
            Assert.Equal(columns, SourcePattern().Matches(tmdl).Select(match => match.Groups["name"].Value));
            Assert.All(tmdl.Split('\n'), line => Assert.False(line.StartsWith(' '), line)); // TMDL is indented by tabs
            known.UnionWith(columns.Select(column => (table.Name, column, false)));
            known.UnionWith(MeasurePattern().Matches(tmdl).Select(match => (table.Name, match.Groups["name"].Value, true)));
        }

        Assert.Equal(PowerBiModel.Measures.Count, known.Count(field => field.IsMeasure));
        Assert.All(PowerBiReport.Fields, field => Assert.Contains(field, known));
        string relationships = await File.ReadAllTextAsync(_files["out/NrSer.SemanticModel/definition/relationships.tmdl"], Stop);
        foreach (string end in RelationPattern().Matches(relationships).Select(match => match.Groups["column"].Value))
            Assert.Contains((end.Split('.')[0], end.Split('.')[1], false), known);

        // What is said of emotions counts reportable segments alone.
        Assert.All(PowerBiModel.Measures.Where(measure => measure.Table == "segments"), measure => Assert.True(
            measure.Expression.Contains("segments[IsReportable] = TRUE()", StringComparison.Ordinal)
            || measure.Expression.Contains("[Reportable Hours]", StringComparison.Ordinal), measure.Name));
        Assert.All(PowerBiModel.Measures.Where(measure => measure.Expression.Contains("[Arousal]") || measure.Expression.Contains("[Valence]")),
            measure => Assert.StartsWith("IF(CALCULATE(DISTINCTCOUNTNOBLANK(segments[RatingScale])", measure.Expression, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Write_Excel_HasAQueryPerTableWithItsColumns()
    {
        (await WriteAsync("excel")).Succeeded();
        foreach (LakeTable table in LakeTable.All)
        {
            string query = await File.ReadAllTextAsync(_files[$"out/{table.Name}.pq"], Stop);
            Assert.Contains($"LakeAddress = \"{Account}\"", query, StringComparison.Ordinal);
            Assert.All(table.Columns, column => Assert.Contains($"{{\"{column.Name}\", ", query, StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task Write_Grafana_IsWhatItsSchemaDemands()
    {
        (await WriteAsync("grafana")).Succeeded();
        JsonSchema schema = JsonSchema.FromFile(
            Path.Combine(AppContext.BaseDirectory, "Schemas", "Grafana", "dashboard.jsonschema.json"),
            new BuildOptions { SchemaRegistry = new SchemaRegistry() });
        using JsonDocument dashboard = JsonDocument.Parse(await File.ReadAllTextAsync(_files["out/nrser-grafana.json"], Stop));
        EvaluationResults results = schema.Evaluate(dashboard.RootElement, new EvaluationOptions { OutputFormat = OutputFormat.List });
        Assert.True(results.IsValid, string.Join("; ", results.Details!.Where(detail => detail.Errors is { Count: > 0 })
            .Select(detail => $"{detail.InstanceLocation} {string.Join(", ", detail.Errors!.Values)}")));
    }

    [Fact]
    public async Task Write_Grafana_AsksForWhatTheApiDescribes()
    {
        (await WriteAsync("grafana")).Succeeded();
        using JsonDocument dashboard = JsonDocument.Parse(await File.ReadAllTextAsync(_files["out/nrser-grafana.json"], Stop));
        using JsonDocument api = JsonDocument.Parse(
            await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "Stated", "openapi.v1.json"), Stop));
        JsonElement[] targets = [.. dashboard.RootElement.GetProperty("panels").EnumerateArray().Select(panel => panel.GetProperty("targets")[0])];
        Assert.Equal(8, targets.Length);
        foreach (JsonElement target in targets)
        {
            string[] url = target.GetProperty("url").GetString()!.Split('?');
            JsonElement operation = api.RootElement.GetProperty("paths").GetProperty(url[0]).GetProperty("get");
            HashSet<string> known =
                [.. operation.GetProperty("parameters").EnumerateArray().Select(parameter => parameter.GetProperty("name").GetString()!)];
            Assert.All(url[1].Split('&'), pair => Assert.Contains(pair.Split('=')[0], known));
            JsonElement answer = operation.GetProperty("responses").GetProperty("200").GetProperty("content").GetProperty("application/json")
                .GetProperty("schema");
            if (target.GetProperty("root_selector").GetString() is { Length: > 0 } root)
                answer = Field(api.RootElement, answer, root).GetProperty("items");
            foreach (JsonElement column in target.GetProperty("columns").EnumerateArray())
            {
                JsonElement field = answer;
                foreach (string name in column.GetProperty("selector").GetString()!.Split('.'))
                    field = Field(api.RootElement, field, name);
                string types = field.GetProperty("type").GetRawText();
                Assert.Equal(
                    column.GetProperty("type").GetString() == "number",
                    types.Contains("number", StringComparison.Ordinal) || types.Contains("integer", StringComparison.Ordinal));
            }
        }
    }

    /// <summary>The schema of a field of an object; of a dictionary, that of its values.</summary>
    private static JsonElement Field(JsonElement document, JsonElement schema, string name)
    {
        if (schema.TryGetProperty("$ref", out JsonElement named))
            schema = document.GetProperty("components").GetProperty("schemas").GetProperty(named.GetString()!.Split('/')[^1]);
        return schema.TryGetProperty("additionalProperties", out JsonElement values) ? values : schema.GetProperty("properties").GetProperty(name);
    }

    [Fact]
    public async Task Write_Again_NeedsForce()
    {
        (await WriteAsync("fabric")).Succeeded();
        Assert.Contains("--force", (await WriteAsync("fabric")).Refused(2), StringComparison.Ordinal);
        (await WriteAsync("fabric", "--force")).Succeeded();
        Assert.Contains(
            "nrser lake copy", (await Nrser.RunAsync("bi", "write", "excel", "--out", _files["other"], "--lake", _files["none"])).Refused(2),
            StringComparison.Ordinal);
    }

    private Task<Outcome> WriteAsync(string tool, params string[] more) =>
        Nrser.RunAsync(["bi", "write", tool, "--out", _files["out"], "--lake", Account, .. more]);

    [GeneratedRegex(@"^\tcolumn (?<name>\w+)$", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex ColumnPattern();

    [GeneratedRegex(@"^\t\tsourceColumn: (?<name>\w+)$", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex SourcePattern();

    [GeneratedRegex(@"^\tmeasure '(?<name>[^']+)' = ", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex MeasurePattern();

    [GeneratedRegex(@"Column: (?<column>\w+\.\w+)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex RelationPattern();
}
