using NrSer.Core.Emotion;
using NrSer.Core.Reconstitution;

namespace NrSer.Core;

/// <summary>A segment with all that the method says of it.</summary>
/// <param name="Segment">Place, score and gate.</param>
/// <param name="Estimate">The emotion, or null where no speech was heard.</param>
public sealed record RecognizedSegment(ScoredSegment Segment, EmotionEstimate? Estimate);
