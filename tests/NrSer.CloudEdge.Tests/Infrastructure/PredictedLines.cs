using System.Text.Json;
using System.Text.RegularExpressions;

namespace NrSer.CloudEdge.Tests.Infrastructure;

/// <summary>A prediction as lines that somebody can read and compare.</summary>
internal static partial class PredictedLines
{
    /// <summary>Lines, below the resource that they are of.</summary>
    /// <param name="lines">Of one prediction, or some of them.</param>
    public static string Page((string Title, string Line)[] lines) => string.Concat(lines.GroupBy(line => line.Title, StringComparer.Ordinal)
        .Select(group => $"{group.Key}\n{string.Concat(group.Where(line => line.Line.Length > 0).Select(line => $"    {line.Line}\n"))}"));

    /// <summary>The resources and their values, each with the resource it is of; expressions are as short as one can read them, and the
    /// region that all are in is left out.</summary>
    /// <param name="prediction">What would be deployed.</param>
    public static (string Title, string Line)[] Lines(JsonElement prediction)
    {
        var lines = new List<(string, string)>();
        foreach (JsonElement resource in prediction.GetProperty("predictedResources").EnumerateArray())
        {
            string title = Short($"{resource.GetProperty("type").GetString()!["Microsoft.".Length..]} {resource.GetProperty("name").GetString()}");
            lines.Add((title, ""));
            foreach (JsonProperty property in resource.EnumerateObject())
            {
                if (property.Name is not ("id" or "type" or "name") && $"{property.Name} {property.Value}" != "location swedencentral")
                    Add(title, property.Name, property.Value);
            }
        }

        foreach (JsonProperty output in prediction.GetProperty("outputs").EnumerateObject().OrderBy(output => output.Name, StringComparer.Ordinal))
            Add("outputs", output.Name, output.Value);
        return [.. lines];

        void Add(string title, string path, JsonElement value)
        {
            if (value.ValueKind == JsonValueKind.Object)
            {
                foreach (JsonProperty property in value.EnumerateObject())
                    Add(title, $"{path}.{property.Name}", property.Value);
            }
            else if (value.ValueKind == JsonValueKind.Array)
            {
                foreach ((int index, JsonElement item) in value.EnumerateArray().Index())
                {
                    bool named = item.ValueKind == JsonValueKind.Object && item.TryGetProperty("name", out JsonElement _);
                    Add(title, $"{path}[{(named ? item.GetProperty("name").GetString() : index)}]", item);
                }
            }
            else if (!path.EndsWith("].name", StringComparison.Ordinal))
            {
                lines.Add((title, Short($"{path} = {value}")));
            }
        }
    }

    /// <summary>An expression as short as one can read it.</summary>
    /// <param name="text">The expression.</param>
    public static string Short(string text) =>
        Place().Replace(OutputOf().Replace(text, "${module}.${name}"), "")
            .Replace("00000000-0000-0000-0000-000000000000", "0", StringComparison.Ordinal);

    [GeneratedRegex(
        @"reference\(resourceId\('[0-9-]+', '[a-z-]+', 'Microsoft\.Resources/deployments', (format\('(?<module>[a-z]+)-\{0\}', "
        + @"uniqueString\('[a-z]+', deployment\(\)\.name\)\)|'(?<module>[a-z-]+)')\), '[0-9-]+'\)\.outputs\.(?<name>\w+)\.value",
        RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex OutputOf();

    [GeneratedRegex("'00000000-0000-0000-0000-000000000000', 'rg-nrser', ", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Place();
}
