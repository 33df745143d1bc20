using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using NrSer.Core.Emotion;
using NrSer.Core.Enhancement;
using NrSer.Core.Models;
using NrSer.Core.Reconstitution;
using NrSer.Core.Snr;
using NrSer.Core.Tests.Audio;

namespace NrSer.Core.Tests.Export;

/// <summary>
/// What models/export makes of checkpoints of the public layouts, narrow and with random weights, against what PyTorch computes with the
/// published forms: each network, and the whole path from a WAV file to the logits. Written by models/export/fixtures.py; the environment
/// variable NRSER_EXPORTED names another folder that it wrote, for the full size.
/// </summary>
public sealed class ExportedModelsTests : IDisposable
{
    private static readonly string s_exported =
        Environment.GetEnvironmentVariable("NRSER_EXPORTED") is { Length: > 0 } folder ? folder : Path.Combine(AppContext.BaseDirectory, "Exported");

    private static readonly JsonElement s_expected = JsonDocument.Parse(File.ReadAllText(Path.Combine(s_exported, "end-to-end.json"))).RootElement;

    private readonly string _catalogPath = Path.Combine(s_exported, $"{Path.GetRandomFileName()}.catalog.json");
    private readonly ModelCatalog _catalog;

    public ExportedModelsTests()
    {
        File.WriteAllText(_catalogPath, new JsonObject
        {
            ["schema"] = 1,
            ["defaults"] = new JsonObject { ["enhancer"] = "any", ["snrLevel"] = "any", ["emotion"] = "any" },
            ["models"] = new JsonArray([.. Names().Select(name => JsonNode.Parse(File.ReadAllText(Path.Combine(s_exported, $"{name}.json"))))]),
        }.ToJsonString());
        _catalog = ModelCatalog.Load(_catalogPath);
    }

    public static TheoryData<string> AllNames => [.. Names()];

    public void Dispose() => File.Delete(_catalogPath);

    [Theory]
    [MemberData(nameof(AllNames))]
    public void Fixture_OfEachConverter_Holds(string name) => ModelFixture.Verify(_catalog, Named(name), new ModelOptions());

    // 'whole' is two blocks; 'cut' ends within the second, which the published code fills with zeros.
    [Theory]
    [InlineData("whole")]
    [InlineData("cut")]
    public async Task WholePath_RecordingIn_EqualsThePublishedComputation(string part)
    {
        JsonElement expected = s_expected.GetProperty(part);
        float[] x = (await Reading.ReadWavAsync(
            await File.ReadAllBytesAsync(Path.Combine(s_exported, "noisy.wav"), Reading.Token)))[..expected.GetProperty("samples").GetInt32()];
        float[] enhanced = new float[x.Length], y = new float[x.Length];
        using (OnnxModel enhancer = Load(Assert.Single(_catalog.Models, entry => entry.Kind == ModelKind.Enhancer)))
            new OnnxSpeechEnhancer(enhancer, threads: 2).Enhance(x, enhanced, Reading.Token);
        int every = expected.GetProperty("keptEvery").GetInt32();
        double peak = expected.GetProperty("enhancedPeak").GetDouble();
        AssertClose("x̂, share of peak", Floats(expected.GetProperty("enhanced")), Every(enhanced, every), 1e-4, peak);

        JsonElement scores = expected.GetProperty("score");
        using OnnxModel dense = Load(Named("snr-dense")), transformer = Load(Named("snr-transformer"));
        var block = new SnrLevelBlock(dense);
        SnrScore score = block.Score(x, enhanced).Score;
        AssertClose("S, dense", [scores.GetProperty("dense").GetSingle()], [score.Value], 1e-4);
        SnrScore byFrame = new SnrLevelBlock(transformer).Score(x, enhanced).Score;
        AssertClose("S, transformer", [scores.GetProperty("transformer").GetSingle()], [byFrame.Value], 1e-4);

        WaveformReconstitution.Blend(x, enhanced, block.Weigh(score), y);
        AssertClose("y, share of peak", Floats(expected.GetProperty("reconstituted")), Every(y, every), 1e-4, peak);
        ModelEntry[] emotions = [.. _catalog.Models.Where(entry => entry.Kind == ModelKind.Emotion)];
        Assert.NotEmpty(emotions);
        Assert.Equal(
            expected.EnumerateObject().Where(value => value.Value.ValueKind == JsonValueKind.Object && value.Value.TryGetProperty("logits", out _))
                .Select(value => value.Name),
            emotions.Select(entry => entry.Name));
        foreach (ModelEntry entry in emotions)
        {
            using OnnxModel emotion = Load(entry);
            float[] logits = new float[emotion.Entry.Emotion!.Labels.Count], attributes = new float[emotion.Entry.Emotion.Attributes.Count];
            if (attributes.Length > 0)
                emotion.Run(y, [1, y.Length], (logits, [1, logits.Length]), (attributes, [1, attributes.Length]));
            else
                emotion.Run(y, [1, y.Length], (logits, [1, logits.Length]));
            JsonElement outputs = expected.GetProperty(entry.Name);
            AssertClose($"{entry.Name}, logits", [.. outputs.GetProperty("logits").EnumerateArray().Select(value => value.GetSingle())], logits,
                1e-3);
            if (attributes.Length > 0)
                AssertClose($"{entry.Name}, attributes", [.. outputs.GetProperty("attributes").EnumerateArray().Select(value => value.GetSingle())],
                    attributes, 1e-3);
            EmotionEstimate estimate = Assert.Single(new OnnxEmotionClassifier(emotion).Classify(y, 1));
            Assert.Equal(emotion.Entry.Emotion.Emotions[Array.IndexOf(logits, logits.Max())], estimate.Emotion);
        }
    }

    private static IEnumerable<string> Names() =>
        Directory.GetFiles(s_exported, "*.onnx").Select(path => Path.GetFileNameWithoutExtension(path)!).Order(StringComparer.Ordinal);

    private static float[] Every(float[] values, int every) => [.. values.Where((_, i) => i % every == 0)];

    private static float[] Floats(JsonElement tensor) => MemoryMarshal.Cast<byte, float>(tensor.GetProperty("data").GetBytesFromBase64()).ToArray();

    private static void AssertClose(string what, float[] expected, float[] actual, double tolerance, double unit = 1)
    {
        Assert.Equal(expected.Length, actual.Length);
        string found = $"{what}: {expected.Zip(actual, (a, b) => Math.Abs(a - (double)b)).Max() / unit:G3} away, {tolerance:G3} is tolerated";
        TestContext.Current.TestOutputHelper!.WriteLine(found);
        Assert.True(expected.Zip(actual).All(pair => Math.Abs(pair.First - (double)pair.Second) <= tolerance * unit), found);
    }

    private ModelEntry Named(string name) => _catalog.Models.Single(entry => entry.Name == name);

    private OnnxModel Load(ModelEntry entry) => OnnxModel.Load(_catalog, entry, new ModelOptions());
}
