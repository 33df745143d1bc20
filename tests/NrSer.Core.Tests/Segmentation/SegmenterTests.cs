using CsCheck;
using NrSer.Core.Segmentation;
using NrSer.Core.Tests.Signal;

namespace NrSer.Core.Tests.Segmentation;

public sealed class SegmenterTests
{
    private const int Second = SegmentGrid.SampleRateHz;
    private const int Step = SegmentGrid.StepSamples;

    private static readonly SegmentationOptions Options = new();

    [Fact]
    public void Split_AnyAudio_TilesItInGridSteps() =>
        Gen.Select(Gen.Int[0, 60 * Second], Gen.Int[0, 1000]).Sample((length, seed) => AssertTiles(Speechlike(length, seed)), iter: 25);

    [Fact]
    public void Split_EveryLengthUpTo45Seconds_TilesIt()
    {
        float[] signal = Speechlike(181 * Step, seed: 1);
        for (int steps = 0; steps <= 180; steps++)
            AssertTiles(signal[..((steps * Step) + (steps % 3))]);
    }

    [Theory]
    [InlineData(0, new int[0])]
    [InlineData(7999, new int[0])]
    [InlineData(8000, new[] { 8000 })]
    [InlineData(11_999, new[] { 8000 })]
    [InlineData(2 * Second, new[] { 2 * Second })]
    [InlineData((4 * Second) - 1, new[] { 15 * Step })]
    [InlineData(4 * Second, new[] { 4 * Second })]
    [InlineData(5 * Second, new[] { 5 * Second })]
    [InlineData(10 * Second, new[] { 5 * Second, 5 * Second })]
    [InlineData(20 * Second, new[] { 5 * Second, 5 * Second, 5 * Second, 5 * Second })]
    public void Split_NothingToChooseFrom_ComesCloseToTheTarget(int samples, int[] expected) =>
        Assert.Equal(expected, Split(new float[samples]).Select(segment => segment.Samples));

    [Fact]
    public void Split_PausePlacedByHand_CutsThere()
    {
        float[] signal = StftTests.Noise(12 * Second, 1);
        signal.AsSpan((7 * Second) - (Step / 2), Step).Clear();
        Assert.Equal([new SegmentSpan(0, 7 * Second), new SegmentSpan(7 * Second, 5 * Second)], Split(signal));
    }

    [Fact]
    public void Split_ManyPauses_CutsInPausesOnly()
    {
        float[] signal = StftTests.Noise(30 * Second, 1);
        int[] pauses = [3, 7, 12, 14, 19, 25];
        foreach (int pause in pauses)
            signal.AsSpan((pause * Second) - (Step / 2), Step).Clear();
        Assert.All(Split(signal).Skip(1), segment => Assert.Contains(segment.StartSample / Second, pauses));
    }

    [Fact]
    public void Split_AnotherTarget_IsAimedAt() =>
        Assert.All(
            Segmenter.Split(new float[24 * Second], new SegmentationOptions { TargetSegment = TimeSpan.FromSeconds(3) }),
            segment => Assert.Equal(3 * Second, segment.Samples));

    [Fact]
    public void Split_SameAudioLouder_CutsAlike() =>
        Gen.Select(Gen.Int[4 * Second, 40 * Second], Gen.Int[0, 1000], Gen.Int[-1, 4]).Sample((length, seed, doublings) =>
        {
            // Powers of two scale floats without rounding, so only log10 rounds: costs keep their order but for exact ties.
            float[] signal = Speechlike(length, seed), louder = [.. signal.Select(value => MathF.ScaleB(value, doublings))];
            Assert.Equal(Split(signal), Split(louder));
        }, iter: 15);

    [Fact]
    public void Split_SameAudioTwice_CutsAlike()
    {
        float[] signal = Speechlike(100 * Second, 1);
        Assert.Equal(Split(signal), Split([.. signal]));
    }

    private static void AssertTiles(float[] signal)
    {
        SegmentSpan[] segments = Split(signal);
        int at = 0;
        foreach (SegmentSpan segment in segments)
        {
            Assert.Equal(at, segment.StartSample);
            Assert.Equal(0, segment.Samples % Step);
            Assert.InRange(segment.Samples, signal.Length < 2 * Second ? 2 * Step : SegmentGrid.MinSteps * Step, SegmentGrid.MaxSteps * Step);
            at += segment.Samples;
        }

        Assert.Equal(signal.Length < SegmentGrid.ShortestSamples ? 0 : signal.Length / Step * Step, at);
    }

    private static SegmentSpan[] Split(float[] signal) => Segmenter.Split(signal, Options);

    /// <summary>Noise whose level wanders by 40 dB every quarter of a second, never as low as the floor of −70 dBFS.</summary>
    private static float[] Speechlike(int length, int seed)
    {
        float[] signal = StftTests.Noise(length, seed), levels = StftTests.Noise((length / Step) + 1, seed + 1);
        for (int n = 0; n < length; n++)
            signal[n] *= 0.03f * MathF.Pow(10, levels[n / Step]);
        return signal;
    }
}
