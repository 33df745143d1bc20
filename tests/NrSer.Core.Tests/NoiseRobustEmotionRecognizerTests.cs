using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using NrSer.Core.Models;
using NrSer.Core.Tests.Signal;
using NrSer.Testing;

namespace NrSer.Core.Tests;

public sealed class NoiseRobustEmotionRecognizerTests : IDisposable
{
    private readonly TestCatalog _catalog = new();

    [Fact]
    public void Recognize_SpeechAndSilence_ReportsAnEmotionForTheSpeechOnly()
    {
        float[] x = new float[10 * 16000];
        StftTests.Noise(5 * 16000, 1).CopyTo(x, 0);
        using ServiceProvider services = Services();
        IReadOnlyList<RecognizedSegment> segments = services.GetRequiredService<NoiseRobustEmotionRecognizer>()
            .Recognize(x, wholeAsOne: false, TestContext.Current.CancellationToken);

        Assert.Equal(x.Length, segments.Sum(segment => segment.Segment.Span.Samples));
        Assert.NotNull(segments[0].Estimate);
        Assert.Null(segments[^1].Estimate);
        Assert.All(segments, segment => Assert.Equal(segment.Segment.IsSpeech, segment.Estimate is not null));
        Assert.True(services.GetRequiredService<ModelSet>().InferenceTime > TimeSpan.Zero);
    }

    [Fact]
    public void Recognize_ThreadsDiffer_GivesTheSameBits()
    {
        float[] x = StftTests.Noise(15 * 16000, 2);
        string[] answers = [.. new[] { "1", "2", "7" }.Select(threads =>
        {
            _catalog["mean-402"]["snrLevel"]!["enhancer"] = "mixing-512@1.0.0";
            using ServiceProvider services = Services(("NrSer:Models:Threads", threads), ("NrSer:Models:Enhancer", "mixing-512"));
            return string.Join('\n', services.GetRequiredService<NoiseRobustEmotionRecognizer>()
                .Recognize(x, wholeAsOne: false, TestContext.Current.CancellationToken)
                .Select(segment => $"{segment.Segment} {segment.Estimate?.Arousal:R} {string.Join(' ', segment.Estimate?.Probabilities ?? [])}"));
        })];
        Assert.Equal(answers[0], answers[1]);
        Assert.Equal(answers[0], answers[2]);
    }

    [Fact]
    public void Recognize_ShorterThanHalfASecond_IsEmpty()
    {
        using ServiceProvider services = Services();
        Assert.Empty(services.GetRequiredService<NoiseRobustEmotionRecognizer>()
            .Recognize(new float[7999], wholeAsOne: true, TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("NrSer:Models:Threads", "-1")]
    [InlineData("NrSer:Models:CatalogPath", "")]
    [InlineData("NrSer:Segmentation:MaxChunk", "00:00:05")]
    [InlineData("NrSer:Segmentation:TargetSegment", "00:00:11")]
    [InlineData("NrSer:Segmentation:SilenceBelowDbfs", "-10")]
    [InlineData("NrSer:Segmentation:CrossFade", "00:00:01")]
    [InlineData("NrSer:Emotion:MaxBatch", "00:00:01")]
    [InlineData("NrSer:Emotion:Normalisation", "7")]
    public void AddNrSerCore_OptionOutOfRange_StopsStartUp(string key, string value)
    {
        using ServiceProvider services = Services((key, value));
        OptionsValidationException error =
            Assert.Throws<OptionsValidationException>(() => services.GetRequiredService<IStartupValidator>().Validate());
        Assert.Contains(key[(key.LastIndexOf(':') + 1)..], error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AddNrSerCore_ModelThatIsNotThere_ThrowsModelException()
    {
        using ServiceProvider services = Services(("NrSer:Models:Emotion", "hubert"));
        Assert.Contains("'hubert'", Assert.Throws<ModelException>(services.GetRequiredService<ModelSet>).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Resolve_ABlockOfAnotherEnhancer_IsRefusedBeforeAnythingIsScored()
    {
        using ServiceProvider services = Services(("NrSer:Models:Enhancer", "zero-512"));
        ModelException error = Assert.Throws<ModelException>(services.GetRequiredService<NoiseRobustEmotionRecognizer>);
        Assert.Contains("trained with the enhancer identity-512@1.0.0", error.Message, StringComparison.Ordinal);
    }

    public void Dispose() => _catalog.Dispose();

    private ServiceProvider Services(params (string Key, string Value)[] settings)
    {
        _catalog.LoadModel("mean-402").Dispose(); // puts all files there
        var values = new Dictionary<string, string?>(StringComparer.Ordinal) { ["NrSer:Models:CatalogPath"] = _catalog.Path };
        foreach ((string key, string value) in settings)
            values[key] = value;
        return new ServiceCollection()
            .AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection(values).Build())
            .AddLogging()
            .AddNrSerCore()
            .BuildServiceProvider();
    }
}
