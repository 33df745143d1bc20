using System.Runtime.InteropServices;
using Google.Protobuf;
using NrSer.Core.Models.Weights.Format;
using NrSer.Core.Signal;

namespace NrSer.Core.Models.Weights;

/// <summary>The SNR-level block of arXiv 2309.01164 as a network: one dense layer over the similarities of all bins, S = w·sim + b.</summary>
public static class DenseSnrNetwork
{
    private const int IrVersion = 7, Opset = 13, FloatType = 1; // of ONNX

    /// <summary>Name of the input, [batch, 402].</summary>
    public const string Input = "similarity";

    /// <summary>Name of the output, [batch].</summary>
    public const string Output = "score";

    /// <summary>The framing of the paper.</summary>
    public static StftParameters Stft { get; } = new(FftSamples: 400, HopSamples: 100, WindowKind.Hamming);

    /// <summary>402: the real parts of all bins, then the imaginary parts.</summary>
    public static int Features => 2 * Stft.Bins;

    /// <summary>Writes the ONNX file.</summary>
    /// <param name="path">Where.</param>
    /// <param name="weights">w, [402].</param>
    /// <param name="bias">b.</param>
    /// <exception cref="ArgumentException">There are not as many weights as similarities.</exception>
    public static void Write(string path, ReadOnlySpan<float> weights, float bias)
    {
        if (weights.Length != Features)
            throw new ArgumentException($"{Features} similarities have as many weights, not {weights.Length}.", nameof(weights));
        var batch = new Axis { DimParam = "batch" };
        var network = new Model
        {
            IrVersion = IrVersion,
            OpsetImport = { new OperatorSet { Version = Opset } },
            Graph = new Graph
            {
                Name = "snr-level",
                Node =
                {
                    new Node { OpType = "MatMul", Input = { Input, "weights" }, Output = { "sum" } },
                    new Node { OpType = "Add", Input = { "sum", "bias" }, Output = { Output } },
                },
                Initializer = { Constant("weights", [weights.Length], weights), Constant("bias", [], [bias]) },
                Input = { Described(Input, batch, new Axis { DimValue = weights.Length }) },
                Output = { Described(Output, batch) },
            },
        };
        File.WriteAllBytes(path, network.ToByteArray());
    }

    private static Tensor Constant(string name, long[] shape, ReadOnlySpan<float> values) => new()
    {
        Name = name, DataType = FloatType, Dims = { shape }, RawData = ByteString.CopyFrom(MemoryMarshal.AsBytes(values)),
    };

    private static Value Described(string name, params Axis[] axes) => new()
    {
        Name = name,
        Type = new Format.Type
        {
            TensorType = new TensorType { ElemType = FloatType, Shape = new Shape { Dim = { axes.Select(axis => axis.Clone()) } } },
        },
    };
}
