namespace NrSer.Pipeline.Messages;

/// <summary>One segment of a manifest.</summary>
/// <param name="StartSample">From the chunk's start, at 16 kHz.</param>
/// <param name="Samples">Length.</param>
/// <param name="SnrScore">S.</param>
/// <param name="IsSpeech">Whether it passed the gate.</param>
/// <param name="MixWeight">S′; null, as earlier versions wrote it, is clamp(S, 0, 1).</param>
public sealed record ManifestSegmentV1(int StartSample, int Samples, float SnrScore, bool IsSpeech, float? MixWeight = null);
