using NrSer.Core.Signal;

namespace NrSer.Core.Models;

/// <summary>What an SNR-level block knows about its own scale.</summary>
/// <param name="NoiseThreshold">Below this score a segment holds no speech; chosen on validation data with noisy speech.</param>
/// <param name="KeptEnergyThresholdDb">
/// A segment of which the enhancer kept less than this holds no speech, whatever its score; chosen with the score's threshold, for the
/// enhancer that the block was trained with. Null does not look at it, as in the paper.
/// </param>
/// <param name="MixRange">
/// Two scores: up to the first the mix is the enhanced signal alone, from the second the original, and between them it slides; chosen on
/// validation data for the enhancer that the block was trained with. Null is 0 and 1, S′ = clamp(S, 0, 1) as in the paper.
/// </param>
/// <param name="Similarity">What it hears.</param>
/// <param name="Enhancer">Name and version, <c>name@version</c>, of the enhancer it was trained with: what it says of another's output is not
/// true.</param>
/// <param name="HighPassHz">
/// Original and enhanced signal are scored and their energies compared without what lies below this frequency (DC, rumble), as the block was trained;
/// what is enhanced, mixed and heard keeps it. Null scores the signals as they are, as in the paper.
/// </param>
/// <param name="SpeechThreshold">
/// A segment in which the log-odds that somebody speaks are below this holds no speech, whatever its score; chosen with the other thresholds. A block
/// that has it hears the power of both signals besides, [batch, 2, frames, bins] (<see cref="MeanPower"/>), and tells these log-odds besides S,
/// [batch]. Null where it does neither, as in the paper.
/// </param>
public sealed record SnrLevelEntry(
    float NoiseThreshold, float? KeptEnergyThresholdDb = null, IReadOnlyList<float>? MixRange = null, SimilarityAxis Similarity = SimilarityAxis.Bins,
    string Enhancer = "", double? HighPassHz = null, float? SpeechThreshold = null);

/// <summary>What the similarity of original and enhanced spectrogram is told for.</summary>
public enum SimilarityAxis
{
    /// <summary>Each bin, over all frames: [batch, 2 · bins], as in arXiv 2309.01164.</summary>
    Bins,

    /// <summary>Each frame, over all bins: [batch, frames, 2], as in the paper's public code.</summary>
    Frames,
}
