using NrSer.Core.Audio.Levels;
using NrSer.Core.Audio.Resampling;

namespace NrSer.Core.Tests.Audio.Levels;

public sealed class LevelsTests
{
    private const int RateHz = 16_000;

    [Theory]
    [InlineData(1.0, 1.0)] // at full scale
    [InlineData(1.0, 0.3)] // made quieter afterwards
    public void ClippedShare_SineCutOff_IsTheShareAboveTheLimit(double limit, double gain)
    {
        // A sine of 1.25 is above 1 for 1 − 2/π · arcsin(0.8) of the time.
        float[] samples = [.. Enumerable.Range(0, 160_000).Select(n => (float)(gain * Math.Clamp(1.25 * Math.Sin(n / 30.0), -limit, limit)))];
        ClippingMeter meter = Meter(samples);
        Assert.Equal(gain, meter.Peak, 1e-6);
        Assert.Equal(1 - (2 / Math.PI * Math.Asin(0.8)), meter.ClippedShare, 0.005);
    }

    [Fact]
    public void ClippedShare_LoudestMomentsAlone_IsNone()
    {
        Random random = new(7);
        Assert.InRange(Meter([.. Enumerable.Range(0, 160_000).Select(_ => (short)random.Next(-20_000, 20_000) / 32768f)]).ClippedShare, 0, 2e-5);
        Assert.Equal(0, Meter([.. Enumerable.Range(0, 160_000).Select(_ => random.Next(-2, 3) / 32768f)]).ClippedShare); // steps, no limit
        Assert.Equal(0, Meter(new float[1000]).ClippedShare);
    }

    [Fact]
    public void ClippedShare_OfPartsThatWereQuieterBefore_CountsTheLimitAlone()
    {
        float[] quiet = [.. Enumerable.Repeat(0.5f, 1000)], loud = [.. Enumerable.Repeat(1f, 1000)];
        Assert.Equal(0.5, Meter([.. quiet, .. loud]).ClippedShare, 1e-9);
        Assert.Equal(0.5, Meter([.. loud, .. quiet]).ClippedShare, 1e-9);
    }

    [Theory]
    [InlineData(16_000, 7_900, 8_000)]
    [InlineData(8_000, 3_900, 4_400)] // the resampler's own edge
    public void Find_NoiseFromALowerRate_IsThatBand(int rateHz, double least, double most)
    {
        Random random = new(3);
        float[] noise = [.. Enumerable.Range(0, 4 * rateHz).Select(_ => random.NextSingle() - 0.5f)];
        Resampler resampler = new(rateHz, RateHz);
        float[] resampled = new float[resampler.MaxOutputSamples(noise.Length)];
        int count = resampler.Process(noise, resampled);
        Assert.InRange(Bandwidth(resampled[..count])!.Value, least, most);
    }

    [Fact]
    public void Find_RumbleUnderAVoice_IsTheVoices()
    {
        float[] samples = [.. Enumerable.Range(0, 4 * RateHz).Select(n => (float)((0.5 * Math.Sin(n * 2 * Math.PI * 31.25 / RateHz))
            + (1e-4 * Math.Sin(n * 2 * Math.PI * 3000 / RateHz))))];
        Assert.InRange(Bandwidth(samples)!.Value, 3000, 3200);
    }

    [Fact]
    public void Find_Silence_IsNothing() => Assert.Null(Bandwidth(new float[RateHz]));

    private static ClippingMeter Meter(float[] samples)
    {
        ClippingMeter meter = new(1);
        foreach (float[] block in samples.Chunk(4096))
            meter.Append(0, block);
        return meter;
    }

    private static double? Bandwidth(float[] samples)
    {
        BandwidthMeter meter = new();
        foreach (float[] block in samples.Chunk(777))
            meter.Append(block);
        return meter.Find();
    }
}
