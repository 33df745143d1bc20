using CommunityToolkit.HighPerformance.Buffers;
using NrSer.Core.Models;

namespace NrSer.Core.Snr;

/// <summary>Scores how clean a segment was, from what enhancement changed.</summary>
/// <remarks>arXiv 2309.01164: similarities per bin → one dense layer → S; or the public code's form, similarities per frame → a small transformer →
/// S.</remarks>
public sealed class SnrLevelBlock
{
    private readonly OnnxModel _model;
    private readonly SnrFeatures _features;
    private readonly float _enhancedUpTo;
    private readonly float _originalFrom;

    /// <param name="model">A model of kind <see cref="ModelKind.SnrLevel"/>; stays the caller's.</param>
    /// <exception cref="ArgumentException">The model is of another kind.</exception>
    public SnrLevelBlock(OnnxModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        SnrLevelEntry entry = model.Entry.SnrLevel ?? throw new ArgumentException($"'{model.Entry.Name}' is no SNR-level block.", nameof(model));
        _model = model;
        _features = new SnrFeatures(model.Entry.Stft!, entry.Similarity, entry.HighPassHz);
        NoiseThreshold = entry.NoiseThreshold;
        KeptEnergyThresholdDb = entry.KeptEnergyThresholdDb;
        (_enhancedUpTo, _originalFrom) = entry.MixRange is [var low, var high] ? (low, high) : (0, 1);
    }

    /// <summary>Below this score a segment holds no speech.</summary>
    public float NoiseThreshold { get; }

    /// <summary>Of which the enhancer kept less than this, in dB, holds no speech either; null when the score decides alone.</summary>
    public float? KeptEnergyThresholdDb { get; }

    /// <summary>S′ = clamp((S − low) / (high − low), 0, 1) with the entry's mix range; the paper's is (0, 1).</summary>
    /// <param name="score">S.</param>
    public MixWeight Weigh(SnrScore score) => MixWeight.Clamp((score.Value - _enhancedUpTo) / (_originalFrom - _enhancedUpTo));

    /// <summary>The gate: both S and the energy that the enhancer kept reach the entry's thresholds.</summary>
    /// <param name="score">S.</param>
    /// <param name="keptDb">As <see cref="Score"/> found it; what is not a number does not pass.</param>
    public bool Passes(SnrScore score, double keptDb) =>
        score.Value >= NoiseThreshold && (KeptEnergyThresholdDb is not { } leastDb || keptDb >= leastDb);

    /// <summary>S of one segment, and <see cref="KeptEnergy"/> in dB: both of what lies above the entry's high-pass, where it has one.</summary>
    /// <param name="original">x, [samples], longer than half a frame.</param>
    /// <param name="enhanced">x̂, [samples].</param>
    /// <exception cref="ArgumentException">The lengths differ or are too short.</exception>
    public (SnrScore Score, double KeptDb) Score(ReadOnlySpan<float> original, ReadOnlySpan<float> enhanced)
    {
        int features = _features.CountOf(original.Length);
        using MemoryOwner<float> similarity = MemoryOwner<float>.Allocate(features), score = MemoryOwner<float>.Allocate(1);
        double keptDb = _features.Compute(original, enhanced, similarity.Span);
        _model.Run(similarity.Span, _features.IsByBin ? [1, features] : [1, features / 2, 2], (score.Memory, [1]));
        return (new SnrScore(score.Span[0]), keptDb);
    }
}
