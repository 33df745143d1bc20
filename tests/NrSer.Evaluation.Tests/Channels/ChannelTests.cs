using NrSer.Evaluation.Channels;
using NrSer.Core.Signal;

namespace NrSer.Evaluation.Tests.Channels;

public sealed class ChannelTests
{
    private const int RateHz = 16000;

    // A tone of whole periods keeps all of its power or none; in the middle of the upper edge, 3 % beyond the limit, half of its amplitude.
    [Theory]
    [InlineData(ChannelKind.Telephone, 250, 0)]
    [InlineData(ChannelKind.Telephone, 312.5, 1)]
    [InlineData(ChannelKind.Telephone, 1000, 1)]
    [InlineData(ChannelKind.Telephone, 3375, 1)]
    [InlineData(ChannelKind.Telephone, 3750, 0)]
    [InlineData(ChannelKind.Eight, 62.5, 1)]
    [InlineData(ChannelKind.Eight, 3875, 1)]
    [InlineData(ChannelKind.Eight, 4187.5, 0)]
    [InlineData(ChannelKind.Eleven, 5375, 1)]
    [InlineData(ChannelKind.Eleven, 5562.5, 0.5)]
    [InlineData(ChannelKind.Eleven, 5750, 0)]
    [InlineData(ChannelKind.Wideband, 31.25, 0)]
    [InlineData(ChannelKind.Wideband, 6937.5, 1)]
    [InlineData(ChannelKind.Wideband, 7500, 0)]
    [InlineData(ChannelKind.None, 7500, 1)]
    public void Passed_ATone_IsKeptWithinTheBandAlone(ChannelKind kind, double hertz, double amplitude)
    {
        float[] tone = Tone(hertz), passed = new Channel(kind).Passed(tone);
        Assert.Equal(amplitude, Math.Sqrt(SignalLevel.Energy(passed) / SignalLevel.Energy(tone)), 0.01); // 5562.5 Hz lies 3.009 % beyond 5400
        Assert.Equal(passed, new Channel(kind).Recorded(tone, seed: 1));
    }

    // models/train/channels.py: band_limited(x, 300, 3400) of the same x, at five places, and Σy².
    [Fact]
    public void Limit_OfNoise_IsThatOfTraining()
    {
        float[] y = Band.Limit([.. Enumerable.Range(0, 4096)
            .Select(n => (float)((((n * 1103515245L) + 12345) % 65536 / 32768.0) - 1) * 0.5f)], 300, 3400);
        float[] expected = [0.003494167f, 0.029348437f, 0.02741053f, 0.16310869f, -0.03247730f];
        int[] places = [0, 1, 1000, 2047, 4095];
        for (int i = 0; i < places.Length; i++)
            Assert.Equal(expected[i], y[places[i]], 1e-6f);
        Assert.Equal(41.61985, SignalLevel.Energy(y), 1e-4);
    }

    // models/train/channels.py: companded(x, "mu", 1); and what leaves full scale is clipped.
    [Theory]
    [InlineData(0.5f, 0.4953071f)]
    [InlineData(0.3f, 0.3049029f)]
    [InlineData(-0.01f, -0.009989897f)]
    [InlineData(0.0003f, 0.0003578508f)]
    [InlineData(0, 0)]
    [InlineData(-1, -1)]
    [InlineData(1.7f, 1)]
    public void MuLaw_ASample_IsThatOfTraining(float sample, float expected) => Assert.Equal(expected, Companding.MuLaw([sample])[0], 1e-7f);

    [Theory]
    [InlineData(ChannelKind.Hum)]
    [InlineData(ChannelKind.Rumble)]
    [InlineData(ChannelKind.Dc)]
    public void Recorded_WithADisturbance_HoldsItTenDecibelsAboveTheSpeech(ChannelKind kind)
    {
        float[] tone = Tone(1000);
        var channel = new Channel(kind);
        float[] recorded = channel.Recorded(tone, seed: 1), added = [.. recorded.Zip(tone, (a, b) => a - b)];
        Assert.Same(tone, channel.Passed(tone));
        Assert.Equal(10, SignalLevel.Dbfs(added) - SignalLevel.Dbfs(tone), 0.01);
        double Share(double lowest, double highest) => SignalLevel.Energy(Band.Limit(added, lowest, highest)) / SignalLevel.Energy(added);
        Assert.Equal(kind == ChannelKind.Hum ? 1 / 1.03 : 1, Share(0, 64), 0.02); // three harmonics of 0.1; no whole periods of 50 Hz
        Assert.Equal(1, Share(0, 210), 0.01);
        Assert.Equal(recorded, channel.Recorded(tone, seed: 1));
        Assert.Equal(kind != ChannelKind.Rumble, recorded.SequenceEqual(channel.Recorded(tone, seed: 2)));
    }

    [Theory]
    [InlineData(ChannelKind.Telephone)]
    [InlineData(ChannelKind.Rumble)]
    public void Recorded_Silence_StaysSilence(ChannelKind kind) =>
        Assert.All(new Channel(kind).Recorded(new float[1000], seed: 1), value => Assert.Equal(0, value));

    [Fact]
    public void Describe_AnyKind_HasWords()
    {
        Assert.All(Enum.GetValues<ChannelKind>(), kind => Assert.NotEmpty(Channel.Describe(kind)));
        Assert.Throws<ArgumentOutOfRangeException>(() => Channel.Describe((ChannelKind)99));
    }

    /// <summary>A power of two long, so that the tones below are whole periods of it.</summary>
    private static float[] Tone(double hertz) =>
        [.. Enumerable.Range(0, 4096).Select(n => 0.5f * (float)Math.Sin((2 * Math.PI * hertz * n / RateHz) + 0.3))];
}
