using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using NrSer.Core.Emotion;
using NrSer.Core.Enhancement;
using NrSer.Core.Models;
using NrSer.Core.Segmentation;
using NrSer.Core.Signal;
using NrSer.Core.Snr;

namespace NrSer.Core.Tests;

/// <summary>What training computed in PyTorch (models/train/fixtures.py) against what runs here, with the delivered models.</summary>
public sealed class ParityTests : IDisposable
{
    private readonly ModelSet _models = new(Options.Create(new ModelOptions()), NullLogger<ModelSet>.Instance);

    [Fact]
    public void Stft_SignalOfTraining_GivesTheSpectrumOfTraining()
    {
        using JsonDocument fixture = Load("stft");
        float[] signal = Floats(fixture.RootElement.GetProperty("input"));
        foreach (JsonElement expected in fixture.RootElement.GetProperty("cases").EnumerateArray())
        {
            var stft = new Stft(new StftParameters(
                expected.GetProperty("fftSamples").GetInt32(), expected.GetProperty("hopSamples").GetInt32(),
                Enum.Parse<WindowKind>(expected.GetProperty("window").GetString()!, ignoreCase: true)));
            (float[] re, float[] im) = Signal.StftTests.Transform(stft, signal);
            AssertClose([.. expected.GetProperty("re").EnumerateArray().SelectMany(Floats)], re, 1e-5f); // sums of 400 products in float
            AssertClose([.. expected.GetProperty("im").EnumerateArray().SelectMany(Floats)], im, 1e-5f);
        }
    }

    [Fact]
    public void Similarity_SignalsOfTraining_GivesTheFeaturesOfTraining()
    {
        using JsonDocument fixture = Load("similarity");
        float[] similarity = new float[402];
        SpectralSimilarity.Compute(
            new Stft(_models.SnrLevelEntry.Stft!), Floats(fixture.RootElement.GetProperty("x")), Floats(fixture.RootElement.GetProperty("enhanced")),
            similarity);
        AssertClose(Floats(fixture.RootElement.GetProperty("similarity")), similarity, 1e-5f); // ratios near 1 of sums over 25 frames
    }

    [Fact]
    public void HighPass_SignalOfTraining_GivesThatOfTraining()
    {
        using JsonDocument fixture = Load("high-pass");
        float[] signal = Floats(fixture.RootElement.GetProperty("input"));
        new HighPass(fixture.RootElement.GetProperty("cutoffHz").GetDouble(), SegmentGrid.SampleRateHz).Filter(signal, signal);
        AssertClose(Floats(fixture.RootElement.GetProperty("output")), signal, 1e-7f); // both in double: what differs is the last rounding
    }

    [Fact]
    public void Enhance_SignalOfTraining_GivesTheBlockOfTraining()
    {
        using JsonDocument fixture = Load("enhancer");
        JsonElement root = fixture.RootElement;
        float[] x = Sines(root), noise = Floats(root.GetProperty("noise")), enhanced = new float[x.Length];
        for (int n = 0; n < x.Length; n++)
            x[n] += noise[n];
        new OnnxSpeechEnhancer(_models.Enhancer, threads: 1).Enhance(x, enhanced, CancellationToken.None);
        float[] expected = Floats(root.GetProperty("block"));
        float[] found = [.. root.GetProperty("indices").EnumerateArray().Select(index => enhanced[index.GetInt32()])];
        AssertClose(expected, found, 1e-4f * expected.Max(MathF.Abs)); // 1e-4 of the peak, as asked of every enhancer
    }

    [Fact]
    public void Classify_SignalOfTraining_GivesTheLogitsOfTraining()
    {
        using JsonDocument fixture = Load("emotion");
        float[] logits = Floats(fixture.RootElement.GetProperty("logits")), attributes = Floats(fixture.RootElement.GetProperty("attributes"));
        EmotionEstimate estimate = new OnnxEmotionClassifier(_models.Emotion).Classify(Sines(fixture.RootElement), count: 1).Single();
        double sum = logits.Sum(logit => Math.Exp(logit));
        AssertClose([.. logits.Select(logit => (float)(Math.Exp(logit) / sum))], [.. estimate.Probabilities], 1e-4f);
        AssertClose(attributes, [estimate.Arousal!.Value, estimate.Valence!.Value, estimate.Dominance!.Value], 1e-3f); // on a scale of 4
    }

    public void Dispose() => _models.Dispose();

    private static JsonDocument Load(string name) =>
        JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Fixtures", $"{name}.json")));

    private static float[] Floats(JsonElement list) => [.. list.EnumerateArray().Select(value => value.GetSingle())];

    /// <summary>Σ amplitude · sin(2π · frequencyHz · n / 16000 + phaseRadians), computed in double as in training.</summary>
    private static float[] Sines(JsonElement root)
    {
        JsonElement[] components = [.. root.GetProperty("components").EnumerateArray()];
        return [.. Enumerable.Range(0, root.GetProperty("samples").GetInt32()).Select(n => (float)components.Sum(component =>
            component.GetProperty("amplitude").GetDouble() * Math.Sin(
                (2 * Math.PI * component.GetProperty("frequencyHz").GetDouble() * n / SegmentGrid.SampleRateHz)
                    + component.GetProperty("phaseRadians").GetDouble())))];
    }

    private static void AssertClose(float[] expected, float[] found, float tolerance)
    {
        Assert.Equal(expected.Length, found.Length);
        for (int i = 0; i < expected.Length; i++)
            Assert.Equal(expected[i], found[i], tolerance);
    }
}
