using Microsoft.ML.OnnxRuntime;

namespace NrSer.Core.Models.Weights;

/// <summary>How a piece's weights are made of a checkpoint's tensors: a network of its own, which runs once.</summary>
internal sealed class OnnxWeightRecipe : IDisposable
{
    private readonly InferenceSession _session;

    /// <summary>Takes a weight that was made.</summary>
    public delegate void Receiver(string name, long[] shape, ReadOnlySpan<float> values);

    /// <param name="path">NAME.weights.onnx.</param>
    public OnnxWeightRecipe(string path)
    {
        using var options = new SessionOptions { IntraOpNumThreads = 1, EnableCpuMemArena = false };
        _session = OnnxModel.Open(File.ReadAllBytes(path), options);
    }

    /// <summary>The tensors it needs.</summary>
    public IReadOnlyList<string> Needs => _session.InputNames;

    /// <summary>The weights it makes.</summary>
    public IReadOnlyList<string> Makes => _session.OutputNames;

    /// <summary>The axes that a tensor has to have: a length, a word where a configuration decides, nothing where any will do.</summary>
    /// <param name="need">One of <see cref="Needs"/>.</param>
    public string[] AxesOf(string need)
    {
        NodeMetadata found = _session.InputMetadata[need];
        return [.. found.Dimensions.Zip(found.SymbolicDimensions, (length, word) => length >= 0 ? length.ToString() : word)];
    }

    /// <summary>Makes the weights.</summary>
    /// <param name="given">What <see cref="Needs"/> names, in that order.</param>
    /// <param name="receive">Told name, shape and values of each.</param>
    public void Run(IEnumerable<WeightValues> given, Receiver receive)
    {
        var inputs = new List<OrtValue>();
        try
        {
            foreach (WeightValues values in given)
            {
                inputs.Add(values.Integers is { } whole
                    ? OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, whole.AsMemory(), values.Shape)
                    : OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, values.Floats, values.Shape));
            }

            using var options = new RunOptions();
            using IDisposableReadOnlyCollection<OrtValue> made = _session.Run(options, Needs, inputs, Makes);
            for (int i = 0; i < made.Count; i++)
                receive(Makes[i], made[i].GetTensorTypeAndShape().Shape, made[i].GetTensorDataAsSpan<float>());
        }
        finally
        {
            foreach (OrtValue input in inputs)
                input.Dispose();
        }
    }

    public void Dispose() => _session.Dispose();
}
