using NrSer.Core.Signal;

namespace NrSer.Core.Tests.Signal;

public sealed class MeanPowerTests
{
    [Fact]
    public void Compute_NineFramesByHand_AveragesTwiceFourAndDropsTheLast()
    {
        float[] re = [1, 0, 2, 0, 3, 0, 4, 0, 1, 5, 1, 5, 1, 5, 1, 5, 100, 100]; // of two bins
        float[] im = [0, 1, 0, 1, 0, 1, 0, 1, 2, 0, 2, 0, 2, 0, 2, 0, 100, 100];
        float[] power = new float[4];
        MeanPower.Compute(re, im, bins: 2, power);
        Assert.Equal([7.5f, 1, 5, 25], power); // (1 + 4 + 9 + 16) / 4
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(3, 0)]
    [InlineData(4, 1)]
    [InlineData(67, 16)]
    public void FramesOf_FramesOfTheStft_IsAQuarterOfThem(int frames, int expected) => Assert.Equal(expected, MeanPower.FramesOf(frames));

    [Theory]
    [InlineData(16, 15, 4)]
    [InlineData(16, 16, 5)]
    [InlineData(14, 14, 4)]
    public void Compute_LengthsThatDoNotFit_Throw(int re, int im, int power) =>
        Assert.Throws<ArgumentException>(() => MeanPower.Compute(new float[re], new float[im], bins: 2, new float[power]));
}
