using CsCheck;
using NrSer.Evaluation.Metrics;

namespace NrSer.Evaluation.Tests.Metrics;

public sealed class ConcordanceTests
{
    // a = 1, 2, 3 and b = 2, 3, 4: both variances 2/3, covariance 2/3, means one apart: 2·(2/3) / (4/3 + 1) = 4/7.
    [Fact]
    public void Coefficient_ShiftedByOne_LosesByTheDistanceOfTheMeans() =>
        Assert.Equal(4.0 / 7, Concordance.Coefficient([1, 2, 3], [2, 3, 4]), 1e-12);

    [Fact]
    public void Coefficient_Opposite_IsMinusOne() => Assert.Equal(-1, Concordance.Coefficient([1, 2, 3], [3, 2, 1]), 1e-12);

    [Fact]
    public void Coefficient_NeverChanging_IsZero() => Assert.Equal(0, Concordance.Coefficient([2, 2, 2], [1, 2, 3]));

    [Fact]
    public void Coefficient_AnyPair_IsSymmetricAndBounded() => Gen.Select(Gen.Float[1, 5], Gen.Float[1, 5]).Array[2, 30].Sample(items =>
    {
        float[] a = [.. items.Select(item => item.Item1)], b = [.. items.Select(item => item.Item2)];
        double coefficient = Concordance.Coefficient(a, b);
        Assert.InRange(coefficient, -1 - 1e-9, 1 + 1e-9);
        Assert.Equal(coefficient, Concordance.Coefficient(b, a), 1e-9);
    });

    [Fact]
    public void Coefficient_UnequalLengths_Throws() => Assert.Throws<ArgumentException>(() => Concordance.Coefficient([1], []));
}
