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
/// published forms: each network, and the whole path from a WAV file to the logits. Written by models/export/fixtures.py.
/// </summary>
public sealed class ExportedModelsTests : IDisposable
{
    private static readonly string s_exported = Path.Combine(AppContext.BaseDirectory, "Exported");
    private static readonly JsonElement s_expected = JsonDocument.Parse(File.ReadAllText(Path.Combine(s_exported, "end-to-end.json"))).RootElement;

    private readonly string _catalogPath = Path.Combine(s_exported, $"{Path.GetRandomFileName()}.catalog.json");
    private readonly ModelCatalog _catalog;

    public ExportedModelsTests()
    {
        File.WriteAllText(_catalogPath, new JsonObject
        {
            ["schema"] = 1,
            ["defaults"] = new JsonObject { ["enhancer"] = "cmgan-narrow", ["snrLevel"] = "snr-dense", ["emotion"] = "hubert-heads" },
            ["models"] = new JsonArray([.. Names().Select(name => JsonNode.Parse(File.ReadAllText(Path.Combine(s_exported, $"{name}.json"))))]),
        }.ToJsonString());
        _catalog = ModelCatalog.Load(_catalogPath);
    }

    public static TheoryData<string> AllNames => [.. Names()];

    public void Dispose() => File.Delete(_catalogPath);

    [Theory]
    [MemberData(nameof(AllNames))]
    public void Fixture_OfEachConverter_Holds(string name) => ModelFixture.Verify(_catalog, _catalog.Models.Single(entry => entry.Name == name), new ModelOptions());

    // 'whole' is two blocks; 'cut' ends within the second, which the published code fills with zeros.
    [Theory]
    [InlineData("whole")]
    [InlineData("cut")]
    public async Task WholePath_RecordingIn_EqualsThePublishedComputation(string part)
    {
        JsonElement expected = s_expected.GetProperty(part);
        float[] x = (await Reading.ReadWavAsync(await File.ReadAllBytesAsync(Path.Combine(s_exported, "noisy.wav"), Reading.Token)))[..expected.GetProperty("samples").GetInt32()];
        float[] enhanced = new float[x.Length], y = new float[x.Length];
        using (OnnxModel enhancer = Load("cmgan-narrow"))
            new OnnxSpeechEnhancer(enhancer, threads: 2).Enhance(x, enhanced, Reading.Token);
        int every = expected.GetProperty("keptEvery").GetInt32();
        double peak = expected.GetProperty("enhancedPeak").GetDouble();
        AssertClose(Floats(expected.GetProperty("enhanced")), Every(enhanced, every), 1e-4 * peak);

        JsonElement scores = expected.GetProperty("score");
        using OnnxModel dense = Load("snr-dense"), transformer = Load("snr-transformer");
        var block = new SnrLevelBlock(dense);
        SnrScore score = block.Score(x, enhanced);
        Assert.Equal(scores.GetProperty("dense").GetDouble(), score.Value, 1e-4);
        Assert.Equal(scores.GetProperty("transformer").GetDouble(), new SnrLevelBlock(transformer).Score(x, enhanced).Value, 1e-4);

        WaveformReconstitution.Blend(x, enhanced, block.Weigh(score), y);
        AssertClose(Floats(expected.GetProperty("reconstituted")), Every(y, every), 1e-4 * peak);
        foreach (string name in new[] { "hubert-base-style", "hubert-large-style", "hubert-heads" })
        {
            using OnnxModel emotion = Load(name);
            float[] logits = new float[emotion.Entry.Emotion!.Labels.Count], attributes = new float[emotion.Entry.Emotion.Attributes.Count];
            if (attributes.Length > 0)
                emotion.Run(y, [1, y.Length], (logits, [1, logits.Length]), (attributes, [1, attributes.Length]));
            else
                emotion.Run(y, [1, y.Length], (logits, [1, logits.Length]));
            JsonElement outputs = expected.GetProperty(name);
            AssertClose([.. outputs.GetProperty("logits").EnumerateArray().Select(value => value.GetSingle())], logits, 1e-3);
            if (attributes.Length > 0)
                AssertClose([.. outputs.GetProperty("attributes").EnumerateArray().Select(value => value.GetSingle())], attributes, 1e-3);
            EmotionEstimate estimate = Assert.Single(new OnnxEmotionClassifier(emotion).Classify(y, 1));
            Assert.Equal(emotion.Entry.Emotion.Labels[Array.IndexOf(logits, logits.Max())], estimate.Emotion);
        }
    }

    private static IEnumerable<string> Names() => Directory.GetFiles(s_exported, "*.onnx").Select(path => Path.GetFileNameWithoutExtension(path)!).Order(StringComparer.Ordinal);

    private static float[] Every(float[] values, int every) => [.. values.Where((_, i) => i % every == 0)];

    private static float[] Floats(JsonElement tensor) => MemoryMarshal.Cast<byte, float>(tensor.GetProperty("data").GetBytesFromBase64()).ToArray();

    private static void AssertClose(float[] expected, float[] actual, double tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        double worst = expected.Zip(actual, (a, b) => Math.Abs(a - (double)b)).Max();
        Assert.True(worst <= tolerance, $"{worst:G3} away, {tolerance:G3} is tolerated");
    }

    private OnnxModel Load(string name) => OnnxModel.Load(_catalog, _catalog.Models.Single(entry => entry.Name == name), new ModelOptions());
}
