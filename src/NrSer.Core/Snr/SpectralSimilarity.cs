using CommunityToolkit.HighPerformance.Buffers;
using NrSer.Core.Signal;

namespace NrSer.Core.Snr;

/// <summary>How far original and enhanced spectrogram agree, bin by bin or frame by frame.</summary>
public static class SpectralSimilarity
{
    private const int BlockFrames = 64; // a multiple of any vector's lanes and of 4; both spectrograms of a block stay in the cache
    private const double Epsilon = 1e-8; // as the SNR-level block was trained; keeps silent bins at 0

    /// <summary>sim[f, p] = Σ_t X·X̂ / (‖X‖·‖X̂‖ + ε) for p = real part, imaginary part, with both signals at a mean power of 1.</summary>
    /// <remarks>arXiv 2309.01164, SNR-level detection block.</remarks>
    /// <param name="stft">The framing the SNR-level block was trained with.</param>
    /// <param name="original">x, [samples], longer than half a frame.</param>
    /// <param name="enhanced">x̂, [samples].</param>
    /// <param name="similarity">Receives [2 · bins] values in [−1, 1]: the real parts' first, then the imaginary parts'.</param>
    /// <param name="power">
    /// Receives <see cref="MeanPower"/> of x, then of x̂, at their own levels: [2, ⌊frames / 4⌋, bins]. Empty where nobody asks for it.
    /// </param>
    /// <exception cref="ArgumentException">The lengths do not match.</exception>
    public static void Compute(
        Stft stft, ReadOnlySpan<float> original, ReadOnlySpan<float> enhanced, Span<float> similarity, Span<float> power = default)
    {
        ArgumentNullException.ThrowIfNull(stft);
        int bins = stft.Parameters.Bins;
        double level = CheckedLevel(original, enhanced, similarity, bins, "bins");
        int frames = stft.Parameters.FramesOf(original.Length), block = Math.Min(frames, BlockFrames);
        if (!power.IsEmpty && power.Length != 2 * MeanPower.FramesOf(frames) * bins)
            throw new ArgumentException($"{frames} frames have no {power.Length} values of power.", nameof(power));
        Span<float> xPower = power[..(power.Length / 2)], yPower = power[(power.Length / 2)..];
        using SpanOwner<float> spectra = SpanOwner<float>.Allocate(4 * block * bins);
        using SpanOwner<double> sums = SpanOwner<double>.Allocate(6 * bins, AllocationMode.Clear);
        for (int first = 0; first < frames; first += block)
        {
            int plane = Math.Min(block, frames - first) * bins;
            Span<float> x = spectra.Span[..(2 * plane)], y = spectra.Span.Slice(2 * plane, 2 * plane);
            stft.Forward(original, first, x[..plane], x[plane..]);
            stft.Forward(enhanced, first, y[..plane], y[plane..]);
            Accumulate(x[..plane], y[..plane], sums.Span[..(3 * bins)]);
            Accumulate(x[plane..], y[plane..], sums.Span[(3 * bins)..]);
            if (power.IsEmpty)
                continue;
            Range means = (MeanPower.FramesOf(first) * bins)..(MeanPower.FramesOf(first + (plane / bins)) * bins);
            MeanPower.Compute(x[..plane], x[plane..], bins, xPower[means]);
            MeanPower.Compute(y[..plane], y[plane..], bins, yPower[means]);
        }

        for (int part = 0; part < 2; part++)
        {
            Span<double> product = sums.Span.Slice(3 * part * bins, bins), xx = sums.Span.Slice(((3 * part) + 1) * bins, bins);
            Span<double> yy = sums.Span.Slice(((3 * part) + 2) * bins, bins);
            for (int bin = 0; bin < bins; bin++)
                similarity[(part * bins) + bin] = (float)(level * product[bin] / ((level * Math.Sqrt(xx[bin] * yy[bin])) + Epsilon));
        }
    }

    /// <summary>sim[t, p] = Σ_f X·X̂ / max(‖X‖·‖X̂‖, ε) for p = real part, imaginary part, with both signals at a mean power of 1.</summary>
    /// <remarks>
    /// The public code of arXiv 2309.01164 (yuwchen/NRSER). A frame that is symmetrical by reflection, at either end, has no imaginary part: its
    /// similarity there is that of two rounding errors.
    /// </remarks>
    /// <param name="stft">The framing the SNR-level block was trained with.</param>
    /// <param name="original">x, [samples], longer than half a frame.</param>
    /// <param name="enhanced">x̂, [samples].</param>
    /// <param name="similarity">Receives [frames, 2] values in [−1, 1].</param>
    /// <exception cref="ArgumentException">The lengths do not match.</exception>
    public static void ComputeByFrame(Stft stft, ReadOnlySpan<float> original, ReadOnlySpan<float> enhanced, Span<float> similarity)
    {
        ArgumentNullException.ThrowIfNull(stft);
        int bins = stft.Parameters.Bins, frames = stft.Parameters.FramesOf(original.Length);
        double level = CheckedLevel(original, enhanced, similarity, frames, "frames");
        using SpanOwner<float> spectra = SpanOwner<float>.Allocate(4 * bins);
        Span<float> x = spectra.Span[..(2 * bins)], y = spectra.Span[(2 * bins)..];
        for (int frame = 0; frame < frames; frame++)
        {
            stft.Forward(original, frame, x[..bins], x[bins..]);
            stft.Forward(enhanced, frame, y[..bins], y[bins..]);
            for (int part = 0; part < 2; part++)
            {
                double product = 0, xx = 0, yy = 0;
                for (int bin = part * bins; bin < (part + 1) * bins; bin++)
                {
                    product += x[bin] * (double)y[bin];
                    xx += x[bin] * (double)x[bin];
                    yy += y[bin] * (double)y[bin];
                }

                similarity[(2 * frame) + part] = (float)(level * product / Math.Max(level * Math.Sqrt(xx * yy), Epsilon));
            }
        }
    }

    /// <summary>The product of both levels, after checking the lengths.</summary>
    private static double CheckedLevel(ReadOnlySpan<float> original, ReadOnlySpan<float> enhanced, Span<float> similarity, int count, string what)
    {
        if (original.Length != enhanced.Length)
            throw new ArgumentException($"{enhanced.Length} enhanced samples do not match {original.Length} original ones.", nameof(enhanced));
        if (similarity.Length != 2 * count)
            throw new ArgumentException($"{count} {what} have {2 * count} similarities, not {similarity.Length}.", nameof(similarity));
        return (SignalLevel.Normaliser(original) ?? 0) * (double)(SignalLevel.Normaliser(enhanced) ?? 0);
    }

    /// <summary>Adds Σ_t X·X̂, Σ_t X² and Σ_t X̂² of some frames to the running sums, [3, bins].</summary>
    private static void Accumulate(ReadOnlySpan<float> x, ReadOnlySpan<float> y, Span<double> sums)
    {
        int bins = sums.Length / 3;
        Span<double> product = sums[..bins], xx = sums.Slice(bins, bins), yy = sums[(2 * bins)..];
        for (int frame = 0; frame < x.Length; frame += bins)
        {
            ReadOnlySpan<float> xs = x.Slice(frame, bins), ys = y.Slice(frame, bins);
            for (int bin = 0; bin < bins; bin++)
            {
                double a = xs[bin], b = ys[bin];
                product[bin] += a * b;
                xx[bin] += a * a;
                yy[bin] += b * b;
            }
        }
    }
}
