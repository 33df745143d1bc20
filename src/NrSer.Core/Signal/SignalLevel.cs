using System.Numerics.Tensors;

namespace NrSer.Core.Signal;

/// <summary>How loud a signal is, accumulated in double precision.</summary>
public static class SignalLevel
{
    private const int BlockSamples = 4096; // float sums stay exact to 1e-4 dB over this many

    /// <summary>Σ x².</summary>
    /// <param name="signal">x, [samples].</param>
    public static double Energy(ReadOnlySpan<float> signal)
    {
        double energy = 0;
        for (int start = 0; start < signal.Length; start += BlockSamples)
            energy += TensorPrimitives.SumOfSquares(signal.Slice(start, Math.Min(BlockSamples, signal.Length - start)));
        return energy;
    }

    /// <summary>Mean power in dB relative to a square wave of full scale; −∞ for silence.</summary>
    /// <param name="signal">x, [samples], at least one.</param>
    public static double Dbfs(ReadOnlySpan<float> signal) => 10 * Math.Log10(Energy(signal) / signal.Length);

    /// <summary>c = √(N / Σx²), which brings a signal to a mean power of 1; null for silence, which has none.</summary>
    /// <remarks>arXiv 2309.01164: the enhancer sees c·x and its output is divided by c.</remarks>
    /// <param name="signal">x, [samples].</param>
    public static float? Normaliser(ReadOnlySpan<float> signal)
    {
        double energy = Energy(signal);
        return energy > signal.Length * 1e-14 ? (float)Math.Sqrt(signal.Length / energy) : null; // −140 dBFS: no recording is quieter
    }
}
