namespace NrSer.Core.Models;

/// <summary>The file <c>catalog.json</c> as a whole.</summary>
internal sealed record CatalogDocument(int Schema, CatalogDefaults Defaults, IReadOnlyList<ModelEntry> Models);
