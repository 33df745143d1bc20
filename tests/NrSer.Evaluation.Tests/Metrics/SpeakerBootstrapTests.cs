using NrSer.Evaluation.Metrics;

namespace NrSer.Evaluation.Tests.Metrics;

public sealed class SpeakerBootstrapTests
{
    // 100 speakers, half of them always 0 and half always 1: the mean has a standard error of 0.05, and 95 % lie within 1.96 of them.
    [Fact]
    public void Estimate_AMeanOverSpeakers_HasTheIntervalOfTheNormalDistribution()
    {
        double[] values = [.. Enumerable.Range(0, 500).Select(item => item / 5 % 2 == 0 ? 0.0 : 1)];
        Interval interval = new SpeakerBootstrap(Enumerable.Range(0, 500).Select(item => $"{item / 5}"), seed: 1)
            .Estimate(items => items.Average(i => values[i]));
        Assert.Equal(0.5, interval.Value, 1e-12);
        Assert.Equal(0.5 - 0.098, interval.Low, 0.015); // the quantile of 2,000 draws scatters by about 0.003
        Assert.Equal(0.5 + 0.098, interval.High, 0.015);
    }

    // What differs within a speaker alone does not widen the interval: every draw has the same mean.
    [Fact]
    public void Estimate_SpeakersAllAlike_HasNoWidth()
    {
        Interval interval = new SpeakerBootstrap(["a", "a", "b", "b", "c", "c"], seed: 1).Estimate(items => items.Average(i => i % 2));
        Assert.Equal(new Interval(0.5, 0.5, 0.5), interval);
    }

    [Fact]
    public void Estimate_APairedDifferenceOfEquals_IsExactlyZero()
    {
        double[] arm = [.. Enumerable.Range(0, 30).Select(item => item * 0.37 % 1)];
        Interval interval = new SpeakerBootstrap(Enumerable.Range(0, 30).Select(item => $"{item / 3}"), seed: 7)
            .Estimate(items => items.Average(i => arm[i]) - items.Average(i => arm[i]));
        Assert.Equal(new Interval(0, 0, 0), interval);
    }

    [Fact]
    public void Estimate_OneSpeaker_HasNoInterval()
    {
        Interval interval = new SpeakerBootstrap(["a", "a"], seed: 1).Estimate(items => items.Length);
        Assert.Equal(2, interval.Value);
        Assert.True(double.IsNaN(interval.Low) && double.IsNaN(interval.High));
    }

    [Fact]
    public void Estimate_SameSeed_IsTheSame()
    {
        Interval Run() =>
            new SpeakerBootstrap(Enumerable.Range(0, 20).Select(item => $"{item}"), seed: 3).Estimate(items => items.Average(i => i * i));
        Assert.Equal(Run(), Run());
    }
}
