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
