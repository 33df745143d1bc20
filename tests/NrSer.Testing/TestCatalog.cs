using System.Security.Cryptography;
using System.Text.Json.Nodes;
using NrSer.Core.Models;

namespace NrSer.Testing;

/// <summary>A folder of its own with a catalogue of the test networks, to be loaded as it is or spoilt first.</summary>
public sealed class TestCatalog : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("nrser-tests-");

    public JsonObject Document { get; } = new()
    {
        ["schema"] = 1,
        ["defaults"] = new JsonObject { ["enhancer"] = "identity-512", ["snrLevel"] = "mean-402", ["emotion"] = "emotion-rated" },
        ["models"] = new JsonArray(
            Enhancer("identity-512", frames: "frames", bins: 257, new { fftSamples = 512, hopSamples = 256, window = "sqrtHann" }, 4096, 1024),
            Enhancer("zero-512", frames: "frames", bins: 257, new { fftSamples = 512, hopSamples = 256, window = "sqrtHann" }, 4096, 1024),
            Enhancer("mixing-512", frames: "frames", bins: 257, new { fftSamples = 512, hopSamples = 256, window = "sqrtHann" }, 4096, 1024),
            Enhancer("identity-400", frames: 81, bins: 201, new { fftSamples = 400, hopSamples = 100, window = "hamming" }, 8000, 0),
            Entry(
                "mean-402", "snrLevel", [Tensor("similarity", "batch", 402)], [Tensor("score", "batch")],
                ("stft", new { fftSamples = 400, hopSamples = 100, window = "hamming" }),
                ("snrLevel", new { noiseThreshold = 0.4, enhancer = "identity-512@1.0.0" })),
            Entry(
                "speech-402", "snrLevel", [Tensor("similarity", "batch", 402), Tensor("power", "batch", 2, "frames", 201)],
                [Tensor("score", "batch"), Tensor("speech", "batch")],
                ("stft", new { fftSamples = 400, hopSamples = 100, window = "hamming" }),
                ("snrLevel", new { noiseThreshold = 0.4, enhancer = "identity-400@1.0.0", speechThreshold = -1 })),
            Entry("emotion", "emotion", [Tensor("input_values", "batch", "samples")], [Tensor("logits", "batch", 4)], ("emotion", Emotion([]))),
            Entry(
                "emotion-rated", "emotion", [Tensor("input_values", "batch", "samples")],
                [Tensor("logits", "batch", 4), Tensor("attributes", "batch", 3)], ("emotion", Emotion(["valence", "arousal", "dominance"])))),
    };

    public string Path => System.IO.Path.Combine(_folder.FullName, "catalog.json");

    /// <summary>One entry, to be spoilt before <see cref="Save"/>.</summary>
    public JsonObject this[string name] => Document["models"]!.AsArray().Single(entry => (string?)entry!["name"] == name)!.AsObject();

    public static byte[] Network(string name) => File.ReadAllBytes(System.IO.Path.Combine(AppContext.BaseDirectory, "Networks", $"{name}.onnx"));

    /// <summary>Loads one model of a catalogue that nobody touched.</summary>
    public static OnnxModel Load(string name)
    {
        using var catalog = new TestCatalog();
        return catalog.LoadModel(name);
    }

    public ModelCatalog Save()
    {
        File.WriteAllText(Path, Document.ToJsonString());
        return ModelCatalog.Load(Path);
    }

    public OnnxModel LoadModel(string name, ExecutionProvider provider = ExecutionProvider.Cpu)
    {
        foreach (string network in Document["models"]!.AsArray().Select(entry => (string)entry!["name"]!))
        {
            string target = System.IO.Path.Combine(_folder.FullName, $"{network}.onnx");
            if (!File.Exists(target))
                File.WriteAllBytes(target, Network(network));
        }

        ModelCatalog catalog = Save();
        ModelEntry entry = catalog.Models.Single(model => model.Name == name);
        return OnnxModel.Load(catalog, entry, new ModelOptions { CatalogPath = Path, ExecutionProvider = provider });
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private static JsonObject Enhancer(string name, JsonNode frames, int bins, object stft, int blockSamples, int overlapSamples)
    {
        JsonObject input = Tensor("spectrogram", 1, 2, frames, bins), output = Tensor("enhanced", 1, 2, frames.DeepClone(), bins);
        return Entry(
            name, "enhancer", [input], [output], ("stft", stft), ("enhancer", new { compression = 0.3, blockSamples, overlapSamples }));
    }

    private static object Emotion(string[] attributes) => new
    {
        labels = new[] { "neutral", "happy", "sad", "angry" },
        attributes,
        attributeRange = new[] { 1, 5 },
        minimumSamples = 1000,
    };

    private static JsonObject Tensor(string name, params JsonNode[] shape) =>
        new() { ["name"] = name, ["type"] = "float32", ["shape"] = new JsonArray(shape) };

    private static JsonObject Entry(string name, string kind, JsonObject[] inputs, JsonObject[] outputs,
        params (string Name, object Value)[] sections)
    {
        var entry = new JsonObject
        {
            ["name"] = name,
            ["version"] = "1.0.0",
            ["kind"] = kind,
            ["quality"] = "demonstration",
            ["file"] = $"{name}.onnx",
            ["sha256"] = Convert.ToHexStringLower(SHA256.HashData(Network(name))),
            ["sampleRateHz"] = 16000,
            ["inputs"] = new JsonArray(inputs),
            ["outputs"] = new JsonArray(outputs),
            ["licence"] = "MIT",
            ["source"] = "make_networks.py",
            ["trainingData"] = new JsonArray(),
            ["measured"] = new JsonObject(),
        };
        foreach ((string section, object value) in sections)
            entry[section] = System.Text.Json.JsonSerializer.SerializeToNode(value);
        return entry;
    }
}
