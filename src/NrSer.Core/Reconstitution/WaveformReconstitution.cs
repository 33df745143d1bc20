using System.Numerics.Tensors;
using NrSer.Core.Snr;

namespace NrSer.Core.Reconstitution;

/// <summary>Mixes original and enhanced speech by how clean the original was, so that what scores as clean stays as it is.</summary>
public static class WaveformReconstitution
{
    /// <summary>One weight for all samples.</summary>
    /// <remarks>y[n] = s·x[n] + (1 − s)·x̂[n]; arXiv 2309.01164, waveform reconstitution.</remarks>
    /// <param name="noisy">x, shape [samples], mono PCM.</param>
    /// <param name="enhanced">x̂, shape [samples].</param>
    /// <param name="weight">s.</param>
    /// <param name="output">Receives y; may be <paramref name="enhanced"/>. Not clipped: y may leave [−1, 1] as x does.</param>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static void Blend(ReadOnlySpan<float> noisy, ReadOnlySpan<float> enhanced, MixWeight weight, Span<float> output)
    {
        RequireEqualLengths(noisy.Length, enhanced.Length, output.Length);
        TensorPrimitives.Multiply(enhanced, 1 - weight.Value, output);
        TensorPrimitives.MultiplyAdd(noisy, weight.Value, output, output);
    }

    /// <summary>A weight per segment; where it changes, it slides linearly over a cross-fade centred on the border.</summary>
    /// <param name="noisy">x, shape [samples].</param>
    /// <param name="enhanced">x̂, shape [samples].</param>
    /// <param name="starts">First sample of each segment, rising; the first weight also counts before it, the last to the end.</param>
    /// <param name="weights">s of each segment; as many as starts, at least one.</param>
    /// <param name="fadeSamples">Length of a cross-fade, shorter than any segment.</param>
    /// <param name="output">Receives y; may be <paramref name="enhanced"/>.</param>
    /// <exception cref="ArgumentException">The lengths differ, or there is no segment.</exception>
    public static void Blend(
        ReadOnlySpan<float> noisy, ReadOnlySpan<float> enhanced, ReadOnlySpan<int> starts, ReadOnlySpan<MixWeight> weights, int fadeSamples,
        Span<float> output)
    {
        RequireEqualLengths(noisy.Length, enhanced.Length, output.Length);
        if (weights.IsEmpty || weights.Length != starts.Length)
            throw new ArgumentException($"{starts.Length} segments and {weights.Length} weights do not match.", nameof(weights));

        int at = 0;
        for (int i = 0; i < weights.Length; i++)
        {
            int border = i + 1 < starts.Length ? starts[i + 1] : noisy.Length;
            bool fades = i + 1 < starts.Length && weights[i] != weights[i + 1];
            int steadyUntil = fades ? border - (fadeSamples / 2) : border;
            Blend(noisy[at..steadyUntil], enhanced[at..steadyUntil], weights[i], output[at..steadyUntil]);
            at = steadyUntil;
            if (!fades)
                continue;
            float from = weights[i].Value, slope = (weights[i + 1].Value - from) / fadeSamples;
            for (int n = 0; n < fadeSamples; n++, at++)
                output[at] = enhanced[at] + ((from + (slope * (n + 0.5f))) * (noisy[at] - enhanced[at]));
        }
    }

    private static void RequireEqualLengths(int noisy, int enhanced, int output)
    {
        if (noisy != enhanced || noisy != output)
            throw new ArgumentException($"{noisy} original, {enhanced} enhanced and {output} mixed samples do not match.", nameof(enhanced));
    }
}
