namespace NrSer.Evaluation.Fitting;

/// <summary>What was seen of an excerpt.</summary>
/// <param name="Similarity">Of x and x̂, for each bin.</param>
/// <param name="KeptDb">Energy that the enhancer kept.</param>
/// <param name="BestWeight">The share of x in the mix that is nearest to the clean speech, in [0, 1]; NaN for noise alone.</param>
internal sealed record SnrObservation(float[] Similarity, double KeptDb, double BestWeight)
{
    /// <summary>S = w·sim + b.</summary>
    public double Score((double[] Weights, double Bias) block)
    {
        double sum = block.Bias;
        for (int i = 0; i < Similarity.Length; i++)
            sum += block.Weights[i] * Similarity[i];
        return sum;
    }

    /// <summary>argmin over w in [0, 1] of |s − (w·x + (1 − w)·x̂)|²; 1 where nothing was changed.</summary>
    public static double BestWeightOf(ReadOnlySpan<float> clean, ReadOnlySpan<float> original, ReadOnlySpan<float> enhanced)
    {
        double along = 0, square = 0;
        for (int i = 0; i < clean.Length; i++)
        {
            double change = original[i] - (double)enhanced[i];
            along += (clean[i] - (double)enhanced[i]) * change;
            square += change * change;
        }

        return square > 0 ? Math.Clamp(along / square, 0, 1) : 1;
    }
}
