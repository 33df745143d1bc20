using NrSer.Evaluation.Metrics;

namespace NrSer.Evaluation.Tests.Metrics;

public sealed class CrossedBootstrapTests
{
    // 100 speakers, half of them always 0 and half always 1: the mean has a standard error of 0.05, and 95 % lie within 1.96 of them.
    [Fact]
    public void Estimate_AMeanOverSpeakers_HasTheIntervalOfTheNormalDistribution()
    {
        double[] values = [.. Enumerable.Range(0, 500).Select(item => item / 5 % 2 == 0 ? 0.0 : 1)];
        Interval interval = Of(500, item => $"{item / 5}")
            .Estimate(items => items.Average(i => values[i]));
        Assert.Equal(0.5, interval.Value, 1e-12);
        Assert.Equal(0.5 - 0.098, interval.Low, 0.015); // the quantile of 2,000 draws scatters by about 0.003
        Assert.Equal(0.5 + 0.098, interval.High, 0.015);
    }

    // What differs within a speaker alone does not widen the interval: every draw has the same mean.
    [Fact]
    public void Estimate_SpeakersAllAlike_HasNoWidth()
    {
        Interval interval = Of(16, item => $"{item / 2}").Estimate(items => items.Average(i => i % 2));
        Assert.Equal(new Interval(0.5, 0.5, 0.5, 8), interval);
    }

    [Fact]
    public void Estimate_APairedDifferenceOfEquals_IsExactlyZero()
    {
        double[] arm = [.. Enumerable.Range(0, 30).Select(item => item * 0.37 % 1)];
        Interval interval = Of(30, item => $"{item / 3}").Estimate(items => items.Average(i => arm[i]) - items.Average(i => arm[i]));
        Assert.Equal(new Interval(0, 0, 0, 10), interval);
    }

    // 20 speakers × 20 noises, every pair once, and a value that is the noise's alone: half of them 0, half 1. Drawn over speakers only it would not
    // vary; over noises it has a standard error of 0.5 / √20 = 0.112.
    [Fact]
    public void Estimate_WhatTheNoiseDecides_VariesWithTheNoisesDrawn()
    {
        Interval Over(Func<int, string?> noise) =>
            Of(400, item => $"{item / 20}", noise).Estimate(items => items.Average(i => i % 2));
        Assert.Equal(new Interval(0.5, 0.5, 0.5, 20), Over(_ => null));
        Interval crossed = Over(item => $"{item % 20}");
        Assert.Equal((0.5, 20), (crossed.Value, crossed.Speakers));
        Assert.Equal(0.5 - (1.96 * 0.112), crossed.Low, 0.04); // a mean of 20 draws moves in steps of 0.05
        Assert.Equal(0.5 + (1.96 * 0.112), crossed.High, 0.04);
    }

    // Draws in which nothing comes together, or which cannot be computed, tell nothing and are left out.
    [Fact]
    public void Estimate_EverySpeakerInANoiseOfItsOwn_LeavesOutEmptyDraws()
    {
        Interval interval = Of(8, item => $"{item}", item => $"{item}").Estimate(items => items.Average(i => (double)i));
        Assert.Equal(3.5, interval.Value);
        Assert.InRange(interval.Low, 0, 3.5);
        Assert.InRange(interval.High, 3.5, 7);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    public void Estimate_TooFewSpeakers_HasTheirNumberAndNoInterval(int speakers)
    {
        Interval interval = Of(100, item => $"{item % speakers}").Estimate(items => items.Length);
        Assert.Equal((100, speakers), (interval.Value, interval.Speakers));
        Assert.True(double.IsNaN(interval.Low) && double.IsNaN(interval.High));
    }

    [Fact]
    public void Estimate_NoItems_HasNoSpeakers() =>
        Assert.Equal(0, Of(0, _ => "").Estimate(items => items.Length == 0 ? double.NaN : 1).Speakers);

    [Fact]
    public void Estimate_SameSeed_IsTheSame()
    {
        Interval Run() => Of(20, item => $"{item}", item => $"{item % 3}").Estimate(items => items.Average(i => i * i));
        Assert.Equal(Run(), Run());
    }

    private static CrossedBootstrap Of(int items, Func<int, string> speaker, Func<int, string?>? noise = null) =>
        new(Enumerable.Range(0, items).Select(item => (speaker(item), noise?.Invoke(item))), seed: 1);
}
