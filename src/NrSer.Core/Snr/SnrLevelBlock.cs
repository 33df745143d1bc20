using System.Numerics.Tensors;
using CommunityToolkit.HighPerformance.Buffers;
using NrSer.Core.Models;

namespace NrSer.Core.Snr;

/// <summary>Scores how clean a segment was, from what enhancement changed, and decides whether it holds speech.</summary>
/// <remarks>
/// arXiv 2309.01164: similarities per bin → one dense layer → S; or the public code's form, similarities per frame → a small transformer → S. The
/// gate by S is the paper's; the energy that was kept, and what a network hears in the power of x and x̂, count where the entry has thresholds.
/// </remarks>
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
        SpeechThreshold = entry.SpeechThreshold;
        (_enhancedUpTo, _originalFrom) = entry.MixRange is [var low, var high] ? (low, high) : (0, 1);
    }

    /// <summary>Below this score a segment holds no speech.</summary>
    public float NoiseThreshold { get; }

    /// <summary>Of which the enhancer kept less than this, in dB, holds no speech either; null when that does not count.</summary>
    public float? KeptEnergyThresholdDb { get; }

    /// <summary>In which the log-odds of speech are lower holds none either; null when the block does not tell them.</summary>
    public float? SpeechThreshold { get; }

    /// <summary>S′ = clamp((S − low) / (high − low), 0, 1) with the entry's mix range; the paper's is (0, 1).</summary>
    /// <param name="score">S.</param>
    public MixWeight Weigh(SnrScore score) => MixWeight.Clamp((score.Value - _enhancedUpTo) / (_originalFrom - _enhancedUpTo));

    /// <summary>The gate: S, the energy that the enhancer kept and the log-odds of speech reach those thresholds that the entry has.</summary>
    /// <param name="evidence">As <see cref="Score"/> found it; what is not a number does not pass.</param>
    public bool Passes(SegmentEvidence evidence) =>
        evidence.Score.Value >= NoiseThreshold
        && (KeptEnergyThresholdDb is not { } leastDb || evidence.KeptDb >= leastDb)
        && (SpeechThreshold is not { } leastLogOdds || evidence.SpeechLogOdds >= leastLogOdds);

    /// <summary>Looks at one segment: at what lies above the entry's high-pass, where it has one.</summary>
    /// <param name="original">x, [samples], longer than half a frame.</param>
    /// <param name="enhanced">x̂, [samples].</param>
    /// <exception cref="ArgumentException">The lengths differ or are too short.</exception>
    public SegmentEvidence Score(ReadOnlySpan<float> original, ReadOnlySpan<float> enhanced)
    {
        int features = _features.CountOf(original.Length);
        long[] powerShape = SpeechThreshold is null ? [0] : _features.PowerShapeOf(original.Length);
        using MemoryOwner<float> similarity = MemoryOwner<float>.Allocate(features), score = MemoryOwner<float>.Allocate(1);
        using MemoryOwner<float> power = MemoryOwner<float>.Allocate((int)TensorPrimitives.Product(powerShape));
        using MemoryOwner<float> speech = MemoryOwner<float>.Allocate(1);
        double keptDb = _features.Compute(original, enhanced, similarity.Span, power.Span);
        ReadOnlySpan<(Memory<float>, long[])> inputs =
            [(similarity.Memory, _features.IsByBin ? [1, features] : [1, features / 2, 2]), (power.Memory, powerShape)];
        ReadOnlySpan<(Memory<float>, long[])> outputs = [(score.Memory, [1]), (speech.Memory, [1])];
        int tensors = SpeechThreshold is null ? 1 : 2;
        _model.Run(inputs[..tensors], outputs[..tensors]);
        return new SegmentEvidence(new SnrScore(score.Span[0]), keptDb, SpeechThreshold is null ? null : speech.Span[0]);
    }
}
