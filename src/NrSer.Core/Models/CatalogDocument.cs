namespace NrSer.Core.Models;

/// <summary>The file <c>catalog.json</c> as a whole.</summary>
internal sealed record CatalogDocument(int Schema, CatalogDefaults Defaults, IReadOnlyList<ModelEntry> Models);

/// <summary>The model of each slot when options name none. A catalogue of installed models may leave some to the program's own.</summary>
internal sealed record CatalogDefaults(string? Enhancer = null, string? SnrLevel = null, string? Emotion = null)
{
    /// <summary>The default of a slot.</summary>
    public string? Of(ModelKind kind) => kind switch
    {
        ModelKind.Enhancer => Enhancer,
        ModelKind.SnrLevel => SnrLevel,
        ModelKind.Emotion => Emotion,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "No such slot."),
    };
}
