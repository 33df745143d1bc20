using System.Text.Json.Nodes;
using NrSer.Core.Models;
using NrSer.Core.Segmentation;
using NrSer.Core.Signal;
using NrSer.Core.Snr;
using NrSer.Core.Tests.Signal;
using NrSer.Testing;

namespace NrSer.Core.Tests.Snr;

public sealed class SnrLevelBlockTests : IDisposable
{
    private readonly OnnxModel _model = TestCatalog.Load("mean-402"); // S is the mean similarity

    [Fact]
    public void Score_NothingEnhanced_IsTheScoreOfFullSimilarity()
    {
        float[] x = StftTests.Noise(8000, 1);
        Assert.Equal(400f / 402, Score(x, x), 1e-5f); // two similarities are always 0; the rest round to 1
        Assert.Equal(-400f / 402, Score(x, [.. x.Select(value => -value)]), 1e-5f);
    }

    [Fact]
    public void Score_NoiseAdded_FallsAsItGrows()
    {
        float[] x = StftTests.Noise(16000, 1), noise = StftTests.Noise(16000, 2);
        float[] scores = [.. new[] { 0f, 0.3f, 1f, 3f, 30f }.Select(gain => Score([.. x.Zip(noise, (a, b) => a + (gain * b))], x))];
        Assert.Equal(scores.OrderDescending(), scores);
        Assert.Equal(1 / Math.Sqrt(2), scores[2] * 402 / 400, 0.03); // x against x + n of equal power; 160 independent frames per bin
    }

    [Fact]
    public void Score_EverythingRemoved_IsZero() => Assert.Equal(0f, Score(StftTests.Noise(8000, 1), new float[8000]));

    [Theory]
    [InlineData(200, 200)]
    [InlineData(8000, 7999)]
    public void Score_LengthsThatDoNotFit_Throw(int original, int enhanced) =>
        Assert.Throws<ArgumentException>(() => Score(new float[original], new float[enhanced]));

    [Fact]
    public void Score_EntryWithAHighPass_IsThatOfWhatLiesAboveIt()
    {
        using var catalog = new TestCatalog();
        catalog["mean-402"]["snrLevel"]!["highPassHz"] = 70;
        using OnnxModel model = catalog.LoadModel("mean-402");
        var block = new SnrLevelBlock(model);
        float[] enhanced = StftTests.Noise(8000, 1), other = StftTests.Noise(8000, 2), x = new float[8000];
        for (int n = 0; n < x.Length; n++)
            x[n] = enhanced[n] + (0.3f * other[n]) + 1 + (float)Math.Sin(2 * Math.PI * 25 * n / SegmentGrid.SampleRateHz);
        var highPass = new HighPass(70, SegmentGrid.SampleRateHz);
        float[] above = new float[8000], enhancedAbove = new float[8000];
        highPass.Filter(x, above);
        highPass.Filter(enhanced, enhancedAbove);
        var plain = new SnrLevelBlock(_model);
        Assert.Equal(plain.Score(above, enhancedAbove), block.Score(x, enhanced));
        Assert.True(block.Score(x, enhanced).Score.Value > plain.Score(x, enhanced).Score.Value);
        Assert.Equal(KeptEnergy.Decibels(x, enhanced), plain.Score(x, enhanced).KeptDb); // without one: of the signals as they are
        Assert.True(double.IsNaN(block.Score(new float[8000], new float[8000]).KeptDb));
    }

    [Theory]
    [InlineData(0.41f, -3.9, true)]
    [InlineData(0.39f, -3.9, false)]
    [InlineData(0.41f, -4.1, false)]
    [InlineData(0.41f, double.NaN, false)]
    public void Passes_ScoreAndKeptEnergy_BothCount(float score, double keptDb, bool expected)
    {
        using var catalog = new TestCatalog();
        catalog["mean-402"]["snrLevel"]!["keptEnergyThresholdDb"] = -4;
        using OnnxModel model = catalog.LoadModel("mean-402");
        var evidence = new SegmentEvidence(new SnrScore(score), keptDb);
        Assert.Equal(expected, new SnrLevelBlock(model).Passes(evidence));
        Assert.Equal(score > 0.4f, new SnrLevelBlock(_model).Passes(evidence)); // S decides alone
    }

    [Theory]
    [InlineData(0.41f, -0.9f, true)]
    [InlineData(0.41f, -1f, true)]
    [InlineData(0.41f, -1.1f, false)]
    [InlineData(0.39f, -0.9f, false)]
    [InlineData(0.41f, float.NaN, false)]
    [InlineData(0.41f, null, false)]
    public void Passes_ThresholdOfSpeech_CountsBesides(float score, float? logOdds, bool expected)
    {
        using OnnxModel model = TestCatalog.Load("speech-402"); // the threshold is −1
        var evidence = new SegmentEvidence(new SnrScore(score), KeptDb: 0, logOdds);
        Assert.Equal(expected, new SnrLevelBlock(model).Passes(evidence));
        Assert.Equal(score > 0.4f, new SnrLevelBlock(_model).Passes(evidence)); // of a block that does not tell
    }

    [Fact]
    public void Score_BlockThatTellsSpeech_HearsPowerAboveTheHighPassAtItsLevel()
    {
        using var catalog = new TestCatalog();
        catalog["speech-402"]["snrLevel"]!["highPassHz"] = 70;
        using OnnxModel model = catalog.LoadModel("speech-402");
        float[] enhanced = StftTests.Noise(8137, 1), x = [.. enhanced.Select(value => (2 * value) + 1)]; // what is constant is not heard
        SegmentEvidence evidence = new SnrLevelBlock(model).Score(x, enhanced);
        Assert.Equal(Math.Log(0.25), evidence.SpeechLogOdds!.Value, 0.01); // the constant's onset is heard
        Assert.Null(new SnrLevelBlock(_model).Score(x, enhanced).SpeechLogOdds);
        Assert.Equal(float.NegativeInfinity, new SnrLevelBlock(model).Score(x, new float[x.Length]).SpeechLogOdds);
    }

    [Fact]
    public void Score_BlockThatTellsSpeech_ScoresAsOneThatDoesNot()
    {
        using OnnxModel model = TestCatalog.Load("speech-402");
        float[] x = StftTests.Noise(8000, 1), enhanced = [.. x.Zip(StftTests.Noise(8000, 2), (a, b) => a + (0.5f * b))];
        Assert.Equal(new SnrLevelBlock(_model).Score(x, enhanced), new SnrLevelBlock(model).Score(x, enhanced) with { SpeechLogOdds = null });
    }

    [Fact]
    public void Constructor_AnyModel_TakesThresholdOrThrows()
    {
        Assert.Equal(0.4f, new SnrLevelBlock(_model).NoiseThreshold);
        using OnnxModel other = TestCatalog.Load("identity-400");
        Assert.Throws<ArgumentException>(() => new SnrLevelBlock(other));
    }

    [Theory]
    [InlineData(null, -0.5f, 0f)]
    [InlineData(null, 0.25f, 0.25f)]
    [InlineData(null, 1.5f, 1f)]
    [InlineData(null, float.NaN, 0f)]
    [InlineData("[0.5, 0.75]", 0.5f, 0f)]
    [InlineData("[0.5, 0.75]", 0.5625f, 0.25f)]
    [InlineData("[0.5, 0.75]", 0.75f, 1f)]
    [InlineData("[-1, 1]", -0.5f, 0.25f)]
    public void Weigh_Score_SlidesOverTheRangeOfTheEntry(string? range, float score, float expected)
    {
        using var catalog = new TestCatalog();
        catalog["mean-402"]["snrLevel"]!["mixRange"] = range is null ? null : JsonNode.Parse(range);
        using OnnxModel model = catalog.LoadModel("mean-402");
        Assert.Equal(expected, new SnrLevelBlock(model).Weigh(new SnrScore(score)).Value);
    }

    public void Dispose() => _model.Dispose();

    private float Score(float[] original, float[] enhanced) => new SnrLevelBlock(_model).Score(original, enhanced).Score.Value;
}
