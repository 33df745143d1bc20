using CommunityToolkit.HighPerformance.Buffers;
using NrSer.Core.Models;
using NrSer.Core.Segmentation;
using NrSer.Core.Signal;

namespace NrSer.Core.Snr;

/// <summary>All that is looked at of a segment: how alike original and enhanced spectrogram are, their power, how much energy was kept.</summary>
/// <param name="stft">The framing.</param>
/// <param name="axis">What similarities are told for.</param>
/// <param name="highPassHz">Both signals are heard from this frequency up; null as they are.</param>
public sealed class SnrFeatures(StftParameters stft, SimilarityAxis axis, double? highPassHz)
{
    private readonly Stft _stft = new(stft);
    private readonly HighPass? _highPass = highPassHz is { } cutoffHz ? new HighPass(cutoffHz, SegmentGrid.SampleRateHz) : null;

    /// <summary>Whether there are similarities for each bin, as many for any length.</summary>
    public bool IsByBin => axis == SimilarityAxis.Bins;

    /// <summary>How many similarities there are.</summary>
    /// <param name="samples">Of the segment.</param>
    public int CountOf(int samples) => 2 * (IsByBin ? stft.Bins : stft.FramesOf(samples));

    /// <summary>The shape of their power, [1, 2, frames, bins]: x, then x̂, <see cref="MeanPower"/> each.</summary>
    /// <param name="samples">Of the segment.</param>
    public long[] PowerShapeOf(int samples) => [1, 2, MeanPower.FramesOf(stft.FramesOf(samples)), stft.Bins];

    /// <summary>Looks at a segment.</summary>
    /// <param name="original">x, [samples], longer than half a frame.</param>
    /// <param name="enhanced">x̂, [samples].</param>
    /// <param name="similarity">Receives <see cref="CountOf"/> values in [−1, 1].</param>
    /// <param name="power">Receives the power, of <see cref="PowerShapeOf"/>; empty where nobody asks for it, and by frame.</param>
    /// <returns><see cref="KeptEnergy"/> in dB.</returns>
    /// <exception cref="ArgumentException">The lengths differ or are too short.</exception>
    public double Compute(ReadOnlySpan<float> original, ReadOnlySpan<float> enhanced, Span<float> similarity, Span<float> power = default)
    {
        if (_highPass is null)
            return ComputeHeard(original, enhanced, similarity, power);
        using SpanOwner<float> x = SpanOwner<float>.Allocate(original.Length), xHat = SpanOwner<float>.Allocate(enhanced.Length);
        _highPass.Filter(original, x.Span);
        _highPass.Filter(enhanced, xHat.Span);
        return ComputeHeard(x.Span, xHat.Span, similarity, power);
    }

    private double ComputeHeard(ReadOnlySpan<float> original, ReadOnlySpan<float> enhanced, Span<float> similarity, Span<float> power)
    {
        if (IsByBin)
            SpectralSimilarity.Compute(_stft, original, enhanced, similarity, power);
        else
            SpectralSimilarity.ComputeByFrame(_stft, original, enhanced, similarity);
        return KeptEnergy.Decibels(original, enhanced);
    }
}
