using System.Text.Json;

namespace NrSer.Core.Models;

/// <summary>The models at hand and which of them are used when nothing else is asked for.</summary>
public sealed class ModelCatalog
{
    private readonly CatalogDocument _document;

    private ModelCatalog(string path, CatalogDocument document)
    {
        Path = path;
        _document = document;
    }

    /// <summary>The file the catalogue was read from.</summary>
    public string Path { get; }

    /// <summary>Every entry, in the file's order.</summary>
    public IReadOnlyList<ModelEntry> Models => _document.Models;

    /// <summary>Reads and checks a catalogue; the model files themselves are checked when loaded.</summary>
    /// <param name="path">A <c>catalog.json</c>.</param>
    /// <exception cref="ModelException">The file is missing, is not such a catalogue, or contradicts itself.</exception>
    public static ModelCatalog Load(string path)
    {
        CatalogDocument? document;
        try
        {
            using FileStream file = File.OpenRead(path);
            document = JsonSerializer.Deserialize(file, ModelJsonContext.Default.CatalogDocument);
        }
        catch (IOException error)
        {
            throw new ModelException($"The model catalogue {path} cannot be read: {error.Message}", error);
        }
        catch (JsonException error)
        {
            throw new ModelException($"The model catalogue {path} is not valid: {error.Message}", error);
        }

        if (document is not { Schema: 1 })
            throw new ModelException($"The model catalogue {path} has schema {document?.Schema ?? 0}; this version reads schema 1.");
        foreach (ModelEntry entry in document.Models)
            Check(entry);
        if (document.Models.GroupBy(entry => entry.Name, StringComparer.Ordinal).FirstOrDefault(group => group.Count() > 1) is { } twice)
            throw new ModelException($"The model catalogue {path} names {twice.Key} more than once.");
        return new ModelCatalog(System.IO.Path.GetFullPath(path), document);
    }

    /// <summary>The entry for a slot: the named one, or the catalogue's default.</summary>
    /// <param name="kind">The slot.</param>
    /// <param name="name">A model's name, or null for the default.</param>
    /// <exception cref="ModelException">There is no such model, or it fits another slot.</exception>
    public ModelEntry Choose(ModelKind kind, string? name)
    {
        string wanted = name ?? kind switch
        {
            ModelKind.Enhancer => _document.Defaults.Enhancer,
            ModelKind.SnrLevel => _document.Defaults.SnrLevel,
            ModelKind.Emotion => _document.Defaults.Emotion,
            _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "No such slot."),
        };
        ModelEntry? entry = Models.FirstOrDefault(model => string.Equals(model.Name, wanted, StringComparison.Ordinal));
        if (entry is null)
            throw new ModelException($"There is no model '{wanted}'. The catalogue has: {string.Join(", ", Models.Select(model => model.Name))}.");
        return entry.Kind == kind ? entry : throw new ModelException($"'{wanted}' is of kind {entry.Kind} and cannot serve as {kind}.");
    }

    /// <summary>Where an entry's file lies.</summary>
    /// <param name="entry">An entry of this catalogue.</param>
    public string FileOf(ModelEntry entry) => System.IO.Path.Combine(System.IO.Path.GetDirectoryName(Path)!, entry.File);

    private static void Check(ModelEntry entry)
    {
        Require(entry.SampleRateHz == 16000, $"its sample rate is {entry.SampleRateHz} Hz; the method runs at 16000");
        Require(entry.Inputs.Concat(entry.Outputs).All(tensor => tensor.Type == "float32"), "its tensors must be float32");
        Require(entry.Inputs.Count == 1, "it must have one input");
        switch (entry.Kind)
        {
            case ModelKind.Enhancer:
                Require(entry is { Stft: not null, Enhancer: not null }, "an enhancer needs 'stft' and 'enhancer'");
                Require(entry.Outputs.Count == 1, "an enhancer has one output");
                Require(entry.Enhancer!.Compression is > 0 and <= 1, "its compression must lie in (0, 1]");
                Require(entry.Enhancer.BlockSamples > entry.Stft!.FftSamples, "its blocks must be longer than a frame");
                Require(
                    entry.Enhancer.OverlapSamples >= 0 && entry.Enhancer.OverlapSamples <= entry.Enhancer.BlockSamples / 2,
                    "its blocks may overlap by half their length at most");
                break;
            case ModelKind.SnrLevel:
                Require(entry is { Stft: not null, SnrLevel: not null }, "an SNR-level block needs 'stft' and 'snrLevel'");
                Require(entry.Outputs.Count == 1, "an SNR-level block has one output");
                break;
            case ModelKind.Emotion:
                Require(entry.Emotion is not null, "an emotion model needs 'emotion'");
                Require(entry.Emotion!.Labels.Count >= 2, "an emotion model needs at least two labels");
                Require(entry.Outputs.Count == (entry.Emotion.Attributes.Count > 0 ? 2 : 1), "outputs are logits, and attributes where it has any");
                break;
            default:
                Require(false, "its kind is unknown");
                break;
        }

        void Require(bool holds, string complaint)
        {
            if (!holds)
                throw new ModelException($"The catalogue entry '{entry.Name}' is not valid: {complaint}.");
        }
    }
}
