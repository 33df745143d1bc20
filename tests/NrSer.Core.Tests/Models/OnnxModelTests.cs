using System.Numerics.Tensors;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using NrSer.Core.Models;
using NrSer.Testing;

namespace NrSer.Core.Tests.Models;

public sealed class OnnxModelTests : IDisposable
{
    private readonly TestCatalog _catalog = new();

    [Theory]
    [InlineData(ExecutionProvider.Cpu)]
    [InlineData(ExecutionProvider.Auto)]
    public void Run_LoadedModel_WritesToTheCallersMemory(ExecutionProvider provider)
    {
        using OnnxModel model = _catalog.LoadModel("mean-402", provider);
        float[] input = new float[2 * 402], output = new float[2];
        input.AsSpan(402).Fill(0.5f);
        model.Run(input, [2, 402], (output, [2]));
        Assert.Equal(0f, output[0]);
        Assert.Equal(0.5f, output[1], 1e-6f); // the order in which 402 values are summed
        Assert.True(model.InferenceTime > TimeSpan.Zero);
        Assert.Equal("mean-402", model.Entry.Name);
    }

    // ONNX Runtime can switch denormals off on the thread that makes a session, for good; vectorised code that compares small integers as
    // floats, such as TensorPrimitives.IndexOfMax, then finds them all equal.
    [Fact]
    public void Load_OnAThread_LeavesItsFloatingPointModeAlone()
    {
        using OnnxModel model = _catalog.LoadModel("mean-402");
        float smallest = float.Epsilon;
        Assert.NotEqual(0f, smallest + smallest);
        Assert.Equal(4, TensorPrimitives.IndexOfMax<float>([0.3f, 0, 0.1f, 0, 0.4f, 0, 0, 0.1f, 0, 0.1f]));
    }

    [Fact]
    public void Run_SeveralThreads_GiveTheSameBits()
    {
        using OnnxModel model = _catalog.LoadModel("emotion-rated");
        float[] input = Signal.StftTests.Noise(16000, 1);
        var answers = new float[8][];
        Parallel.For(0, answers.Length, i =>
        {
            float[] logits = new float[4], attributes = new float[3];
            model.Run(input, [1, 16000], (logits, [1, 4]), (attributes, [1, 3]));
            answers[i] = [.. logits, .. attributes];
        });
        Assert.All(answers, answer => Assert.Equal(answers[0], answer));
    }

    [Theory]
    [InlineData("mean-402", 402, 1)]
    [InlineData("emotion", 1000, 4)]
    public void Run_WhereverTheInputLiesInMemory_GivesTheSameBits(string name, int samples, int answers)
    {
        using OnnxModel model = _catalog.LoadModel(name);
        float[] input = Signal.StftTests.Noise(samples, 1), expected = new float[answers];
        long[] shape = answers == 1 ? [1] : [1, answers];
        model.Run(input, [1, samples], (expected, shape));
        for (int offset = 0; offset < 64; offset++)
        {
            float[] moved = new float[samples + offset], answer = new float[answers];
            input.CopyTo(moved, offset);
            model.Run(moved.AsSpan(offset), [1, samples], (answer, shape));
            Assert.Equal(expected, answer);
        }
    }

    [Fact]
    public void Load_AnotherHash_SaysBoth()
    {
        _catalog["mean-402"]["sha256"] = new string('0', 64);
        string message = Complaint("mean-402");
        Assert.Contains(new string('0', 64), message, StringComparison.Ordinal);
        Assert.Contains("changed or damaged", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("gone.onnx")]
    [InlineData("gone/model.onnx")]
    [InlineData("")]
    [InlineData(".")]
    public void Load_MissingFile_NamesTheModel(string file)
    {
        _catalog["mean-402"]["file"] = file;
        Assert.Contains("'mean-402' cannot be read", Complaint("mean-402"), StringComparison.Ordinal);
    }

    [Fact]
    public void Load_FileThatIsNoNetwork_ThrowsModelException()
    {
        Put("mean-402", "nonsense"u8.ToArray());
        Assert.Contains("cannot load 'mean-402'", Complaint("mean-402"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("inputs", "input")]
    [InlineData("outputs", "output")]
    public void Load_WrongName_SaysWhichTheNetworkHas(string list, string role)
    {
        _catalog["mean-402"][list]![0]!["name"] = "other";
        string message = Complaint("mean-402");
        Assert.Contains($"no {role} 'other'", message, StringComparison.Ordinal);
        Assert.Contains(role == "input" ? "similarity" : "score", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_FixedAxisWhereTheNetworkHasAFreeOne_SaysBothShapes()
    {
        _catalog["mean-402"]["inputs"]![0]!["shape"]![0] = 1;
        string message = Complaint("mean-402");
        Assert.Contains("[-1, 402]", message, StringComparison.Ordinal);
        Assert.Contains("[1, 402]", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_NetworkWithAnInputThatTheEntryLacks_NamesBoth()
    {
        Put("mean-402", TestCatalog.Network("two-inputs"));
        string message = Complaint("mean-402");
        Assert.Contains("similarity", message, StringComparison.Ordinal);
        Assert.Contains("offset", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_NetworkWithAnOutputThatTheEntryLacks_IsRunWithoutIt()
    {
        JsonObject entry = _catalog["emotion-rated"];
        entry["outputs"]!.AsArray().RemoveAt(1);
        entry["emotion"]!["attributes"] = new JsonArray();
        using OnnxModel model = _catalog.LoadModel("emotion-rated");
        float[] logits = new float[4];
        model.Run(Signal.StftTests.Noise(1000, 1), [1, 1000], (logits, [1, 4]));
        Assert.DoesNotContain(0f, logits);
    }

    [Fact]
    public void Load_CudaOnTheCpuBuild_SaysWhatToDo()
    {
        ModelException error = Assert.Throws<ModelException>(() => _catalog.LoadModel("mean-402", ExecutionProvider.Cuda).Dispose());
        Assert.Contains("CUDA was asked for", error.Message, StringComparison.Ordinal);
        Assert.Contains("Auto", error.Message, StringComparison.Ordinal);
    }

    public void Dispose() => _catalog.Dispose();

    /// <summary>Puts other content in a model's place, with the right hash.</summary>
    private void Put(string name, byte[] content)
    {
        File.WriteAllBytes(Path.Combine(Path.GetDirectoryName(_catalog.Path)!, $"{name}.onnx"), content);
        _catalog[name]["sha256"] = Convert.ToHexStringLower(SHA256.HashData(content));
    }

    private string Complaint(string name) => Assert.Throws<ModelException>(() => _catalog.LoadModel(name).Dispose()).Message;
}
