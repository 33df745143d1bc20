namespace NrSer.Evaluation.Fitting;

/// <summary>Thresholds and mix range of an SNR-level block, chosen on what was seen of excerpts that it was not fitted on.</summary>
internal static class SnrThresholds
{
    private const double KeptAtZeroDb = 0.975; // half way between 95 % and all: a few hundred excerpts tell the share within some points
    private const double UntouchedShare = 0.95; // of clean speech, which the mix leaves alone
    private const double LeastRange = 0.05; // so that S′ still slides
    private const int Steps = 26;

    /// <summary>The least S, and the least energy kept, that together keep most speech at 0 dB and reject the most noise.</summary>
    /// <param name="speech">S and dB kept, of speech at 0 dB.</param>
    /// <param name="noise">The same of noise alone.</param>
    /// <returns>No least energy where it does not help.</returns>
    public static (float LeastScore, float? LeastKeptDb) Gate((double S, double KeptDb)[] speech, (double S, double KeptDb)[] noise)
    {
        double alone = Down(Lower([.. speech.Select(take => take.S)], 1 - KeptAtZeroDb), 1000);
        (float Score, float? KeptDb) best = ((float)alone, null);
        double most = Rejected(alone, double.NegativeInfinity);
        for (int step = 0; step < Steps; step++)
        {
            double leastDb = Down(Lower([.. speech.Select(take => take.KeptDb)], (1 - KeptAtZeroDb) * step / (Steps - 1)), 100);
            double[] left = [.. speech.Where(take => take.KeptDb >= leastDb).Select(take => take.S).Order()];
            int spare = left.Length - (int)Math.Ceiling(KeptAtZeroDb * speech.Length);
            if (!double.IsFinite(leastDb) || spare < 0)
                continue;
            double least = Down(left[spare], 1000);
            if (Rejected(least, leastDb) is var rejected && rejected > most)
                (most, best) = (rejected, ((float)least, (float)leastDb));
        }

        return best;

        double Rejected(double least, double leastDb) => noise.Average(take => take.S >= least && take.KeptDb >= leastDb ? 0.0 : 1);
    }

    /// <summary>Up to which S the mix is enhanced, and from which it is the original.</summary>
    /// <param name="clean">S and the best weight of clean speech.</param>
    /// <param name="mixed">The same of mixtures.</param>
    /// <returns>
    /// From the second on most clean speech passes untouched; the first brings S′ nearest to the best weights, in least squares, clean speech
    /// counting as much as all mixtures together.
    /// </returns>
    public static (float EnhancedUpTo, float OriginalFrom) MixRange((double S, double Best)[] clean, (double S, double Best)[] mixed)
    {
        double high = Down(Quantile([.. clean.Select(take => take.S)], 1 - UntouchedShare), 100), last = high - LeastRange;
        double first = Math.Min(0, last);
        double low = Enumerable.Range(0, 1 + (int)Math.Floor(((last - first) * 100) + 1e-6)).Select(step => first + (step / 100.0)).MinBy(Error);
        return ((float)Math.Round(low, 2), (float)high);

        double Error(double from) => ErrorOf(clean, from) + ErrorOf(mixed, from);
        double ErrorOf((double S, double Best)[] takes, double from) =>
            takes.Average(take => Math.Pow(Math.Clamp((take.S - from) / (high - from), 0, 1) - take.Best, 2));
    }

    /// <summary>The S that best tells clean speech from noise alone.</summary>
    public static double Best(double[] clean, double[] noise)
    {
        double[] all = [.. clean.Concat(noise).Order()];
        return all.Zip(all.Skip(1), (lower, higher) => (lower + higher) / 2).MaxBy(threshold => Accuracy(clean, noise, threshold));
    }

    /// <summary>Mean of the share of clean speech at or above a threshold and of that of noise below it.</summary>
    public static double Accuracy(double[] clean, double[] noise, double threshold) =>
        (clean.Average(s => s >= threshold ? 1.0 : 0) + noise.Average(s => s < threshold ? 1.0 : 0)) / 2;

    private static double Down(double value, double steps) => Math.Floor(value * steps) / steps;

    private static double Lower(double[] values, double share) => values.Order().ElementAt((int)(share * (values.Length - 1)));

    private static double Quantile(double[] values, double share)
    {
        double[] sorted = [.. values.Order()];
        double place = share * (sorted.Length - 1);
        int below = (int)place;
        return sorted[below] + ((place - below) * (sorted[Math.Min(below + 1, sorted.Length - 1)] - sorted[below]));
    }
}
