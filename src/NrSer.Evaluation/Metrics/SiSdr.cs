namespace NrSer.Evaluation.Metrics;

/// <summary>SI-SDR, how much of a signal is the wanted one, whatever its level.</summary>
public static class SiSdr
{
    /// <summary>10·log₁₀(‖αs‖² / ‖αs − ŝ‖²) with α = ⟨ŝ, s⟩ / ‖s‖², both signals without their means.</summary>
    /// <remarks>Le Roux, Wisdom, Erdogan, Hershey 2019, "SDR – half-baked or well done?".</remarks>
    /// <param name="reference">s, [samples].</param>
    /// <param name="estimate">ŝ, [samples].</param>
    /// <returns>In dB; +∞ for a perfect estimate, −∞ when nothing of s is in it, NaN when s is silent.</returns>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static double Decibels(ReadOnlySpan<float> reference, ReadOnlySpan<float> estimate)
    {
        if (reference.Length != estimate.Length)
            throw new ArgumentException($"{estimate.Length} samples do not match {reference.Length} of the reference.", nameof(estimate));
        double meanS = 0, meanE = 0;
        for (int i = 0; i < reference.Length; i++)
            (meanS, meanE) = (meanS + reference[i], meanE + estimate[i]);
        (meanS, meanE) = (meanS / reference.Length, meanE / reference.Length);

        double ss = 0, se = 0, ee = 0;
        for (int i = 0; i < reference.Length; i++)
        {
            double s = reference[i] - meanS, e = estimate[i] - meanE;
            ss += s * s;
            se += s * e;
            ee += e * e;
        }

        // ‖αs‖² = ⟨ŝ,s⟩²/‖s‖², and what is left of ‖ŝ‖² is distortion. Rounding may leave a hair less than nothing.
        double target = se * se / ss;
        return 10 * Math.Log10(target / Math.Max(0, ee - target));
    }
}
