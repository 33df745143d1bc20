using System.Text.Json;

namespace NrSer.Core.Models;

/// <summary>One input or output.</summary>
/// <param name="Name">Its name in the graph.</param>
/// <param name="Type"><c>float32</c>, the only type the ports speak.</param>
/// <param name="Shape">A number for a fixed axis, a word for a free one.</param>
public sealed record TensorEntry(string Name, string Type, IReadOnlyList<JsonElement> Shape)
{
    /// <summary>The length of an axis that may have any.</summary>
    public const int Free = -1;

    /// <summary>Whether every axis is a word or a length.</summary>
    internal bool HasValidShape => Shape.All(axis =>
        axis.ValueKind == JsonValueKind.String || (axis.ValueKind == JsonValueKind.Number && axis.TryGetInt32(out int length) && length > 0));

    /// <summary>The axes as ONNX Runtime reports them: <see cref="Free"/> where any length goes.</summary>
    public int[] Axes() => [.. Shape.Select(axis => axis.ValueKind == JsonValueKind.Number ? axis.GetInt32() : Free)];
}
