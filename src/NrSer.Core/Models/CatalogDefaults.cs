namespace NrSer.Core.Models;

/// <summary>The model of each slot when options name none.</summary>
internal sealed record CatalogDefaults(string Enhancer, string SnrLevel, string Emotion);
