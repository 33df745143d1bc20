using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Google.Protobuf;
using NrSer.Core.Enhancement;
using NrSer.Core.Models;
using NrSer.Core.Models.Weights.Format;
using NrSer.Core.Signal;
using NrSer.Core.Tests.Signal;
using NrSer.Testing;

namespace NrSer.Core.Tests.Enhancement;

/// <summary>Networks of other people's layouts, made here: an entry is all that they need.</summary>
public sealed class ForeignEnhancerTests : IDisposable
{
    private const int Bins = 257, Hop = 128, Block = 4096, Frames = 1 + (Block / Hop);

    private readonly TestCatalog _catalog = new();

    public void Dispose() => _catalog.Dispose();

    /// <summary>[1, bins, frames, 2], another window and hop, no compression, as loud as recorded: each bin times a gain of its own.</summary>
    [Fact]
    public void Enhance_BinsBeforeFramesAndPartsLast_ComputesWhatTheNetworkDoes()
    {
        float[] gains = [.. Enumerable.Range(0, Bins).Select(bin => bin < 40 ? 0.75f : bin / 512f)];
        Write(
            [new Node { OpType = "Mul", Input = { "mix", "gains" }, Output = { "enh" } }],
            [Described("mix", 1, Bins, 0, 2)], [Described("enh", 1, Bins, 0, 2)], Constant("gains", [1, Bins, 1, 1], gains));
        JsonArray Shape() => new(1, Bins, "frames", 2);
        OnnxSpeechEnhancer enhancer = Enter([("mix", Shape())], [("enh", Shape())], new JsonObject
        {
            ["compression"] = 1, ["blockSamples"] = Block, ["overlapSamples"] = 1024, ["rms"] = null,
            ["axes"] = new JsonArray("batch", "bins", "frames", "part"),
        });
        float[] x = [.. StftTests.Noise(3 * Block, 1).Select(value => 0.1f * value)], y = new float[x.Length];
        enhancer.Enhance(x, y, TestContext.Current.CancellationToken);
        float[] expected = Transformed(x, (re, im) =>
        {
            for (int i = 0; i < re.Length; i++)
                (re[i], im[i]) = (re[i] * gains[i % Bins], im[i] * gains[i % Bins]);
        });
        for (int n = Block / 4; n < x.Length - (Block / 4); n++) // blocks are reflected at their ends, and cross-fade over that
            Assert.Equal(expected[n], y[n], 2e-3f);
        Assert.True(SignalLevel.Energy(y) < 0.3 * SignalLevel.Energy(x));
    }

    /// <summary>Real and imaginary parts apart, a frame a run, a state: half of the frame before is added to the real parts.</summary>
    [Fact]
    public void Enhance_FrameByFrameWithAState_RemembersTheFrameBefore()
    {
        WriteStreaming();
        OnnxSpeechEnhancer enhancer = Enter(
            [("re", new JsonArray(1, Bins)), ("im", new JsonArray(1, Bins)), ("memory", new JsonArray(1, Bins))],
            [("re_out", new JsonArray(1, Bins)), ("im_out", new JsonArray(1, Bins)), ("memory_out", new JsonArray(1, Bins))], Streaming());
        float[] x = StftTests.Noise(Block, 2), y = new float[Block];
        enhancer.Enhance(x, y, TestContext.Current.CancellationToken);
        float rms = (float)Math.Sqrt(SignalLevel.Energy(x) / x.Length); // linear, but for the compression's power: levels matter then
        float[] expected = Transformed([.. x.Select(value => 0.5f * value / rms)], (re, im) =>
        {
            PowerCompression.Compress(re, im, 0.5f);
            for (int i = re.Length - 1; i >= Bins; i--)
                re[i] += 0.5f * re[i - Bins];
            PowerCompression.Expand(re, im, 0.5f);
        });
        for (int n = 0; n < x.Length; n++)
            Assert.Equal(expected[n] * rms / 0.5f, y[n], 1e-3f);
    }

    [Theory]
    [InlineData("axes", """["batch", "bins", "part"]""", "its axes are frames and bins")]
    [InlineData("axes", """["frames", "part", "bins"]""", "it has one tensor and 1 states each way, but 3 inputs")]
    [InlineData("framesPerRun", "2", "do not divide")]
    [InlineData("states", "[]", "two tensors, real and imaginary parts")]
    [InlineData("states", """[["re", "memory_out"]]""", "pairs of an input and the output")]
    [InlineData("rms", "0", "must be above 0")]
    [InlineData("axes", """["batch", "wide", "bins"]""", "not valid")]
    public void Enter_AnEntryThatDoesNotFit_SaysWhat(string field, string value, string reason)
    {
        WriteStreaming();
        JsonObject section = Streaming();
        section[field] = JsonNode.Parse(value);
        ModelException error = Assert.Throws<ModelException>(() => Enter(
            [("re", new JsonArray(1, Bins)), ("im", new JsonArray(1, Bins)), ("memory", new JsonArray(1, Bins))],
            [("re_out", new JsonArray(1, Bins)), ("im_out", new JsonArray(1, Bins)), ("memory_out", new JsonArray(1, Bins))], section));
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    private static JsonObject Streaming() => new()
    {
        ["compression"] = 0.5, ["blockSamples"] = Block, ["overlapSamples"] = 0, ["rms"] = 0.5, ["framesPerRun"] = 1,
        ["axes"] = new JsonArray("frames", "bins"), ["states"] = new JsonArray(new JsonArray("memory", "memory_out")),
    };

    private void WriteStreaming() => Write(
        [
            new Node { OpType = "Add", Input = { "re", "memory" }, Output = { "re_out" } },
            new Node { OpType = "Identity", Input = { "im" }, Output = { "im_out" } },
            new Node { OpType = "Mul", Input = { "re", "half" }, Output = { "memory_out" } },
        ],
        [Described("re", 1, Bins), Described("im", 1, Bins), Described("memory", 1, Bins)],
        [Described("re_out", 1, Bins), Described("im_out", 1, Bins), Described("memory_out", 1, Bins)], Constant("half", [], [0.5f]));

    private string File => Path.Combine(Path.GetDirectoryName(_catalog.Path)!, "identity-512.onnx");

    /// <summary>Writes the network in the place of one of the catalogue's.</summary>
    private void Write(Node[] nodes, Value[] inputs, Value[] outputs, Tensor constant) => System.IO.File.WriteAllBytes(File, new Model
    {
        IrVersion = 7, OpsetImport = { new OperatorSet { Version = 13 } },
        Graph = new Graph { Name = "foreign", Node = { nodes }, Input = { inputs }, Output = { outputs }, Initializer = { constant } },
    }.ToByteArray());

    private OnnxSpeechEnhancer Enter((string Name, JsonArray Shape)[] inputs, (string Name, JsonArray Shape)[] outputs, JsonObject section)
    {
        JsonObject entry = _catalog["identity-512"];
        static JsonArray Tensors((string Name, JsonArray Shape)[] tensors) => new([.. tensors.Select(tensor =>
            new JsonObject { ["name"] = tensor.Name, ["type"] = "float32", ["shape"] = tensor.Shape })]);
        (entry["inputs"], entry["outputs"], entry["enhancer"]) = (Tensors(inputs), Tensors(outputs), section);
        entry["stft"] = new JsonObject { ["fftSamples"] = 512, ["hopSamples"] = Hop, ["window"] = "hann" };
        entry["sha256"] = Convert.ToHexStringLower(SHA256.HashData(System.IO.File.ReadAllBytes(File)));
        OnnxModel model = _catalog.LoadModel("identity-512");
        return new OnnxSpeechEnhancer(model, threads: 2);
    }

    private static float[] Transformed(float[] x, SpectrumChange change)
    {
        var stft = new Stft(new StftParameters(512, Hop, WindowKind.Hann));
        int plane = stft.Parameters.FramesOf(x.Length) * Bins;
        float[] re = new float[plane], im = new float[plane], y = new float[x.Length];
        stft.Forward(x, re, im);
        change(re, im);
        stft.Inverse(re, im, y);
        return y;
    }

    private delegate void SpectrumChange(Span<float> re, Span<float> im);

    private static Tensor Constant(string name, long[] shape, float[] values) => new()
    {
        Name = name, DataType = 1, Dims = { shape }, RawData = ByteString.CopyFrom(MemoryMarshal.AsBytes(values.AsSpan())),
    };

    private static Value Described(string name, params int[] shape) => new()
    {
        Name = name,
        Type = new NrSer.Core.Models.Weights.Format.Type
        {
            TensorType = new TensorType
            {
                ElemType = 1,
                Shape = new Shape { Dim = { shape.Select(axis => axis > 0 ? new Axis { DimValue = axis } : new Axis { DimParam = "frames" }) } },
            },
        },
    };
}
