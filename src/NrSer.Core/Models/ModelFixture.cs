using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.ML.OnnxRuntime;

namespace NrSer.Core.Models;

/// <summary>What a network is fed with the outputs that the reference implementation computed for it.</summary>
/// <param name="Source">What computed them.</param>
/// <param name="Input">The input; of several the first.</param>
/// <param name="Outputs">In the order of the catalogue entry.</param>
/// <param name="FurtherInputs">Those that follow the first, in the order of the catalogue entry; null for none.</param>
public sealed record ModelFixture(
    string Source, FixtureTensor Input, IReadOnlyList<FixtureTensor> Outputs,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<FixtureTensor>? FurtherInputs = null)
{
    /// <summary>Reads a fixture.</summary>
    /// <param name="path">A JSON file as models/export/README.md describes it.</param>
    /// <exception cref="ModelException">It cannot be read, or is none.</exception>
    public static ModelFixture Load(string path)
    {
        try
        {
            using FileStream file = File.OpenRead(path);
            ModelFixture? fixture = JsonSerializer.Deserialize(file, ModelJsonContext.Default.ModelFixture);
            return fixture is { Outputs.Count: > 0 } && !fixture.Outputs.Contains(null!) && fixture.FurtherInputs?.Contains(null!) is not true
                ? fixture
                : throw new ModelException($"The fixture {path} holds no outputs, or an empty tensor.");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new ModelException($"The fixture {path} cannot be read: {error.Message}", error);
        }
    }

    /// <summary>What a network computes now, of noise: no proof that it is right, but that it answers, and later that it has not changed.</summary>
    /// <param name="model">The network.</param>
    /// <exception cref="ModelException">It does not answer, or with what are no finite numbers, or the same whatever it hears.</exception>
    public static ModelFixture Of(OnnxModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        const int Samples = 8_000; // of an axis that is free; so is a batch, of 2
        long[] ShapeOf(TensorEntry tensor) =>
            [.. tensor.Axes().Select((axis, i) => axis != TensorEntry.Free ? (long)axis : i == 0 ? 2 : Samples)];
        ModelEntry entry = model.Entry;
        long[] inputShape = ShapeOf(entry.Inputs[0]);
        var random = new Random(1);
        float[] input = new float[inputShape.Aggregate(1L, (product, axis) => product * axis)];
        for (int i = 0; i < input.Length; i++)
            input[i] = 0.2f * (random.NextSingle() - 0.5f);
        long[][] shapes = [.. entry.Outputs.Select(ShapeOf)];
        float[][] results = [.. shapes.Select(shape => new float[shape.Aggregate(1L, (product, axis) => product * axis)])];
        try
        {
            model.Run(input, inputShape, [.. results.Zip(shapes, (values, shape) => (values.AsMemory(), shape))]);
        }
        catch (OnnxRuntimeException error)
        {
            throw new ModelException($"'{entry.Name}' does not answer: {error.Message}", error);
        }

        foreach ((float[] values, TensorEntry output) in results.Zip(entry.Outputs))
        {
            if (!values.All(float.IsFinite) || values.AsSpan().IndexOfAnyExcept(values[0]) < 0)
                throw new ModelException($"'{entry.Name}' computes '{output.Name}' that is no number, or always the same: its weights are no good.");
        }

        return new ModelFixture(
            "the network itself, when it was installed", Tensor(inputShape, input, 0),
            [.. results.Zip(shapes, (values, shape) => Tensor(shape, values, 1e-3 * Math.Max(1, values.Max(Math.Abs))))]);

        static FixtureTensor Tensor(long[] shape, float[] values, double tolerance) =>
            new(shape, Convert.ToBase64String(MemoryMarshal.AsBytes(values.AsSpan())), tolerance);
    }

    /// <summary>Writes it.</summary>
    /// <param name="path">A file.</param>
    public void Save(string path) => File.WriteAllBytes(path, JsonSerializer.SerializeToUtf8Bytes(this, ModelJsonContext.Default.ModelFixture));

    /// <summary>Loads a model, and holds it against its fixture where it has one.</summary>
    /// <param name="catalog">The catalogue.</param>
    /// <param name="entry">The model.</param>
    /// <param name="options">Device and threads.</param>
    /// <exception cref="ModelException">It does not load, or does not compute what the reference did.</exception>
    public static void Verify(ModelCatalog catalog, ModelEntry entry, ModelOptions options)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        using OnnxModel model = OnnxModel.Load(catalog, entry, options);
        if (catalog.FixtureOf(entry) is { } path)
            Load(path).Check(model);
    }

    /// <summary>Runs the network on the input and compares.</summary>
    /// <param name="model">The network.</param>
    /// <returns>The largest difference, in units of what the fixture tolerates: at most 1.</returns>
    /// <exception cref="ModelException">An output differs by more, or the fixture does not fit the network.</exception>
    public double Check(OnnxModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        FixtureTensor[] inputs = [Input, .. FurtherInputs ?? []];
        if (inputs.Length != model.Entry.Inputs.Count)
            throw new ModelException($"The fixture of '{model.Entry.Name}' has {inputs.Length} inputs, the network {model.Entry.Inputs.Count}.");
        if (Outputs.Count != model.Entry.Outputs.Count)
            throw new ModelException($"The fixture of '{model.Entry.Name}' has {Outputs.Count} outputs, the network {model.Entry.Outputs.Count}.");
        (float[] Expected, float[] Actual)[] results = [.. Outputs.Select(output => (output.Values(), new float[output.Length]))];
        try
        {
            model.Run(
                [.. inputs.Select(input => (input.Values().AsMemory(), input.Shape))],
                [.. results.Select((result, i) => (result.Actual.AsMemory(), Outputs[i].Shape))]);
        }
        catch (OnnxRuntimeException error)
        {
            throw new ModelException($"The fixture of '{model.Entry.Name}' does not fit it: {error.Message}", error);
        }

        double worst = 0;
        for (int i = 0; i < results.Length; i++)
        {
            double difference = 0;
            for (int k = 0; k < results[i].Expected.Length; k++)
                difference = Math.Max(difference, Math.Abs(results[i].Expected[k] - (double)results[i].Actual[k]));
            if (!(difference <= Outputs[i].Tolerance)) // also when it is not a number
            {
                throw new ModelException(
                    $"'{model.Entry.Name}' computes '{model.Entry.Outputs[i].Name}' {difference:G3} away from the reference ({Source}); "
                    + $"{Outputs[i].Tolerance:G3} is tolerated.");
            }

            worst = Math.Max(worst, difference / Outputs[i].Tolerance);
        }

        return worst;
    }
}
