using NrSer.Core.Segmentation;
using NrSer.Core.Snr;

namespace NrSer.Core.Reconstitution;

/// <summary>One segment with what enhancement revealed of it.</summary>
/// <param name="Span">Where it lies in its chunk.</param>
/// <param name="Score">S.</param>
/// <param name="Weight">S′.</param>
/// <param name="IsSpeech">
/// Whether it passed the gate, and so gets an emotion: it is no silence, and S, the energy that the enhancer kept and the log-odds of speech reach
/// those thresholds that the block has. False is noise alone or a voice too deep in it: with the embedded models a seventh of all speech at −5 dB.
/// </param>
/// <param name="IsScreened">
/// Whether the screen's word was enough, and the enhancer that is chosen did not hear it: all here is what the screen's models say.
/// </param>
public sealed record ScoredSegment(SegmentSpan Span, SnrScore Score, MixWeight Weight, bool IsSpeech, bool IsScreened = false);
