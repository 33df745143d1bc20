using System.Text.Json;

namespace NrSer.Testing;

/// <summary>Which fields a JSON document has and what they hold, whatever their values.</summary>
public static class JsonShape
{
    /// <summary>A line for each field with the kinds of its values; what lies in an array counts as one.</summary>
    /// <param name="documents">Of one form.</param>
    public static string Of(params IEnumerable<JsonElement> documents)
    {
        var order = new List<string>();
        var kinds = new Dictionary<string, SortedSet<string>>(StringComparer.Ordinal);
        foreach (JsonElement document in documents)
            Add("", document);
        return string.Concat(order.Select(path => $"{path}: {string.Join(" or ", kinds[path])}\n"));

        void Add(string path, JsonElement value)
        {
            if (value.ValueKind == JsonValueKind.Object)
            {
                foreach (JsonProperty property in value.EnumerateObject())
                    Add($"{path}.{property.Name}", property.Value);
                return;
            }

            if (value.ValueKind == JsonValueKind.Array)
            {
                foreach (JsonElement item in value.EnumerateArray())
                    Add($"{path}[]", item);
                return;
            }

            if (kinds.TryAdd(path, new SortedSet<string>(StringComparer.Ordinal)))
                order.Add(path);
            kinds[path].Add(value.ValueKind is JsonValueKind.True or JsonValueKind.False ? "bool" : value.ValueKind.ToString().ToLowerInvariant());
        }
    }
}
