using CsCheck;
using NrSer.Evaluation.Metrics;

namespace NrSer.Evaluation.Tests.Metrics;

public sealed class CategoryMetricsTests
{
    // Two of category 0, one right; one of category 1, right; one of category 2, taken for nothing. Category 3 does not occur.
    private static readonly int[] s_actual = [0, 0, 1, 2];
    private static readonly int[] s_predicted = [0, 1, 1, -1];

    [Fact]
    public void UnweightedAverageRecall_ByHand_IsTheMeanOverWhatOccurs() =>
        Assert.Equal((0.5 + 1 + 0) / 3, CategoryMetrics.UnweightedAverageRecall(s_actual, s_predicted, 4), 1e-12);

    // Category 0: 2·1/(2+1), category 1: 2·1/(1+2), category 2: 0.
    [Fact]
    public void MacroF1_ByHand_IsTheMeanOverWhatOccurs() =>
        Assert.Equal(((2.0 / 3) + (2.0 / 3) + 0) / 3, CategoryMetrics.MacroF1(s_actual, s_predicted, 4), 1e-12);

    [Fact]
    public void Confusion_ByHand_CountsNothingInTheLastColumn()
    {
        int[,] counts = CategoryMetrics.Confusion(s_actual, s_predicted, 4);
        Assert.Equal((1, 1, 1, 1), (counts[0, 0], counts[0, 1], counts[1, 1], counts[2, 4]));
        Assert.Equal(4, counts.Cast<int>().Sum());
    }

    // Bin (0.5, 0.6]: mean confidence 0.55, half right → 0.05 · 2/3. Bin (0.9, 1]: 1.0, right → 0.
    [Fact]
    public void ExpectedCalibrationError_ByHand_WeighsBinsBySize() =>
        Assert.Equal(0.05 * 2 / 3, CategoryMetrics.ExpectedCalibrationError([0.52f, 0.58f, 1f], [true, false, true], 10), 1e-6);

    // (0.4, 0.5]: 0.5 + 0.41 − 1 = −0.09; (0.5, 0.6]: 0.51 + 0.59 − 1 = 0.1. In the upper bin, 0.5 would make it 1.19 / 4.
    [Fact]
    public void ExpectedCalibrationError_OnTheBorder_BelongsToTheLowerBin() =>
        Assert.Equal(0.19 / 4, CategoryMetrics.ExpectedCalibrationError([0.5f, 0.41f, 0.51f, 0.59f], [false, true, false, true], 10), 1e-6);

    // 400 items at 0.55 and 100 at 0.95: √(2/π) · (√(400 · 0.2475) + √(100 · 0.0475)) / 500. And so it comes out when they are drawn.
    [Fact]
    public void RightByCoverage_ByHand_KeepsTheMostTrustedFirst() => Assert.Equal(
        [1, 1, 2 / 3.0, 0.5], CategoryMetrics.RightByCoverage([0.2f, 0.9f, 0.5f, 0.5f], [false, true, true, false]));

    [Fact]
    public void ChanceCalibrationError_ByHand_IsWhatACalibratedModelShows()
    {
        float[] confidence = [.. Enumerable.Repeat(0.55f, 400), .. Enumerable.Repeat(0.95f, 100)];
        double expected = CategoryMetrics.ChanceCalibrationError(confidence, 10);
        Assert.Equal(Math.Sqrt(2 / Math.PI) * (Math.Sqrt(99) + Math.Sqrt(4.75)) / 500, expected, 1e-6);
        var random = new Random(1);
        double drawn = Enumerable.Range(0, 2000).Average(_ =>
            CategoryMetrics.ExpectedCalibrationError(confidence, [.. confidence.Select(p => random.NextDouble() < p)], 10));
        Assert.Equal(expected, drawn, 0.001); // one draw scatters by 0.012
        Assert.True(double.IsNaN(CategoryMetrics.ChanceCalibrationError([], 10)));
        Assert.Equal(0, CategoryMetrics.ChanceCalibrationError([1, 0], 10));
    }

    [Fact]
    public void AnyMetric_OfPerfectPredictions_IsPerfect() => Gen.Int[0, 3].Array[1, 50].Sample(items =>
    {
        Assert.Equal(1, CategoryMetrics.UnweightedAverageRecall(items, items, 4), 1e-12);
        Assert.Equal(1, CategoryMetrics.MacroF1(items, items, 4), 1e-12);
    });

    [Fact]
    public void AnyMetric_OfAnyOrder_IsTheSame() => Gen.Select(Gen.Int[0, 3], Gen.Int[-1, 3]).Array[1, 50].Sample(items =>
    {
        int[] actual = [.. items.Select(item => item.Item1)], predicted = [.. items.Select(item => item.Item2)];
        int[] backwards = [.. actual.Reverse()], predictedBackwards = [.. predicted.Reverse()];
        Assert.Equal(CategoryMetrics.UnweightedAverageRecall(actual, predicted, 4),
            CategoryMetrics.UnweightedAverageRecall(backwards, predictedBackwards, 4), 1e-12);
        Assert.Equal(CategoryMetrics.MacroF1(actual, predicted, 4), CategoryMetrics.MacroF1(backwards, predictedBackwards, 4), 1e-12);
    });

    [Fact]
    public void AnyMetric_UnequalLengths_Throws()
    {
        Assert.Throws<ArgumentException>(() => CategoryMetrics.UnweightedAverageRecall([0], [], 2));
        Assert.Throws<ArgumentException>(() => CategoryMetrics.MacroF1([0], [], 2));
        Assert.Throws<ArgumentException>(() => CategoryMetrics.ExpectedCalibrationError([0.5f], [], 10));
        Assert.Throws<ArgumentException>(() => CategoryMetrics.RightByCoverage([0.5f], []));
    }
}
