using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using NrSer.Core.Models;
using NrSer.Core.Models.Weights;
using NrSer.Testing;

namespace NrSer.Core.Tests.Models.Weights;

/// <summary>
/// Networks that are put together here, against what PyTorch computes with the same checkpoint: models/export/seeded.py, whose values follow from the
/// tensors' names.
/// </summary>
public sealed class LayoutsTests : IDisposable
{
    private static readonly string s_skeletons = Path.Combine(AppContext.BaseDirectory, "models", "skeletons");

    private static readonly JsonElement s_expected = JsonDocument.Parse(
        File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Fixtures", "seeded.json"))).RootElement.GetProperty("networks");

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("nrser-layouts");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("hubert-base", false)]
    [InlineData("hubert-base", true)]
    [InlineData("hubert-large", false)]
    [InlineData("hubert-last-layer", false)]
    [InlineData("wav2vec2", true)]
    public void Hubert_OfASeededCheckpoint_ComputesWhatPyTorchDoes(string name, bool pickled)
    {
        JsonElement expected = s_expected.GetProperty(name);
        Dictionary<string, long[]> shapes = ShapesOf(expected);
        string file = Write("checkpoint", pickled ? SeededCheckpoint.PyTorch(shapes) : SeededCheckpoint.Safetensors(shapes));
        HubertLayout layout = LayoutOf(expected);
        Assert.Equal(["neu", "hap", "ang", "sad"], layout.Labels);
        string weightsSha256;
        using (Checkpoint checkpoint = Checkpoint.Open(file))
            weightsSha256 = layout.Assemble(checkpoint, s_skeletons, At("n.onnx"), At("n.weights"));

        using OnnxModel model = Load("emotion", weightsSha256, ["batch", "samples"], ["batch", 4], "input_values", "logits", entry =>
            entry["emotion"] = new JsonObject
            {
                ["labels"] = new JsonArray("neutral", "happy", "angry", "sad"), ["attributes"] = new JsonArray(),
                ["attributeRange"] = new JsonArray(), ["minimumSamples"] = HubertLayout.MinimumSamples,
            });
        float[] input = [.. SeededCheckpoint.Uniform("input", 4000).Select(u => 0.3f * u)], logits = new float[8];
        model.Run(input, [2, 2000], (logits, [2, 4]));
        AssertClose([.. expected.GetProperty("logits").EnumerateArray().Select(value => value.GetSingle())], logits, 1e-3 / 20);
    }

    [Fact]
    public void NrserEmotion_OfASeededCheckpoint_ComputesWhatPyTorchDoes()
    {
        JsonElement expected = s_expected.GetProperty("nrser-emotion");
        Dictionary<string, long[]> shapes = ShapesOf(expected);
        shapes["ssl_model.final_proj.weight"] = [2, 3]; // left there by pre-training
        string weightsSha256;
        HubertLayout layout;
        using (Checkpoint checkpoint = Checkpoint.Open(Write("best", SeededCheckpoint.PyTorch(shapes))))
        {
            layout = HubertLayout.ReadNrser(checkpoint);
            weightsSha256 = layout.Assemble(checkpoint, s_skeletons, At("n.onnx"), At("n.weights"));
        }

        Assert.Equal(["arousal", "valence", "dominance"], layout.Ratings);
        Assert.Equal((1, 7), layout.RatingRange);
        using OnnxModel model = Load("emotion", weightsSha256, ["batch", "samples"], ["batch", 10], "input_values", "logits", entry =>
        {
            entry["outputs"]!.AsArray().Add(new JsonObject { ["name"] = "attributes", ["type"] = "float32", ["shape"] = new JsonArray("batch", 3) });
            entry["emotion"] = new JsonObject
            {
                ["labels"] = new JsonArray([.. layout.Labels.Select(label => (JsonNode)label)]),
                ["vocabulary"] = new JsonObject { ["noAgreement"] = null },
                ["attributes"] = new JsonArray("arousal", "valence", "dominance"), ["attributeRange"] = new JsonArray(1, 7),
                ["minimumSamples"] = HubertLayout.MinimumSamples,
            };
        });
        float[] input = [.. SeededCheckpoint.Uniform("input", 4000).Select(u => 0.3f * u)], logits = new float[20], ratings = new float[6];
        model.Run(input, [2, 2000], (logits, [2, 10]), (ratings, [2, 3]));
        AssertClose([.. expected.GetProperty("logits").EnumerateArray().Select(value => value.GetSingle())], logits, 1e-3 / 20);
        AssertClose([.. expected.GetProperty("ratings").EnumerateArray().Select(value => value.GetSingle())], ratings, 1e-3 / 20);
    }

    [Fact]
    public void Wav2Vec_ThatRatesAlone_ComputesWhatPyTorchDoes()
    {
        JsonElement expected = s_expected.GetProperty("wav2vec2-ratings");
        HubertLayout layout = LayoutOf(expected);
        Assert.Empty(layout.Labels);
        Assert.Equal(["arousal", "dominance", "valence"], layout.Ratings);
        string weightsSha256;
        using (Checkpoint checkpoint = Checkpoint.Open(Write("checkpoint", SeededCheckpoint.Safetensors(ShapesOf(expected)))))
            weightsSha256 = layout.Assemble(checkpoint, s_skeletons, At("n.onnx"), At("n.weights"));
        using OnnxModel model = Load("emotion", weightsSha256, ["batch", "samples"], ["batch", 3], "input_values", "logits", entry =>
            entry["emotion"] = new JsonObject
            {
                ["labels"] = new JsonArray(), ["attributes"] = new JsonArray([.. layout.Ratings.Select(rating => (JsonNode)rating)]),
                ["attributeRange"] = new JsonArray(-9, 9), ["minimumSamples"] = HubertLayout.MinimumSamples,
            });
        float[] input = [.. SeededCheckpoint.Uniform("input", 4000).Select(u => 0.3f * u)];
        float[] ratings = [.. expected.GetProperty("ratings").EnumerateArray().Select(value => value.GetSingle())];
        IReadOnlyList<Core.Emotion.EmotionEstimate> told = new Core.Emotion.OnnxEmotionClassifier(model).Classify(input, 2);
        AssertClose(ratings, [.. told.SelectMany(one => new[] { one.Arousal!.Value, one.Dominance!.Value, one.Valence!.Value })], 1e-3 / 20);
        Assert.All(told, one => Assert.True(one is { Emotion: null, IsReportable: false, Probabilities.Count: 0 }));
    }

    [Fact]
    public void NrserEmotion_OfAnotherNetwork_IsRefused()
    {
        Dictionary<string, long[]> shapes = ShapesOf(s_expected.GetProperty("nrser-emotion"));
        shapes["ssl_model.encoder.pos_conv.0.weight_v"] = [128, 8];
        using Checkpoint checkpoint = Checkpoint.Open(Write("best", SeededCheckpoint.PyTorch(shapes)));
        Assert.Contains("pos_conv_embed", Assert.Throws<ModelException>(() => HubertLayout.ReadNrser(checkpoint)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void NrserSnr_OfASeededCheckpoint_ComputesWhatPyTorchDoes()
    {
        JsonElement expected = s_expected.GetProperty("nrser-snr");
        string weightsSha256;
        using (Checkpoint checkpoint = Checkpoint.Open(Write("best", SeededCheckpoint.PyTorch(ShapesOf(expected)))))
            weightsSha256 = NrserSnrLayout.Assemble(checkpoint, s_skeletons, At("n.onnx"), At("n.weights"));
        using OnnxModel model = Load("snrLevel", weightsSha256, ["batch", "frames", 2], ["batch"], "similarity", "score", entry =>
        {
            entry["stft"] = new JsonObject { ["fftSamples"] = 400, ["hopSamples"] = 100, ["window"] = "hamming" };
            entry["snrLevel"] = new JsonObject { ["noiseThreshold"] = 0.6, ["similarity"] = "frames", ["enhancer"] = "n@1" };
        });
        float[] input = [.. SeededCheckpoint.Uniform("input", 80).Select(u => 2 * u)], score = new float[1];
        model.Run(input, [1, 40, 2], (score, [1]));
        AssertClose([expected.GetProperty("score").GetSingle()], score, 1e-4);
    }

    [Fact]
    public void Hubert_InEightBits_SaysNearlyTheSameAndTheSameOfEachSegmentAlone()
    {
        Assert.SkipUnless(EightBitProcessor.IsThis, "This processor has no VNNI and no AMX.");
        JsonElement expected = s_expected.GetProperty("hubert-large");
        using (Checkpoint checkpoint = Checkpoint.Open(Write("checkpoint", SeededCheckpoint.Safetensors(ShapesOf(expected)))))
            LayoutOf(expected).Assemble(checkpoint, s_skeletons, At("full.onnx"), At("full.weights"));
        (int products, string weightsSha256) = EightBitNetwork.Write(At("full.onnx"), At("full.weights"), At("n.onnx"), At("n.weights"));
        Assert.Equal(2 * 6, products); // of two layers; the projection's is too small
        using OnnxModel model = Load("emotion", weightsSha256, ["batch", "samples"], ["batch", 4], "input_values", "logits", entry =>
        {
            entry["precision"] = "eightBit";
            entry["emotion"] = new JsonObject
            {
                ["labels"] = new JsonArray("neutral", "happy", "angry", "sad"), ["attributes"] = new JsonArray(),
                ["attributeRange"] = new JsonArray(), ["minimumSamples"] = HubertLayout.MinimumSamples,
            };
        });
        float[] input = [.. SeededCheckpoint.Uniform("input", 4000).Select(u => 0.3f * u)], logits = new float[8];
        model.Run(input, [2, 2000], (logits, [2, 4]));
        float[] full = [.. expected.GetProperty("logits").EnumerateArray().Select(value => value.GetSingle())];
        AssertClose(full, logits, 0.05 * (full.Max() - full.Min()));
        Assert.NotEqual(full, logits);

        input.AsSpan(2000).Fill(0.001f); // whose scale is another
        var classifier = new Core.Emotion.OnnxEmotionClassifier(model);
        Assert.Equal(classifier.Classify(input.AsMemory(0, 2000), 1)[0].Probabilities, classifier.Classify(input, 2)[0].Probabilities);
    }

    [Fact]
    public void Cmgan_OfASeededCheckpoint_ComputesWhatPyTorchDoes() => ComputesWhatPyTorchDoes("cmgan");

    // Another quarter of a minute: dotnet run --project tests/NrSer.Core.Tests -c Release -- -explicit only -class "*LayoutsTests"
    [Fact(Explicit = true)]
    public void Cmgan_WhoseSlopesAreSteep_ComputesWhatPyTorchDoes() => ComputesWhatPyTorchDoes("cmgan-steep");

    private void ComputesWhatPyTorchDoes(string name)
    {
        JsonElement expected = s_expected.GetProperty(name);
        string file = Write("ckpt", SeededCheckpoint.PyTorch(ShapesOf(expected), expected.GetProperty("steeper").GetSingle()));
        string weightsSha256;
        using (Checkpoint checkpoint = Checkpoint.Open(file))
            weightsSha256 = CmganLayout.Assemble(checkpoint, s_skeletons, At("n.onnx"), At("n.weights"));

        JsonArray Shape() => new(1, 2, 321, 201);
        using OnnxModel model = Load("enhancer", weightsSha256, Shape(), Shape(), "spectrogram", "enhanced", entry =>
        {
            entry["stft"] = new JsonObject { ["fftSamples"] = 400, ["hopSamples"] = 100, ["window"] = "hamming" };
            entry["enhancer"] = new JsonObject { ["compression"] = 0.3, ["blockSamples"] = 32000, ["overlapSamples"] = 0 };
        });
        float[] input = [.. SeededCheckpoint.Uniform("input", 2 * 321 * 201).Select(u => 2 * u)], enhanced = new float[input.Length];
        model.Run(input, [1, 2, 321, 201], (enhanced, [1, 2, 321, 201]));
        int every = expected.GetProperty("keptEvery").GetInt32();
        AssertClose(
            [.. expected.GetProperty("enhanced").EnumerateArray().Select(value => value.GetSingle())], [.. enhanced.Where((_, i) => i % every == 0)],
            3e-5 * expected.GetProperty("peak").GetDouble()); // |Y|^(1/0.3) makes of it 1e-4 of the waveform's peak
    }

    private static Dictionary<string, long[]> ShapesOf(JsonElement network) => network.GetProperty("tensors").EnumerateObject()
        .ToDictionary(tensor => tensor.Name, tensor => tensor.Value.EnumerateArray().Select(axis => axis.GetInt64()).ToArray());

    private static void AssertClose(float[] expected, float[] actual, double tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        double worst = expected.Zip(actual, (a, b) => Math.Abs(a - (double)b)).Max();
        TestContext.Current.TestOutputHelper!.WriteLine($"{worst:G3} away, {tolerance:G3} is tolerated");
        Assert.True(worst <= tolerance, $"{worst} away");
    }

    private HubertLayout LayoutOf(JsonElement network)
    {
        File.WriteAllText(At("config.json"), network.GetProperty("config").GetRawText());
        File.WriteAllText(At("preprocessor_config.json"), new JsonObject { ["do_normalize"] = network.GetProperty("normalise").GetBoolean() }
            .ToJsonString());
        return HubertLayout.Read(At("config.json"), At("preprocessor_config.json"));
    }

    private OnnxModel Load(
        string kind, string weightsSha256, JsonArray inputShape, JsonArray outputShape, string input, string output, Action<JsonObject> complete)
    {
        JsonArray Tensors(string name, JsonArray shape) =>
            new(new JsonObject { ["name"] = name, ["type"] = "float32", ["shape"] = shape });
        var entry = new JsonObject
        {
            ["name"] = "n", ["version"] = "1", ["kind"] = kind, ["quality"] = "demonstration", ["file"] = "n.onnx", ["weights"] = "n.weights",
            ["sha256"] = Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(At("n.onnx")))), ["weightsSha256"] = weightsSha256,
            ["sampleRateHz"] = 16000, ["inputs"] = Tensors(input, inputShape), ["outputs"] = Tensors(output, outputShape),
            ["licence"] = "none needed", ["source"] = "seeded", ["trainingData"] = new JsonArray(), ["measured"] = new JsonObject(),
        };
        complete(entry);
        File.WriteAllText(At("catalog.json"), new JsonObject
        {
            ["schema"] = 1,
            ["defaults"] = new JsonObject { ["enhancer"] = "n", ["snrLevel"] = "n", ["emotion"] = "n" },
            ["models"] = new JsonArray(entry),
        }.ToJsonString());
        var catalog = ModelCatalog.Load(At("catalog.json"));
        return OnnxModel.Load(catalog, catalog.Models[0], new ModelOptions());
    }

    private string Write(string name, byte[] content)
    {
        File.WriteAllBytes(At(name), content);
        return At(name);
    }

    private string At(string name) => Path.Combine(_folder.FullName, name);
}
