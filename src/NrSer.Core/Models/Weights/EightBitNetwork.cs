using System.Globalization;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using CommunityToolkit.HighPerformance.Buffers;
using Google.Protobuf;
using NrSer.Core.Models.Weights.Format;
using Tensor = NrSer.Core.Models.Weights.Format.Tensor;

namespace NrSer.Core.Models.Weights;

/// <summary>
/// A network whose products with weights run in eight bits: a transformer's, not its convolutions, nor its attention's products, in which no weights
/// are. Weights W [in, out] become q = W / s, rounded, with s of each output such that its largest weight is 127; what they are multiplied with is
/// brought to 0 … 255 by its own least and largest value each time (ONNX: DynamicQuantizeLinear, MatMulInteger). Sums have 32 bits and are exact.
/// </summary>
public static class EightBitNetwork
{
    private const int Largest = 127; // of a signed byte, and of its negative
    private const int LeastAxis = 32; // smaller products, such as those of a head, gain nothing
    private const int FloatType = 1, ByteType = 3, External = 1, IntegerAttribute = 2; // of ONNX

    /// <summary>Makes one of a network.</summary>
    /// <param name="onnxPath">The network; whether it is what its entry says is the caller's to check.</param>
    /// <param name="weightsPath">The file of its weights, or null where it holds them itself.</param>
    /// <param name="targetPath">Receives the graph.</param>
    /// <param name="targetWeightsPath">Receives its weights; in the same folder.</param>
    /// <returns>How many products were changed, and the SHA-256 of the weights' file, lower-case hex.</returns>
    /// <exception cref="ModelException">It has no such products.</exception>
    public static (int Products, string WeightsSha256) Write(string onnxPath, string? weightsPath, string targetPath, string targetWeightsPath)
    {
        Model model = Model.Parser.ParseFrom(File.ReadAllBytes(onnxPath));
        using FileStream? weights = weightsPath is null ? null : File.OpenRead(weightsPath);
        using var target = new WeightsFile(targetWeightsPath);
        Dictionary<string, Tensor> constants = model.Graph.Initializer.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        HashSet<string> changed = [.. model.Graph.Node.Where(node => IsProduct(node, constants)).Select(node => node.Input[1])];
        int products = model.Graph.Node.Count(node => IsProduct(node, constants));
        if (products == 0)
            throw new ModelException($"{onnxPath} has no products with weights, as transformers have them: eight bits make nothing of it faster.");

        Node[] nodes = [.. Rewritten(model.Graph.Node, node => IsProduct(node, constants))];
        model.Graph.Node.Clear();
        model.Graph.Node.Add(nodes);
        HashSet<string> alsoWhole = [.. nodes.SelectMany(node => node.Input).Where(changed.Contains)]; // read by something else, too
        model.Graph.Initializer.Clear();
        foreach (Tensor tensor in constants.Values)
        {
            using MemoryOwner<byte> values = Read(tensor, weights);
            if (changed.Contains(tensor.Name))
                model.Graph.Initializer.Add(Quantised(tensor, MemoryMarshal.Cast<byte, float>(values.Span), target));
            if (!changed.Contains(tensor.Name) || alsoWhole.Contains(tensor.Name))
                model.Graph.Initializer.Add(tensor.DataLocation == External ? Placed(tensor.Clone(), values.Span, target) : tensor);
        }

        using (FileStream file = new(targetPath, FileMode.Create, FileAccess.Write, FileShare.None))
        {
            model.WriteTo(file);
            file.Flush(flushToDisk: true);
        }

        return (products, target.Finish());
    }

    private static bool IsProduct(Node node, Dictionary<string, Tensor> constants) =>
        node.OpType == "MatMul" && constants.TryGetValue(node.Input[1], out Tensor? weight) && weight.DataType == FloatType
            && weight.Dims is [>= LeastAxis, >= LeastAxis] && (weight.DataLocation == External || weight.RawData.Length > 0);

    /// <summary>What is multiplied more than once, such as what queries, keys and values are made of, is brought to bytes once.</summary>
    private static IEnumerable<Node> Rewritten(IEnumerable<Node> nodes, Func<Node, bool> isProduct)
    {
        var known = new HashSet<string>(StringComparer.Ordinal);
        foreach (Node node in nodes)
        {
            if (!isProduct(node))
            {
                yield return node;
                continue;
            }

            (string x, string weight, string y) = (node.Input[0], node.Input[1], node.Output[0]);
            if (known.Add(x))
                yield return Of("DynamicQuantizeLinear", [x], [Bytes(x), Scale(x), Zero(x)]);
            yield return Of("MatMulInteger", [Bytes(x), Bytes(weight), Zero(x)], [$"{y}/sums"]);
            Node cast = Of("Cast", [$"{y}/sums"], [$"{y}/floats"]);
            cast.Attribute.Add(new Format.Attribute { Name = "to", I = FloatType, Type = IntegerAttribute });
            yield return cast;
            yield return Of("Mul", [Scale(x), Scale(weight)], [$"{y}/scales"]);
            yield return Of("Mul", [$"{y}/floats", $"{y}/scales"], [y]);
        }

        static Node Of(string type, string[] inputs, string[] outputs) => new() { OpType = type, Input = { inputs }, Output = { outputs } };
    }

    private static Tensor[] Quantised(Tensor weight, ReadOnlySpan<float> values, WeightsFile target)
    {
        int made = (int)weight.Dims[1];
        using SpanOwner<float> scales = SpanOwner<float>.Allocate(made, AllocationMode.Clear), row = SpanOwner<float>.Allocate(made);
        for (int at = 0; at < values.Length; at += made)
            TensorPrimitives.MaxMagnitude(scales.Span, values.Slice(at, made), scales.Span);
        TensorPrimitives.Abs<float>(scales.Span, scales.Span);
        TensorPrimitives.Divide(scales.Span, Largest, scales.Span);
        for (int i = 0; i < made; i++)
            scales.Span[i] = scales.Span[i] > 0 ? scales.Span[i] : 1; // of an output that hears nothing
        using SpanOwner<sbyte> bytes = SpanOwner<sbyte>.Allocate(values.Length);
        for (int at = 0; at < values.Length; at += made)
        {
            TensorPrimitives.Divide(values.Slice(at, made), scales.Span, row.Span);
            TensorPrimitives.Round<float>(row.Span, row.Span);
            TensorPrimitives.ConvertSaturating<float, sbyte>(row.Span, bytes.Span.Slice(at, made));
        }

        return
        [
            Placed(new Tensor { Name = Bytes(weight.Name), DataType = ByteType, Dims = { weight.Dims } }, MemoryMarshal.AsBytes(bytes.Span), target),
            Placed(new Tensor { Name = Scale(weight.Name), DataType = FloatType, Dims = { made } }, MemoryMarshal.AsBytes(scales.Span), target),
        ];
    }

    private static Tensor Placed(Tensor tensor, ReadOnlySpan<byte> values, WeightsFile target)
    {
        tensor.RawData = ByteString.Empty;
        tensor.DataLocation = External;
        tensor.ExternalData.Clear();
        tensor.ExternalData.Add(new Pair { Key = "location", Value = target.Name });
        tensor.ExternalData.Add(new Pair { Key = "offset", Value = target.Append(values).ToString(CultureInfo.InvariantCulture) });
        tensor.ExternalData.Add(new Pair { Key = "length", Value = values.Length.ToString(CultureInfo.InvariantCulture) });
        return tensor;
    }

    private static MemoryOwner<byte> Read(Tensor tensor, FileStream? weights)
    {
        long Told(string key) => long.Parse(tensor.ExternalData.Single(pair => pair.Key == key).Value, CultureInfo.InvariantCulture);
        bool isOutside = tensor.DataLocation == External;
        MemoryOwner<byte> values = MemoryOwner<byte>.Allocate(isOutside ? checked((int)Told("length")) : tensor.RawData.Length);
        if (!isOutside)
        {
            tensor.RawData.Span.CopyTo(values.Span);
            return values;
        }

        weights!.Position = Told("offset");
        weights.ReadExactly(values.Span);
        return values;
    }

    private static string Bytes(string name) => $"{name}/bytes";

    private static string Scale(string name) => $"{name}/scale";

    private static string Zero(string name) => $"{name}/zero";
}
