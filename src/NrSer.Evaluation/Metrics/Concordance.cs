namespace NrSer.Evaluation.Metrics;

/// <summary>CCC, how far two sets of ratings agree in value and not only in order.</summary>
public static class Concordance
{
    /// <summary>2·cov(a, b) / (var a + var b + (mean a − mean b)²), with moments over all items.</summary>
    /// <remarks>Lin 1989, "A concordance correlation coefficient to evaluate reproducibility".</remarks>
    /// <param name="predicted">Ratings given by the model.</param>
    /// <param name="actual">Ratings given by people, as many.</param>
    /// <returns>−1 to 1; 0 when one of the two never changes, NaN without items.</returns>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static double Coefficient(ReadOnlySpan<float> predicted, ReadOnlySpan<float> actual)
    {
        if (predicted.Length != actual.Length)
            throw new ArgumentException($"{predicted.Length} predictions do not match {actual.Length} ratings.", nameof(predicted));
        double meanA = Mean(predicted), meanB = Mean(actual), a = 0, b = 0, both = 0;
        for (int i = 0; i < predicted.Length; i++)
        {
            double da = predicted[i] - meanA, db = actual[i] - meanB;
            a += da * da;
            b += db * db;
            both += da * db;
        }

        double distance = predicted.Length * (meanA - meanB) * (meanA - meanB);
        return both == 0 && predicted.Length > 0 ? 0 : 2 * both / (a + b + distance);
    }

    private static double Mean(ReadOnlySpan<float> values)
    {
        double sum = 0;
        foreach (float value in values)
            sum += value;
        return sum / values.Length;
    }
}
