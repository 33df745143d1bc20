using NrSer.Core.Segmentation;
using NrSer.Core.Signal;

namespace NrSer.Core.Tests.Signal;

public sealed class HighPassTests
{
    private const int Second = SegmentGrid.SampleRateHz;

    private readonly HighPass _filter = new(70, Second);

    // |H|² = 1 / (1 + (k/Ω)⁸) with k = tan(π·70/16000) and Ω = tan(π·f/16000): 3 dB at the cutoff, 24 dB per octave below it.
    [Theory]
    [InlineData(20)]
    [InlineData(30)]
    [InlineData(50)]
    [InlineData(70)]
    [InlineData(100)]
    [InlineData(300)]
    [InlineData(7000)]
    public void Filter_ATone_IsAsMuchQuieterAsButterworthSays(double hertz)
    {
        float[] tone = Filter([.. Enumerable.Range(0, 2 * Second).Select(n => (float)Math.Sin(2 * Math.PI * hertz * n / Second))]);
        double expected = -10 * Math.Log10(1 + Math.Pow(Math.Tan(Math.PI * 70 / Second) / Math.Tan(Math.PI * hertz / Second), 8));
        Assert.Equal(expected, SignalLevel.Dbfs(tone.AsSpan(Second)) + (10 * Math.Log10(2)), 0.01); // whole periods, long after the onset
    }

    [Fact]
    public void Filter_AnOffset_IsGoneAfterATenthOfASecond() =>
        Assert.All(Filter([.. Enumerable.Repeat(0.5f, Second)]).Skip(Second / 5), value => Assert.Equal(0, value, 1e-6f));

    // Nothing rings for ever: numbers too small to hear would take a hundred times as long to compute.
    [Fact]
    public void Filter_SilenceAfterASound_BecomesDigitalSilence() =>
        Assert.All(Filter([.. StftTests.Noise(Second, 1), .. new float[2 * Second]]).Skip(2 * Second), value => Assert.Equal(0, value));

    [Fact]
    public void Filter_Silence_StaysSilence() => Assert.All(Filter(new float[3000]), value => Assert.Equal(0, value));

    // What comes later changes nothing, so that a piece shorter than the onset is the beginning of a longer one; and it works in place.
    [Fact]
    public void Filter_AShortPiece_IsTheBeginningOfTheWhole()
    {
        float[] x = StftTests.Noise(Second, 1), piece = x[..50];
        _filter.Filter(piece, piece);
        Assert.Equal(Filter(x)[..50], piece);
        Assert.Empty(Filter([]));
    }

    [Fact]
    public void Filter_UnequalLengths_Throws() => Assert.Throws<ArgumentException>(() => _filter.Filter(new float[2], new float[1]));

    private float[] Filter(float[] input)
    {
        var output = new float[input.Length];
        _filter.Filter(input, output);
        return output;
    }
}
