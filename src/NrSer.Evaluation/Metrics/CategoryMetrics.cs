using System.Numerics.Tensors;

namespace NrSer.Evaluation.Metrics;

/// <summary>How well categories were told apart. Categories are numbers from 0; an item counts as often as it is listed.</summary>
public static class CategoryMetrics
{
    /// <summary>UAR: the mean over the categories that occur of the share of their items that were recognised.</summary>
    /// <param name="actual">What each item is, 0 to categories − 1.</param>
    /// <param name="predicted">What it was taken for, as long; −1 for nothing at all.</param>
    /// <param name="categories">How many there are.</param>
    /// <returns>0 to 1, chance being 1/categories; NaN without items.</returns>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static double UnweightedAverageRecall(ReadOnlySpan<int> actual, ReadOnlySpan<int> predicted, int categories)
    {
        int[,] confusion = Confusion(actual, predicted, categories);
        double sum = 0;
        int occurring = 0;
        for (int category = 0; category < categories; category++)
        {
            int items = RowSum(confusion, category);
            if (items == 0)
                continue;
            sum += confusion[category, category] / (double)items;
            occurring++;
        }

        return sum / occurring;
    }

    /// <summary>Macro-F1: the mean over the categories that occur of 2·hits / (items + times named).</summary>
    /// <param name="actual">What each item is, 0 to categories − 1.</param>
    /// <param name="predicted">What it was taken for, as long; −1 for nothing at all.</param>
    /// <param name="categories">How many there are.</param>
    /// <returns>0 to 1; NaN without items.</returns>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static double MacroF1(ReadOnlySpan<int> actual, ReadOnlySpan<int> predicted, int categories)
    {
        int[,] confusion = Confusion(actual, predicted, categories);
        double sum = 0;
        int occurring = 0;
        for (int category = 0; category < categories; category++)
        {
            int items = RowSum(confusion, category), named = 0;
            if (items == 0)
                continue;
            for (int row = 0; row < categories; row++)
                named += confusion[row, category];
            sum += 2.0 * confusion[category, category] / (items + named);
            occurring++;
        }

        return sum / occurring;
    }

    /// <summary>Counts: row = what it is, column = what it was taken for, the last column = nothing at all.</summary>
    /// <param name="actual">What each item is, 0 to categories − 1.</param>
    /// <param name="predicted">What it was taken for, as long; −1 for nothing at all.</param>
    /// <param name="categories">How many there are.</param>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static int[,] Confusion(ReadOnlySpan<int> actual, ReadOnlySpan<int> predicted, int categories)
    {
        if (actual.Length != predicted.Length)
            throw new ArgumentException($"{predicted.Length} predictions do not match {actual.Length} items.", nameof(predicted));
        var counts = new int[categories, categories + 1];
        for (int i = 0; i < actual.Length; i++)
            counts[actual[i], predicted[i] < 0 ? categories : predicted[i]]++;
        return counts;
    }

    /// <summary>ECE: how far confidence and accuracy are apart, over equal bins of confidence, weighted by what lies in each.</summary>
    /// <remarks>Guo, Pleiss, Sun, Weinberger 2017, "On calibration of modern neural networks", eq. 3. Bins are closed above.</remarks>
    /// <param name="confidence">Probability given to the category that was named, 0 to 1.</param>
    /// <param name="isRight">Whether it was the right one.</param>
    /// <param name="bins">How many, at least 1.</param>
    /// <returns>0 for perfectly calibrated, at most 1; NaN without items.</returns>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static double ExpectedCalibrationError(ReadOnlySpan<float> confidence, ReadOnlySpan<bool> isRight, int bins)
    {
        if (confidence.Length != isRight.Length)
            throw new ArgumentException($"{isRight.Length} judgements do not match {confidence.Length} confidences.", nameof(isRight));
        var gap = new double[bins]; // Σ confidence − right of a bin, which is its size times the distance of the means
        for (int i = 0; i < confidence.Length; i++)
            gap[BinOf(confidence[i], bins)] += confidence[i] - (isRight[i] ? 1 : 0);
        return TensorPrimitives.SumOfMagnitudes<double>(gap) / confidence.Length;
    }

    /// <summary>The ECE that is to be expected of a perfectly calibrated model, which shows one because a bin holds only so many items.</summary>
    /// <remarks>
    /// Such a model is right in an item with a probability of p, its confidence. A bin's Σ p − right then scatters around 0 with the variance
    /// Σ p·(1 − p), and the mean of its magnitude is √(2/π) times the root of it, as far as it is normally distributed.
    /// </remarks>
    /// <param name="confidence">Probability given to the category that was named, 0 to 1.</param>
    /// <param name="bins">How many, at least 1.</param>
    /// <returns>0 to 1, falling as the root of the number of items; NaN without items.</returns>
    public static double ChanceCalibrationError(ReadOnlySpan<float> confidence, int bins)
    {
        var variance = new double[bins];
        foreach (float p in confidence)
            variance[BinOf(p, bins)] += p * (1.0 - p);
        return variance.Sum(Math.Sqrt) * Math.Sqrt(2 / Math.PI) / confidence.Length;
    }

    /// <summary>How often what is trusted most is right, for every share that is kept of it: one less the risk–coverage curve.</summary>
    /// <remarks>El-Yaniv, Wiener 2010, "On the foundations of noise-free selective classification".</remarks>
    /// <param name="trust">How far each item is trusted; of equal ones the earlier is kept first.</param>
    /// <param name="isRight">Whether it was right.</param>
    /// <returns>One number for each count kept, from 1 to all: the share of them that is right, 0 to 1.</returns>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static double[] RightByCoverage(ReadOnlySpan<float> trust, ReadOnlySpan<bool> isRight)
    {
        if (trust.Length != isRight.Length)
            throw new ArgumentException($"{isRight.Length} judgements do not match {trust.Length} items.", nameof(isRight));
        float[] by = [.. trust];
        bool[] right = [.. isRight];
        int kept = 0, hits = 0;
        return [.. Enumerable.Range(0, by.Length).OrderByDescending(i => by[i]).Select(i => (double)(hits += right[i] ? 1 : 0) / ++kept)];
    }

    /// <summary>Equal bins of confidence, closed above.</summary>
    /// <param name="confidence">0 to 1.</param>
    /// <param name="bins">How many, at least 1.</param>
    /// <returns>From 0 up.</returns>
    public static int BinOf(float confidence, int bins) => Math.Clamp((int)Math.Ceiling(confidence * (double)bins) - 1, 0, bins - 1);

    private static int RowSum(int[,] confusion, int row)
    {
        int sum = 0;
        for (int column = 0; column < confusion.GetLength(1); column++)
            sum += confusion[row, column];
        return sum;
    }
}
