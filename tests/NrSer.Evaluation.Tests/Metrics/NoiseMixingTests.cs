using CsCheck;
using NrSer.Evaluation.Metrics;

namespace NrSer.Evaluation.Tests.Metrics;

public sealed class NoiseMixingTests
{
    // Half of it at 0.1, half digital silence: the silence does not count.
    [Fact]
    public void ActivePower_HalfSilent_IsThatOfTheRest() =>
        Assert.Equal(0.01, NoiseMixing.ActivePower([.. Enumerable.Repeat(0.1f, 3200), .. new float[3200]]), 1e-8); // 0.1 as a float

    [Fact]
    public void ActivePower_Silence_IsZero() => Assert.Equal(0, NoiseMixing.ActivePower(new float[1000]));

    [Fact]
    public void ActivePower_ShorterThanAFrame_IsItsPower() => Assert.Equal(0.25, NoiseMixing.ActivePower([0.5f, -0.5f]), 1e-9);

    [Fact]
    public void Mix_AnySnr_SetsTheNoiseToIt() => Gen.Double[-20, 40].Sample(snrDb =>
    {
        float[] speech = [.. Enumerable.Range(0, 6400).Select(n => n < 3200 ? (float)Math.Sin(n * 0.1) : 0)];
        float[] noise = [.. Enumerable.Range(0, 6400).Select(n => (float)Math.Cos(n * 1.3))];
        var mixture = new float[6400];
        NoiseMixing.Mix(speech, noise, snrDb, mixture);
        float[] added = [.. mixture.Zip(speech, (m, s) => m - s)];
        Assert.Equal(snrDb, 10 * Math.Log10(NoiseMixing.ActivePower(speech) / NoiseMixing.ActivePower(added)), 0.01); // float rounding at 40 dB
    });

    [Fact]
    public void Mix_SilentNoise_LeavesTheSpeech()
    {
        var mixture = new float[2];
        NoiseMixing.Mix([0.5f, -0.5f], [0, 0], 5, mixture);
        Assert.Equal([0.5f, -0.5f], mixture);
    }

    [Fact]
    public void Mix_UnequalLengths_Throws() => Assert.Throws<ArgumentException>(() => NoiseMixing.Mix([1], [], 0, new float[1]));
}
