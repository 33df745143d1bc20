using NrSer.Core.Snr;

namespace NrSer.Core.Tests.Snr;

public sealed class KeptEnergyTests
{
    [Fact]
    public void Decibels_HalfTheAmplitude_IsMinusSix() => Assert.Equal(20 * Math.Log10(0.5), KeptEnergy.Decibels([1, -2, 3], [0.5f, 1, -1.5f]), 1e-6);

    [Fact]
    public void Decibels_NothingKept_IsMinusInfinity() => Assert.Equal(double.NegativeInfinity, KeptEnergy.Decibels([1], [0]));

    [Fact]
    public void Decibels_Silence_IsNaN() => Assert.True(double.IsNaN(KeptEnergy.Decibels([0], [0])));

    [Fact]
    public void Decibels_UnequalLengths_Throws() => Assert.Throws<ArgumentException>(() => KeptEnergy.Decibels([1], []));
}
