using NrSer.Core.Segmentation;
using NrSer.Core.Snr;

namespace NrSer.Core.Reconstitution;

/// <summary>One segment with what enhancement revealed of it.</summary>
/// <param name="Span">Where it lies in its chunk.</param>
/// <param name="Score">S.</param>
/// <param name="Weight">S′.</param>
/// <param name="IsSpeech">Whether it passed the noise-only gate; only such segments get an emotion.</param>
public sealed record ScoredSegment(SegmentSpan Span, SnrScore Score, MixWeight Weight, bool IsSpeech);
