using System.Text.Json;
using NrSer.Evaluation.Metrics;

namespace NrSer.Evaluation.Tests.Metrics;

public sealed class StoiTests
{
    private const int RateHz = 16000;

    [Fact]
    public void Score_OfItself_IsOne() => Assert.Equal(1, Stoi.Score(Signal(0), Signal(0), RateHz), 1e-6);

    [Fact]
    public void Score_AnotherLevel_ChangesNothing() =>
        Assert.Equal(1, Stoi.Score(Signal(0), [.. Signal(0).Select(value => 0.1f * value)], RateHz), 1e-4);

    // Made by make_stoi.py with pystoi 0.4.1. At 10 kHz only float rounding is between the two; from 16 kHz pystoi comes down with a filter
    // that lets more of what lies above 4.5 kHz fold back.
    [Theory]
    [InlineData(10000, 1e-4)]
    [InlineData(RateHz, 1e-2)]
    public void Score_ModulatedNoiseInNoise_IsThatOfTheReference(int rateHz, double tolerance)
    {
        using JsonDocument fixture = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Fixtures", "stoi.json")));
        JsonElement[] scores = [.. fixture.RootElement.GetProperty($"scoresAt{rateHz}Hz").EnumerateArray()];
        Assert.Equal(5, scores.Length);
        foreach (JsonElement expected in scores)
        {
            float share = expected.GetProperty("noise").GetSingle();
            Assert.Equal(expected.GetProperty("stoi").GetDouble(), Stoi.Score(Signal(0, rateHz), Signal(share, rateHz), rateHz), tolerance);
        }
    }

    [Fact]
    public void Score_HardlyAnySpeech_IsNaN() => Assert.True(double.IsNaN(Stoi.Score(new float[5000], new float[5000], RateHz)));

    [Fact]
    public void Score_UnequalLengths_Throws() => Assert.Throws<ArgumentException>(() => Stoi.Score(new float[5000], new float[4999], RateHz));

    /// <summary>Two seconds of sines with slowly changing levels and a pause, and a share of pseudo-random noise: the same in the fixture's
    /// script.</summary>
    private static float[] Signal(float noise, int rateHz = RateHz)
    {
        var signal = new float[2 * rateHz];
        uint state = 1;
        for (int n = 0; n < signal.Length; n++)
        {
            double t = n / (double)rateHz, value = 0;
            for (int k = 1; k <= 12; k++)
                value += Math.Sin(2 * Math.PI * 220 * k * t) * (0.5 + (0.5 * Math.Sin((2 * Math.PI * (1.5 + (0.7 * k)) * t) + k))) / k;
            state = (state * 1664525) + 1013904223;
            signal[n] = (float)((t is > 0.9 and < 1.1 ? 0 : 0.2 * value) + (noise * ((state / 4294967296.0) - 0.5)));
        }

        return signal;
    }
}
