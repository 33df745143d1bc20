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
    public void Clamp_Share_LiesBetweenZeroAndOne(float share, float expected) => Assert.Equal(expected, MixWeight.Clamp(share).Value);

    [Fact]
    public void Clamp_AnyNumber_LiesBetweenZeroAndOne() =>
        Gen.Float.Sample(share => Assert.InRange(MixWeight.Clamp(share).Value, 0f, 1f));

    [Fact]
    public void Clamp_HigherShare_NeverWeighsLess() =>
        Gen.Select(Gen.Float[-2, 3], Gen.Float[-2, 3]).Sample((a, b) =>
            Assert.True(MixWeight.Clamp(Math.Min(a, b)).Value <= MixWeight.Clamp(Math.Max(a, b)).Value));

    [Fact]
    public void Default_TakesTheEnhancedSignal() => Assert.Equal(MixWeight.Clamp(0), default);
}
