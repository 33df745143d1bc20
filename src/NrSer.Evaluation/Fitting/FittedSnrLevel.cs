using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using NrSer.Core.Models;
using NrSer.Core.Models.Weights;
using NrSer.Evaluation.Reports;

namespace NrSer.Evaluation.Fitting;

/// <summary>An SNR-level block that was fitted to an enhancer.</summary>
public sealed class FittedSnrLevel
{
    private readonly double[] _weights;
    private readonly double _bias;
    private readonly float[][] _examples;

    internal FittedSnrLevel(
        (double[] Weights, double Bias) block, float[][] examples, SnrLevelEntry entry, Report heldOut, JsonObject measured)
    {
        (_weights, _bias) = block;
        _examples = examples;
        (Entry, HeldOut, Measured) = (entry, heldOut, measured);
    }

    /// <summary>Thresholds, mix range, and the enhancer that it belongs to.</summary>
    public SnrLevelEntry Entry { get; }

    /// <summary>What <c>evaluate snr</c> tells, of the split that nothing was fitted or chosen on.</summary>
    public Report HeldOut { get; }

    /// <summary>The figures for its catalogue entry.</summary>
    public JsonObject Measured { get; }

    /// <summary>Writes the network.</summary>
    /// <param name="path">An ONNX file.</param>
    public void Write(string path) => DenseSnrNetwork.Write(path, [.. _weights.Select(weight => (float)weight)], (float)_bias);

    /// <summary>Some of what was kept back with the S of it, in double precision: the network in single precision is held against that.</summary>
    public ModelFixture Fixture()
    {
        float[] scores = [.. _examples.Select(example => (float)new SnrObservation(example, 0, 0).Score((_weights, _bias)))];
        return new ModelFixture(
            "the fit, in double precision",
            new FixtureTensor([_examples.Length, DenseSnrNetwork.Features], Encoded([.. _examples.SelectMany(example => example)])),
            [new FixtureTensor([scores.Length], Encoded(scores), 1e-4)]);

        static string Encoded(float[] values) => Convert.ToBase64String(MemoryMarshal.AsBytes(values.AsSpan()));
    }
}
