using NrSer.Core.Signal;

namespace NrSer.Core.Snr;

/// <summary>How much of a recording the enhancer took for speech: beside S, a second sign of noise alone.</summary>
public static class KeptEnergy
{
    /// <summary>10·log₁₀(Σx̂² / Σx²).</summary>
    /// <param name="original">x, [samples].</param>
    /// <param name="enhanced">x̂, [samples].</param>
    /// <returns>In dB: near 0 for clean speech, far below for noise alone; −∞ when nothing was kept, NaN for digital silence.</returns>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static double Decibels(ReadOnlySpan<float> original, ReadOnlySpan<float> enhanced) => original.Length == enhanced.Length
        ? 10 * Math.Log10(SignalLevel.Energy(enhanced) / SignalLevel.Energy(original))
        : throw new ArgumentException($"{enhanced.Length} enhanced samples do not match {original.Length} original ones.", nameof(enhanced));
}
