using System.Runtime.InteropServices;
using CommunityToolkit.HighPerformance.Buffers;
using Google.Protobuf;
using NrSer.Core.Models.Weights.Format;

namespace NrSer.Core.Models.Weights;

/// <summary>
/// Puts a network together of pieces without weights and a checkpoint's tensors: the graph in one file, its weights, as they are made, in another
/// beside it. At no time is more than one piece's weights in memory. What the pieces are is said in models/export/skeletons.py, which makes them.
/// </summary>
internal sealed class NetworkAssembly : IDisposable
{
    private const int LongestInline = 1024; // bytes; what shapes are made of has to be in the graph
    private const int FloatType = 1, IntegerType = 7, External = 1; // of ONNX's TensorProto

    private readonly string _skeletons;
    private readonly Checkpoint _checkpoint;
    private readonly Func<string, string> _nameInCheckpoint;
    private readonly IReadOnlyDictionary<string, long> _words;
    private readonly WeightsFile _weights;
    private readonly Dictionary<string, (Model Piece, OnnxWeightRecipe? Recipe)> _pieces = new(StringComparer.Ordinal);
    private readonly HashSet<string> _used = new(StringComparer.Ordinal);
    private readonly List<string> _missing = [];
    private readonly Model _whole = new();
    private readonly Graph _graph = new() { Name = "network" };
    private int _count;

    /// <param name="skeletons">Folder of the pieces.</param>
    /// <param name="checkpoint">The tensors.</param>
    /// <param name="nameInCheckpoint">What the checkpoint calls a tensor of the layout.</param>
    /// <param name="words">Lengths that the configuration decides.</param>
    /// <param name="weightsPath">Where weights are written.</param>
    public NetworkAssembly(
        string skeletons, Checkpoint checkpoint, Func<string, string> nameInCheckpoint, IReadOnlyDictionary<string, long> words, string weightsPath)
    {
        (_skeletons, _checkpoint, _nameInCheckpoint, _words) = (skeletons, checkpoint, nameInCheckpoint, words);
        _weights = new WeightsFile(weightsPath);
    }

    /// <summary>Adds a piece.</summary>
    /// <param name="name">Its file, without extension.</param>
    /// <param name="prefix">What the layout puts before its names of tensors.</param>
    /// <param name="input">What it works on: an output of another piece, or null for the network's own input.</param>
    /// <param name="decided">What the configuration decides of it, by the piece's names.</param>
    /// <returns>Its outputs.</returns>
    public string[] Add(string name, string prefix, string? input, IReadOnlyDictionary<string, WeightValues>? decided = null)
    {
        (Model piece, OnnxWeightRecipe? recipe) = Load(name);
        if (_graph.Input.Count == 0)
            BeginWith(piece);
        string mark = _count == 0 ? "" : $"{_count}/"; // what loops within a piece refer to is not renamed: it is a network of its own
        _count++;
        var names = new Dictionary<string, string>(StringComparer.Ordinal) { [piece.Graph.Input[0].Name] = input ?? _graph.Input[0].Name };
        if (recipe is not null)
            Make(recipe, prefix, mark, decided);
        foreach (Value weight in piece.Graph.Input.Skip(1))
        {
            names[weight.Name] = mark + weight.Name;
            if (recipe is not null && recipe.Makes.Contains(weight.Name))
                continue;
            using Given given = Take(weight.Name, prefix, [.. weight.Type.TensorType.Shape.Dim.Select(WordOf)], decided);
            if (given.Values is { } values)
                Keep(mark + weight.Name, values);
        }

        foreach (Node node in piece.Graph.Node)
        {
            Node added = node.Clone();
            Rename(added.Input);
            Rename(added.Output);
            _graph.Node.Add(added);
        }

        return [.. piece.Graph.Output.Select(output => names[output.Name])];

        void Rename(IList<string> list)
        {
            for (int i = 0; i < list.Count; i++)
            {
                if (list[i].Length > 0)
                    list[i] = names.TryGetValue(list[i], out string? known) ? known : names[list[i]] = mark + list[i];
            }
        }
    }

    /// <summary>Adds the sum of two outputs; of one, if there is no other.</summary>
    public string Sum(string? first, string second)
    {
        if (first is null)
            return second;
        string sum = $"{_count++}/sum";
        _graph.Node.Add(new Node { OpType = "Add", Input = { first, second }, Output = { sum } });
        return sum;
    }

    /// <summary>Writes the graph.</summary>
    /// <param name="path">Its file.</param>
    /// <param name="last">The piece whose outputs are the network's.</param>
    /// <param name="outputs">What <see cref="Add"/> returned for it.</param>
    /// <param name="isSpare">Which tensors of the checkpoint may be left unused.</param>
    /// <returns>SHA-256 of the weights' file, lower-case hex.</returns>
    /// <exception cref="ModelException">Tensors of the checkpoint are missing, or were not used.</exception>
    public string Finish(string path, string last, string[] outputs, Func<string, bool> isSpare)
    {
        string[] extra = [.. _checkpoint.Tensors.Keys.Where(name => !_used.Contains(name) && !isSpare(name))];
        string[] complaints = [.. new[] { Told("lacks", _missing), Told("has besides", extra) }.OfType<string>()];
        if (complaints.Length > 0)
        {
            throw new ModelException(
                $"{_checkpoint.Path} does not fit: of {_used.Count + _missing.Count} tensors it {string.Join(" and ", complaints)}.");
        }

        foreach ((Value output, string name) in Load(last).Piece.Graph.Output.Zip(outputs))
        {
            Value described = output.Clone();
            Fill(described);
            _graph.Output.Add(described);
            if (name != output.Name)
                _graph.Node.Add(new Node { OpType = "Identity", Input = { name }, Output = { output.Name } });
        }

        _whole.Graph = _graph;
        using (FileStream file = new(path, FileMode.Create, FileAccess.Write, FileShare.None))
        {
            _whole.WriteTo(file);
            file.Flush(flushToDisk: true);
        }

        return _weights.Finish();

        static string? Told(string word, IReadOnlyCollection<string> names) => names.Count == 0
            ? null
            : $"{word} {names.Count} ({string.Join(", ", names.Take(3))}{(names.Count > 3 ? ", …" : "")})";
    }

    public void Dispose()
    {
        _weights.Dispose();
        foreach ((_, OnnxWeightRecipe? recipe) in _pieces.Values)
            recipe?.Dispose();
    }

    private (Model Piece, OnnxWeightRecipe? Recipe) Load(string name)
    {
        if (!_pieces.TryGetValue(name, out (Model, OnnxWeightRecipe?) found))
        {
            string stem = Path.Combine(_skeletons, name);
            found = (Model.Parser.ParseFrom(File.ReadAllBytes($"{stem}.onnx")),
                File.Exists($"{stem}.weights.onnx") ? new OnnxWeightRecipe($"{stem}.weights.onnx") : null);
            _pieces.Add(name, found);
        }

        return found;
    }

    /// <summary>Version and input of the network are those of its first piece.</summary>
    private void BeginWith(Model piece)
    {
        _whole.MergeFrom(piece);
        _whole.Graph = null;
        _graph.Input.Add(piece.Graph.Input[0].Clone());
    }

    private void Make(OnnxWeightRecipe recipe, string prefix, string mark, IReadOnlyDictionary<string, WeightValues>? decided)
    {
        Given[] given = [.. recipe.Needs.Select(need => Take(need, prefix, recipe.AxesOf(need), decided))];
        try
        {
            if (given.All(each => each.Values is not null))
                recipe.Run(given.Select(each => each.Values!), (name, shape, values) => Keep(mark + name, shape, values));
        }
        finally
        {
            foreach (Given each in given)
                each.Dispose();
        }
    }

    /// <summary>A tensor that the configuration decides, or one of the checkpoint; without values where there is none, which is noted.</summary>
    private Given Take(string name, string prefix, string[] axes, IReadOnlyDictionary<string, WeightValues>? decided)
    {
        if (decided is not null && decided.TryGetValue(name, out WeightValues? values))
            return new Given(values, Owner: null);
        string known = _nameInCheckpoint(prefix + name);
        if (!_checkpoint.Tensors.TryGetValue(known, out StoredTensor? tensor))
        {
            if (!_missing.Contains(known))
                _missing.Add(known);
            return new Given(Values: null, Owner: null);
        }

        _used.Add(known);
        string[] wanted = [.. axes.Select(axis => _words.TryGetValue(axis, out long length) ? length.ToString() : axis)];
        if (wanted.Length != tensor.Shape.Count
            || wanted.Zip(tensor.Shape).Any(axis => axis.First.Length > 0 && axis.First != axis.Second.ToString()))
        {
            throw new ModelException(
                $"{_checkpoint.Path} does not fit: {known} has shape [{string.Join(", ", tensor.Shape)}], not "
                + $"[{string.Join(", ", wanted.Select(axis => axis.Length > 0 ? axis : "?"))}].");
        }

        MemoryOwner<float> read = _checkpoint.Read(tensor);
        return new Given(new WeightValues([.. tensor.Shape], read.Memory), read);
    }

    private void Keep(string name, WeightValues values)
    {
        if (values.Integers is { } integers)
            Inline(new Tensor { Name = name, DataType = IntegerType, Dims = { values.Shape } }, MemoryMarshal.AsBytes(integers.AsSpan()));
        else
            Keep(name, values.Shape, values.Floats.Span);
    }

    private void Keep(string name, long[] shape, ReadOnlySpan<float> values)
    {
        var tensor = new Tensor { Name = name, DataType = FloatType, Dims = { shape } };
        ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes(values);
        if (bytes.Length <= LongestInline)
        {
            Inline(tensor, bytes);
            return;
        }

        tensor.DataLocation = External;
        tensor.ExternalData.Add(new Pair { Key = "location", Value = _weights.Name });
        tensor.ExternalData.Add(new Pair { Key = "offset", Value = _weights.Append(bytes).ToString() });
        tensor.ExternalData.Add(new Pair { Key = "length", Value = bytes.Length.ToString() });
        _graph.Initializer.Add(tensor);
    }

    private void Inline(Tensor tensor, ReadOnlySpan<byte> bytes)
    {
        tensor.RawData = ByteString.CopyFrom(bytes);
        _graph.Initializer.Add(tensor);
    }

    private void Fill(Value value)
    {
        foreach (Axis axis in value.Type.TensorType.Shape.Dim)
        {
            if (_words.TryGetValue(axis.DimParam, out long length))
                axis.DimValue = length;
        }
    }

    private static string WordOf(Axis axis) => axis.LengthCase switch
    {
        Axis.LengthOneofCase.DimValue => axis.DimValue.ToString(),
        Axis.LengthOneofCase.DimParam => axis.DimParam,
        _ => "",
    };

    private sealed record Given(WeightValues? Values, MemoryOwner<float>? Owner) : IDisposable
    {
        public void Dispose() => Owner?.Dispose();
    }
}
