using CsCheck;
using NrSer.Evaluation.Metrics;

namespace NrSer.Evaluation.Tests.Metrics;

public sealed class SiSdrTests
{
    // s = (1, −1, 1, −1), ŝ = s + (1, 1, −1, −1)/2, which is orthogonal to s: 10·log₁₀(4 / 1).
    [Fact]
    public void Decibels_OrthogonalNoise_IsTheRatioOfTheEnergies() =>
        Assert.Equal(10 * Math.Log10(4), SiSdr.Decibels([1, -1, 1, -1], [1.5f, -0.5f, 0.5f, -1.5f]), 1e-6);

    [Fact]
    public void Decibels_OtherLevelOrOffset_IsTheSame() => Gen.Select(Gen.Float[0.1f, 10], Gen.Float[-1, 1]).Sample((gain, offset) =>
    {
        float[] reference = [0.3f, -0.2f, 0.5f, -0.9f, 0.1f], estimate = [0.2f, -0.3f, 0.6f, -0.7f, 0.3f];
        double plain = SiSdr.Decibels(reference, estimate);
        Assert.Equal(plain, SiSdr.Decibels(reference, [.. estimate.Select(value => (gain * value) + offset)]), 1e-3);
    });

    [Fact]
    public void Decibels_OfItself_IsInfinite() => Assert.True(SiSdr.Decibels([1, -1, 0.5f], [2, -2, 1]) > 120);

    [Fact]
    public void Decibels_SilentReference_IsNaN() => Assert.True(double.IsNaN(SiSdr.Decibels([0, 0], [1, -1])));

    [Fact]
    public void Decibels_UnequalLengths_Throws() => Assert.Throws<ArgumentException>(() => SiSdr.Decibels([1], []));
}
