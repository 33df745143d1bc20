using System.Text.Json.Nodes;
using NrSer.Core.Models;
using NrSer.Core.Reconstitution;
using NrSer.Core.Segmentation;
using NrSer.Core.Signal;
using NrSer.Core.Snr;
using NrSer.Core.Tests.Fixtures;
using NrSer.Core.Tests.Signal;
using NrSer.Testing;

namespace NrSer.Core.Tests.Reconstitution;

public sealed class SpeechReconstituterTests : IDisposable
{
    private const int Second = SegmentGrid.SampleRateHz;

    private readonly OnnxModel _model = TestCatalog.Load("mean-402"); // S is the mean similarity, the threshold 0.4

    [Fact]
    public void Reconstitute_NothingEnhanced_IsSpeechAndReturnsTheInput()
    {
        float[] x = StftTests.Noise(5 * Second, 1);
        using ReconstitutedChunk chunk = Reconstitute((value, _) => value, x);
        ScoredSegment segment = Assert.Single(chunk.Segments);
        Assert.Equal(new SegmentSpan(0, 5 * Second), segment.Span);
        Assert.True(segment.IsSpeech);
        Assert.Equal(segment.Score.Value, segment.Weight.Value);
        Assert.All(x.Zip(chunk.Audio.ToArray()), pair => Assert.Equal(pair.First, pair.Second, 1e-6f)); // the mix of a value with itself
    }

    [Fact]
    public void Reconstitute_QuietAndNotEnhanced_IsNoSpeechThoughItScoresAsClean()
    {
        float[] x = [.. StftTests.Noise(5 * Second, 1).Select(value => value * 3e-4f)]; // −75 dBFS
        using ReconstitutedChunk chunk = Reconstitute((value, _) => value, x);
        ScoredSegment segment = Assert.Single(chunk.Segments);
        Assert.True(segment.Score.Value > 0.9f);
        Assert.False(segment.IsSpeech);
    }

    [Fact]
    public void Reconstitute_DigitalSilence_IsNoSpeech()
    {
        using ReconstitutedChunk chunk = Reconstitute((value, _) => value, new float[7 * Second]);
        Assert.NotEmpty(chunk.Segments);
        Assert.DoesNotContain(chunk.Segments, segment => segment.IsSpeech);
        Assert.All(chunk.Audio.ToArray(), value => Assert.Equal(0f, value));
    }

    [Fact]
    public void Reconstitute_EverythingRemoved_IsNoSpeech()
    {
        using ReconstitutedChunk chunk = Reconstitute((_, _) => 0, StftTests.Noise(5 * Second, 1));
        Assert.Equal([new ScoredSegment(new SegmentSpan(0, 5 * Second), new SnrScore(0), MixWeight.Clamp(0), IsSpeech: false)], chunk.Segments);
        Assert.All(chunk.Audio.ToArray(), value => Assert.Equal(0f, value));
    }

    // Nine tenths of the amplitude are taken away, −20 dB: the similarity is that of clean speech all the same.
    [Theory]
    [InlineData(-21f, true)]
    [InlineData(-19f, false)]
    public void Reconstitute_LittleKept_IsNoSpeechWhereTheEntryKnowsHowLittle(float thresholdDb, bool isSpeech)
    {
        using var catalog = new TestCatalog();
        catalog["mean-402"]["snrLevel"]!["keptEnergyThresholdDb"] = thresholdDb;
        using OnnxModel model = catalog.LoadModel("mean-402");
        var reconstituter =
            new SpeechReconstituter(new FakeEnhancer((value, _) => 0.1f * value), new SnrLevelBlock(model), new SegmentationOptions(), threads: 1);
        using ReconstitutedChunk chunk =
            reconstituter.Reconstitute(StftTests.Noise(5 * Second, 1), wholeAsOne: true, TestContext.Current.CancellationToken);
        ScoredSegment segment = Assert.Single(chunk.Segments);
        Assert.True(segment.Score.Value > 0.9f);
        Assert.Equal(isSpeech, segment.IsSpeech);
    }

    // The network's log-odds of speech are ln of the energy that is kept: of so much of the amplitude −0.71, −1.39. The threshold is −1.
    [Theory]
    [InlineData(0.7f, true)]
    [InlineData(0.5f, false)]
    public void Reconstitute_BlockThatTellsSpeech_DecidesBySpeechToo(float kept, bool isSpeech)
    {
        using OnnxModel model = TestCatalog.Load("speech-402");
        var enhancer = new FakeEnhancer((value, _) => kept * value);
        float[] x = StftTests.Noise(6 * Second, 1);
        var alone = new SpeechReconstituter(enhancer, new SnrLevelBlock(model), new SegmentationOptions(), threads: 1);
        using ReconstitutedChunk chunk = alone.Reconstitute(x, wholeAsOne: true, TestContext.Current.CancellationToken);
        ScoredSegment segment = Assert.Single(chunk.Segments);
        Assert.True(segment.Score.Value > 0.9f);
        Assert.Equal(isSpeech, segment.IsSpeech);

        // As a screen it decides what it calls noise, whatever the other block would say.
        var screened = new SpeechReconstituter(
            enhancer, new SnrLevelBlock(_model), new SegmentationOptions(), threads: 1, new Screen(enhancer, new SnrLevelBlock(model)));
        using ReconstitutedChunk cascaded = screened.Reconstitute(x, wholeAsOne: true, TestContext.Current.CancellationToken);
        segment = Assert.Single(cascaded.Segments);
        Assert.Equal((isSpeech, !isSpeech), (segment.IsSpeech, segment.IsScreened));
    }

    // Rumble at 25 Hz is 10 dB above the voice and all that the enhancer takes away: the entry says whether that counts. y keeps its share of it.
    [Theory]
    [InlineData(null, false)]
    [InlineData(70, true)]
    public void Reconstitute_RumbleRemoved_IsSpeechWhereTheEntryDoesNotHearIt(int? highPassHz, bool isSpeech)
    {
        using var catalog = new TestCatalog();
        catalog["mean-402"]["snrLevel"]!["keptEnergyThresholdDb"] = -3;
        catalog["mean-402"]["snrLevel"]!["highPassHz"] = highPassHz;
        using OnnxModel model = catalog.LoadModel("mean-402");
        float[] voice = StftTests.Noise(5 * Second, 1);
        float amplitude = (float)Math.Sqrt(20 * SignalLevel.Energy(voice) / voice.Length);
        float[] x = [.. voice.Select((value, n) => value + (amplitude * (float)Math.Sin(2 * Math.PI * 25 * n / Second)))];
        var reconstituter =
            new SpeechReconstituter(new FakeEnhancer((_, i) => voice[i]), new SnrLevelBlock(model), new SegmentationOptions(), threads: 1);
        using ReconstitutedChunk chunk = reconstituter.Reconstitute(x, wholeAsOne: true, TestContext.Current.CancellationToken);
        ScoredSegment segment = Assert.Single(chunk.Segments);
        Assert.Equal(isSpeech, segment.IsSpeech);
        for (int n = 0; n < x.Length; n++)
            Assert.Equal((segment.Weight.Value * x[n]) + ((1 - segment.Weight.Value) * voice[n]), chunk.Audio.Span[n], 1e-6f); // fused or not
    }

    [Fact]
    public void Reconstitute_ScoresDiffer_MixesEverySegmentByItsOwn()
    {
        // The first 5 s stay, of the rest another noise is left; the pause between them is where it has to be cut.
        float[] x = StftTests.Noise(10 * Second, 1), other = StftTests.Noise(10 * Second, 2);
        x.AsSpan((5 * Second) - 2000, 4000).Clear();
        other.AsSpan((5 * Second) - 2000, 4000).Clear();
        using ReconstitutedChunk chunk = Reconstitute((value, i) => i < 5 * Second ? value : other[i], x);
        Assert.Equal([new SegmentSpan(0, 5 * Second), new SegmentSpan(5 * Second, 5 * Second)], chunk.Segments.Select(segment => segment.Span));
        Assert.Equal([true, false], chunk.Segments.Select(segment => segment.IsSpeech));
        float weight = chunk.Segments[1].Weight.Value;
        Assert.InRange(weight, 0, 0.1f); // two noises have nothing in common
        for (int n = 6 * Second; n < x.Length; n++)
            Assert.Equal((weight * x[n]) + ((1 - weight) * other[n]), chunk.Audio.Span[n], 1e-6f); // the same sum, fused or not
    }

    [Theory]
    [InlineData(8000)]
    [InlineData(12_345)]
    [InlineData(15 * Second)]
    public void Reconstitute_WholeAsOne_IsOneSegmentOfThatLength(int samples)
    {
        using ReconstitutedChunk chunk = Reconstitute((value, _) => value, StftTests.Noise(samples, 1), wholeAsOne: true);
        Assert.Equal(new SegmentSpan(0, samples), Assert.Single(chunk.Segments).Span);
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(1, true)]
    [InlineData(7999, false)]
    [InlineData(7999, true)]
    public void Reconstitute_ShorterThanHalfASecond_HasNoSegments(int samples, bool wholeAsOne)
    {
        using ReconstitutedChunk chunk = Reconstitute((value, _) => value, StftTests.Noise(samples, 1), wholeAsOne);
        Assert.Empty(chunk.Segments);
        Assert.Equal(samples, chunk.Audio.Length);
    }

    [Fact]
    public void Reconstitute_Cancelled_ThrowsOperationCanceled()
    {
        SpeechReconstituter reconstituter = Reconstituter((value, _) => value);
        Assert.ThrowsAny<OperationCanceledException>(() =>
            reconstituter.Reconstitute(new float[10 * Second], wholeAsOne: false, new CancellationToken(canceled: true)).Dispose());
    }

    // The screen changes nothing in the first 5 s, leaves another noise of the next 5 s, and adds some of it in the last.
    [Fact]
    public void Reconstitute_ScreenDecides_LeavesTheRestAloneToTheEnhancer()
    {
        using var catalog = new TestCatalog();
        catalog["mean-402"]["snrLevel"]!["mixRange"] = new JsonArray(0, 0.95);
        using OnnxModel model = catalog.LoadModel("mean-402");
        float[] x = StftTests.Noise(15 * Second, 1), other = StftTests.Noise(15 * Second, 2);
        foreach (int pause in new[] { 5 * Second, 10 * Second })
        {
            x.AsSpan(pause - 2000, 4000).Clear();
            other.AsSpan(pause - 2000, 4000).Clear();
        }

        var small = new FakeEnhancer((value, i) => i < 5 * Second ? value : i < 10 * Second ? other[i] : value + (0.5f * other[i]));
        var heard = new List<float>();
        var large = new FakeEnhancer((value, i) =>
        {
            heard.Add(value);
            return 0.5f * value;
        });
        var options = new SegmentationOptions();
        var reconstituter = new SpeechReconstituter(
            large, new SnrLevelBlock(_model), options, threads: 1, new Screen(small, new SnrLevelBlock(model)));
        float[] enhanced = new float[x.Length];
        reconstituter.Enhance(x, enhanced, TestContext.Current.CancellationToken);
        ScoredSegment[] segments = reconstituter.Score(x, enhanced, wholeAsOne: false, TestContext.Current.CancellationToken);

        Assert.Equal([(true, true), (false, true), (true, false)], segments.Select(segment => (segment.IsSpeech, segment.IsScreened)));
        Assert.Equal(1, segments[0].Weight.Value);
        int fade = (int)(options.CrossFade.TotalSeconds * Second), from = (10 * Second) - fade;
        Assert.Equal(x[from..], heard); // nothing else
        Assert.Equal(400f / 402, segments[2].Score.Value, 1e-4f); // by the enhancer's own block, of its own x̂
        Assert.All(x[from..].Zip(enhanced[from..]), pair => Assert.Equal(0.5f * pair.First, pair.Second));

        // A later run that finds these segments decided makes the same x̂ of them.
        float[] again = new float[x.Length];
        reconstituter.Enhance(x, again, TestContext.Current.CancellationToken);
        reconstituter.EnhanceAgain(x, again, segments, TestContext.Current.CancellationToken);
        Assert.Equal(enhanced, again);
    }

    [Fact]
    public void EnhanceAgain_ScreenedSegmentsBetween_HearsEachRunOfTheOthersWithItsFades()
    {
        var heard = new List<float>();
        var large = new FakeEnhancer((value, _) =>
        {
            heard.Add(value);
            return value;
        });
        var options = new SegmentationOptions();
        var reconstituter = new SpeechReconstituter(
            large, new SnrLevelBlock(_model), options, threads: 1, new Screen(new FakeEnhancer((value, _) => value), new SnrLevelBlock(_model)));
        float[] x = [.. Enumerable.Range(0, 7 * Second).Select(n => (float)n)];
        ScoredSegment[] segments = [.. new[] { false, true, false, false, true, true, false }.Select((isScreened, i) =>
            new ScoredSegment(new SegmentSpan(i * Second, Second), new SnrScore(0.5f), MixWeight.Clamp(0.5f), IsSpeech: true, isScreened))];
        reconstituter.EnhanceAgain(x, new float[x.Length], segments, TestContext.Current.CancellationToken);

        int fade = (int)(options.CrossFade.TotalSeconds * Second);
        Assert.Equal([.. x[..(Second + fade)], .. x[((2 * Second) - fade)..((4 * Second) + fade)], .. x[((6 * Second) - fade)..]], heard);
    }

    public void Dispose() => _model.Dispose();

    private ReconstitutedChunk Reconstitute(Func<float, int, float> enhance, float[] x, bool wholeAsOne = false) =>
        Reconstituter(enhance).Reconstitute(x, wholeAsOne, TestContext.Current.CancellationToken);

    private SpeechReconstituter Reconstituter(Func<float, int, float> enhance) =>
        new(new FakeEnhancer(enhance), new SnrLevelBlock(_model), new SegmentationOptions(), threads: 2);
}
