using System.Text.Json;

namespace NrSer.Core.Models;

/// <summary>One input or output.</summary>
/// <param name="Name">Its name in the graph.</param>
/// <param name="Type"><c>float32</c>, the only type the ports speak.</param>
/// <param name="Shape">A number for a fixed axis, a word for a free one.</param>
public sealed record TensorEntry(string Name, string Type, IReadOnlyList<JsonElement> Shape)
{
    /// <summary>The axes as ONNX Runtime reports them: −1 where free.</summary>
    public int[] Axes() => [.. Shape.Select(axis => axis.ValueKind == JsonValueKind.Number ? axis.GetInt32() : -1)];
}
