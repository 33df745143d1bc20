using System.Numerics;
using NrSer.Core.Segmentation;

namespace NrSer.Evaluation.Channels;

/// <summary>What lies between two frequencies, by one Fourier transform of the whole signal.</summary>
internal static class Band
{
    private const double Edge = 0.06; // of a limit: beyond it the gain falls along half a cosine, this share of the limit wide; as in training

    /// <summary>Takes away what lies outside, without delay.</summary>
    /// <param name="signal">[samples], 16 kHz, at least one.</param>
    /// <param name="lowestHz">0 for no limit below.</param>
    /// <param name="highestHz">Above 0.</param>
    public static float[] Limit(float[] signal, double lowestHz, double highestHz)
    {
        var spectrum = new Complex[BitOperations.RoundUpToPowerOf2((uint)signal.Length)];
        for (int n = 0; n < signal.Length; n++)
            spectrum[n] = signal[n];
        Transform(spectrum);
        for (int bin = 0; bin < spectrum.Length; bin++)
        {
            double hertz = Math.Min(bin, spectrum.Length - bin) * (double)SegmentGrid.SampleRateHz / spectrum.Length;
            spectrum[bin] *= (lowestHz > 0 ? Fall(1 - (hertz / lowestHz)) : 1) * Fall((hertz / highestHz) - 1) / spectrum.Length;
        }

        Transform(spectrum); // forwards again: the inverse, backwards in time
        return [.. Enumerable.Range(0, signal.Length).Select(n => (float)spectrum[-n & (spectrum.Length - 1)].Real)];
    }

    /// <summary>1 up to a limit, 0 from an edge beyond it.</summary>
    /// <param name="beyond">Distance from the limit, as a share of it.</param>
    private static double Fall(double beyond) => 0.5 + (0.5 * Math.Cos(Math.PI * Math.Clamp(beyond / Edge, 0, 1)));

    /// <summary>X[k] = Σ x[n]·e^(−2πikn/N) in place, N a power of 2 (Cooley and Tukey 1965).</summary>
    private static void Transform(Complex[] x)
    {
        for (int n = 1, reversed = 0; n < x.Length; n++) // the samples in the order of their bits read backwards
        {
            int bit = x.Length >> 1;
            for (; (reversed & bit) != 0; bit >>= 1)
                reversed ^= bit;
            reversed ^= bit;
            if (n < reversed)
                (x[n], x[reversed]) = (x[reversed], x[n]);
        }

        Complex[] turns = [.. Enumerable.Range(0, x.Length / 2).Select(k => Complex.FromPolarCoordinates(1, -2 * Math.PI * k / x.Length))];
        for (int half = 1; half < x.Length; half *= 2)
        {
            int stride = x.Length / (2 * half);
            for (int first = 0; first < x.Length; first += 2 * half)
            {
                for (int k = 0; k < half; k++)
                {
                    Complex a = x[first + k], b = x[first + k + half] * turns[k * stride];
                    (x[first + k], x[first + k + half]) = (a + b, a - b);
                }
            }
        }
    }
}
