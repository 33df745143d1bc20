using System.Numerics.Tensors;

namespace NrSer.Core.Signal;

/// <summary>A power spectrogram of a quarter of the frames, each the mean of four.</summary>
public static class MeanPower
{
    private const int FramesAveraged = 4; // as the SNR-level block's network for speech was trained: 25 ms at hops of 100 samples and 16 kHz

    /// <summary>⌊frames / 4⌋: up to three frames that are left at the end count nowhere.</summary>
    /// <param name="frames">Of the STFT.</param>
    public static int FramesOf(int frames) => frames / FramesAveraged;

    /// <summary>P[t, k] = ¼ Σ_i |X[4t + i, k]|², i from 0 to 3.</summary>
    /// <param name="re">Real parts of X, [frames, bins].</param>
    /// <param name="im">Imaginary parts, as long.</param>
    /// <param name="bins">How many bins there are.</param>
    /// <param name="power">Receives P, [⌊frames / 4⌋, bins].</param>
    /// <exception cref="ArgumentException">The lengths do not match.</exception>
    public static void Compute(ReadOnlySpan<float> re, ReadOnlySpan<float> im, int bins, Span<float> power)
    {
        if (re.Length != im.Length || power.Length != FramesOf(re.Length / bins) * bins)
            throw new ArgumentException($"{re.Length} and {im.Length} values of {bins} bins do not make {power.Length} means.", nameof(power));
        power.Clear();
        for (int first = 0; first < power.Length; first += bins)
        {
            Span<float> mean = power.Slice(first, bins);
            for (int i = 0; i < FramesAveraged; i++)
            {
                int frame = (FramesAveraged * first) + (i * bins);
                ReadOnlySpan<float> real = re.Slice(frame, bins), imaginary = im.Slice(frame, bins);
                TensorPrimitives.MultiplyAdd(real, real, mean, mean);
                TensorPrimitives.MultiplyAdd(imaginary, imaginary, mean, mean);
            }
        }

        TensorPrimitives.Divide(power, FramesAveraged, power);
    }
}
