using CsCheck;
using NrSer.Core.Snr;

namespace NrSer.Core.Tests.Snr;

public sealed class MixWeightTests
{
    [Theory]
    [InlineData(0.25f, 0.25f)]
    [InlineData(0f, 0f)]
    [InlineData(1f, 1f)]
    [InlineData(-0.1f, 0f)]
    [InlineData(1.7f, 1f)]
    [InlineData(float.PositiveInfinity, 1f)]
    [InlineData(float.NegativeInfinity, 0f)]
    [InlineData(float.NaN, 0f)]
    public void From_Score_IsClamped(float score, float expected) => Assert.Equal(expected, MixWeight.From(new SnrScore(score)).Value);

    [Fact]
    public void From_AnyScore_LiesBetweenZeroAndOne() =>
        Gen.Float.Sample(score => Assert.InRange(MixWeight.From(new SnrScore(score)).Value, 0f, 1f));

    [Fact]
    public void From_HigherScore_NeverWeighsLess() =>
        Gen.Select(Gen.Float[-2, 3], Gen.Float[-2, 3]).Sample((a, b) =>
            Assert.True(MixWeight.From(new(Math.Min(a, b))).Value <= MixWeight.From(new(Math.Max(a, b))).Value));

    [Fact]
    public void Default_TakesTheEnhancedSignal() => Assert.Equal(MixWeight.From(default), default);
}
