using NrSer.Evaluation.Fitting;

namespace NrSer.Evaluation.Tests.Fitting;

public sealed class SnrThresholdsTests
{
    // 100 takes of speech with S = 0.01 … 1.00: two of them may be lost and a half, which is two.
    private static readonly (double S, double KeptDb)[] s_speech = [.. Enumerable.Range(1, 100).Select(i => (i / 100.0, -1.0))];

    [Fact]
    public void Gate_ScoreAlone_LosesWhatItMayAndNoEnergyWhereThatDoesNotHelp()
    {
        (float score, float? keptDb) = SnrThresholds.Gate(s_speech, [(0.02, 0), (0.5, 0)]);
        Assert.Equal(0.03f, score);
        Assert.Null(keptDb);
    }

    [Fact]
    public void Gate_NoiseThatScoresAsSpeech_IsRejectedByItsEnergy()
    {
        (float score, float? keptDb) = SnrThresholds.Gate(s_speech, [(0.9, -20), (0.02, 0)]);
        Assert.Equal(-1f, keptDb);
        Assert.Equal(0.03f, score);
        Assert.All(s_speech.Skip(2), take => Assert.True(take.S >= score && take.KeptDb >= keptDb));
    }

    [Fact]
    public void Gate_SilencedSpeech_AsksForNoEnergy() =>
        Assert.Null(SnrThresholds.Gate([(0.5, double.NegativeInfinity), (0.6, double.NegativeInfinity)], [(0.1, 0)]).LeastKeptDb);

    // Clean speech scores 0.90 and above but for one in twenty; mixtures are best at (S − 0.4) / (0.9 − 0.4).
    [Fact]
    public void MixRange_BestWeightsOnALine_FindsTheLine()
    {
        (double, double)[] clean = [.. Enumerable.Range(0, 100).Select(i => (i < 5 ? 0.5 : 0.905, 1.0))];
        (double, double)[] mixed = [.. Enumerable.Range(0, 100).Select(i => i / 100.0).Select(s => (s, Math.Clamp((s - 0.4) / 0.5, 0, 1)))];
        (float low, float high) = SnrThresholds.MixRange([.. clean.Skip(5)], mixed);
        Assert.Equal((0.4f, 0.9f), (low, high));
        Assert.Equal(0.88f, SnrThresholds.MixRange(clean, mixed).OriginalFrom, 0.021f); // between the fifth and the sixth
    }

    // An enhancer of random weights: nothing separates, but the range stays one.
    [Fact]
    public void MixRange_ScoresBelowZero_StillRises()
    {
        (float low, float high) = SnrThresholds.MixRange([(-0.3, 1), (-0.3, 1)], [(-0.4, 0)]);
        Assert.True(low < high);
        Assert.Equal(-0.3f, high);
    }

    [Fact]
    public void Best_TwoHeaps_LiesBetweenThem()
    {
        double best = SnrThresholds.Best([0.8, 0.9, 1], [0, 0.1, 0.2]);
        Assert.Equal(0.5, best, 1e-9);
        Assert.Equal(1, SnrThresholds.Accuracy([0.8, 0.9, 1], [0, 0.1, 0.2], best));
        Assert.Equal(0.75, SnrThresholds.Accuracy([0.8, 0.9], [0, 0.85], 0.8));
    }
}
