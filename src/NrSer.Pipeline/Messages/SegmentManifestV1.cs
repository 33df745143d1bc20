namespace NrSer.Pipeline.Messages;

/// <summary>A chunk's segments, decided once and then read by every later run.</summary>
/// <param name="Enhancer">Model that enhanced, <c>name@version</c>.</param>
/// <param name="SnrLevel">Model that scored.</param>
/// <param name="Segments">In order of time.</param>
public sealed record SegmentManifestV1(string Enhancer, string SnrLevel, IReadOnlyList<ManifestSegmentV1> Segments);
