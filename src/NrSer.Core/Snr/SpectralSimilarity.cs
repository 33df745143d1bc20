using CommunityToolkit.HighPerformance.Buffers;
using NrSer.Core.Signal;

namespace NrSer.Core.Snr;

/// <summary>How far original and enhanced spectrogram agree, bin by bin.</summary>
public static class SpectralSimilarity
{
    private const double Epsilon = 1e-8; // as the SNR-level block was trained; keeps silent bins at 0

    /// <summary>sim[f, p] = Σ_t X·X̂ / (‖X‖·‖X̂‖ + ε) for p = real part, imaginary part, with both signals at a mean power of 1.</summary>
    /// <remarks>arXiv 2309.01164, SNR-level detection block.</remarks>
    /// <param name="stft">The framing the SNR-level block was trained with.</param>
    /// <param name="original">x, [samples], longer than half a frame.</param>
    /// <param name="enhanced">x̂, [samples].</param>
    /// <param name="similarity">Receives [2 · bins] values in [−1, 1]: the real parts' first, then the imaginary parts'.</param>
    /// <exception cref="ArgumentException">The lengths do not match.</exception>
    public static void Compute(Stft stft, ReadOnlySpan<float> original, ReadOnlySpan<float> enhanced, Span<float> similarity)
    {
        ArgumentNullException.ThrowIfNull(stft);
        int bins = stft.Parameters.Bins;
        if (original.Length != enhanced.Length)
            throw new ArgumentException($"{enhanced.Length} enhanced samples do not match {original.Length} original ones.", nameof(enhanced));
        if (similarity.Length != 2 * bins)
            throw new ArgumentException($"{bins} bins have {2 * bins} similarities, not {similarity.Length}.", nameof(similarity));

        double originalLevel = SignalLevel.Normaliser(original) ?? 0, enhancedLevel = SignalLevel.Normaliser(enhanced) ?? 0;
        int frames = stft.Parameters.FramesOf(original.Length), plane = frames * bins;
        using SpanOwner<float> x = SpanOwner<float>.Allocate(2 * plane), y = SpanOwner<float>.Allocate(2 * plane);
        using SpanOwner<double> sums = SpanOwner<double>.Allocate(3 * bins);
        stft.Forward(original, x.Span[..plane], x.Span[plane..]);
        stft.Forward(enhanced, y.Span[..plane], y.Span[plane..]);
        for (int part = 0; part < 2; part++)
        {
            Span<double> product = sums.Span[..bins], xx = sums.Span.Slice(bins, bins), yy = sums.Span.Slice(2 * bins, bins);
            sums.Span.Clear();
            for (int frame = 0; frame < frames; frame++)
            {
                ReadOnlySpan<float> xs = x.Span.Slice((part * plane) + (frame * bins), bins);
                ReadOnlySpan<float> ys = y.Span.Slice((part * plane) + (frame * bins), bins);
                for (int bin = 0; bin < xs.Length; bin++)
                {
                    double a = xs[bin], b = ys[bin];
                    product[bin] += a * b;
                    xx[bin] += a * a;
                    yy[bin] += b * b;
                }
            }

            double level = originalLevel * enhancedLevel;
            for (int bin = 0; bin < bins; bin++)
                similarity[(part * bins) + bin] = (float)(level * product[bin] / ((level * Math.Sqrt(xx[bin] * yy[bin])) + Epsilon));
        }
    }
}
