using System.Runtime.InteropServices;
using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using NrSer.Core.Models;
using NrSer.Core.Models.Weights;
using NrSer.Core.Models.Weights.Format;
using Tensor = NrSer.Core.Models.Weights.Format.Tensor;

namespace NrSer.Core.Tests.Models.Weights;

public sealed class EightBitNetworkTests : IDisposable
{
    private const int Width = 32, FloatType = 1;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("nrser-eight-bits");

    public void Dispose() => _folder.Delete(recursive: true);

    // Each output has its own scale: with one for all of them, the smallest weights would be 0. What is heard has 256 levels from its least to its
    // largest, here the whole numbers, so that nothing is rounded.
    [Fact]
    public void Write_WeightsOfVeryDifferentSize_KeepsEach()
    {
        float[] scale = [.. Enumerable.Range(0, Width).Select(i => (float)Math.Pow(10, (i / 5.0) - 3))], weights = new float[Width * Width];
        for (int i = 0; i < Width; i++)
            weights[(i * Width) + i] = scale[i];
        (int products, _) = EightBitNetwork.Write(Network("MatMul", weights), null, At("eight.onnx"), At("eight.weights"));
        Assert.Equal(1, products);
        Assert.InRange(new FileInfo(At("eight.weights")).Length, Width * Width, 8192); // a byte each, and page by page

        float[] heard = [.. Enumerable.Range(0, Width).Select(i => i == Width - 1 ? 255f : 7 * i)];
        float[] made = Run(At("eight.onnx"), heard);
        Assert.All(Enumerable.Range(0, Width), i => Assert.Equal(heard[i] * scale[i], made[i], 1e-5f * heard[i] * scale[i]));
    }

    [Fact]
    public void Write_AnOutputThatHearsNothing_SaysNothing()
    {
        float[] weights = [.. Enumerable.Range(0, Width * Width).Select(i => i % Width == 3 ? 0f : 0.5f)];
        EightBitNetwork.Write(Network("MatMul", weights), null, At("eight.onnx"), At("eight.weights"));
        Assert.Equal(0, Run(At("eight.onnx"), [.. Enumerable.Repeat(-1f, Width)])[3]);
    }

    [Fact]
    public void Write_ANetworkWithoutProducts_IsRefused() => Assert.Contains("no products", Assert.Throws<ModelException>(
        () => EightBitNetwork.Write(Network("Add", new float[Width * Width]), null, At("eight.onnx"), At("eight.weights"))).Message,
        StringComparison.Ordinal);

    private string Network(string operation, float[] weights)
    {
        Value Row(string name) => new()
        {
            Name = name,
            Type = new Core.Models.Weights.Format.Type
            {
                TensorType = new TensorType
                {
                    ElemType = FloatType, Shape = new Shape { Dim = { new Axis { DimParam = "n" }, new Axis { DimValue = Width } } },
                },
            },
        };
        var model = new Model
        {
            IrVersion = 8, OpsetImport = { new OperatorSet { Version = 17 } },
            Graph = new Graph
            {
                Name = "n", Node = { new Node { OpType = operation, Input = { "x", "w" }, Output = { "y" } } },
                Input = { Row("x") }, Output = { Row("y") },
                Initializer =
                {
                    new Tensor
                    {
                        Name = "w", DataType = FloatType, Dims = { Width, Width },
                        RawData = ByteString.CopyFrom(MemoryMarshal.AsBytes(weights.AsSpan())),
                    },
                },
            },
        };
        File.WriteAllBytes(At("n.onnx"), model.ToByteArray());
        return At("n.onnx");
    }

    private static float[] Run(string path, float[] heard)
    {
        using var session = new InferenceSession(path);
        using OrtValue input = OrtValue.CreateTensorValueFromMemory(heard, [1, Width]);
        using var options = new RunOptions();
        using IDisposableReadOnlyCollection<OrtValue> made = session.Run(options, ["x"], [input], ["y"]);
        return made[0].GetTensorDataAsSpan<float>().ToArray();
    }

    private string At(string name) => Path.Combine(_folder.FullName, name);
}
