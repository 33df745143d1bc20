using System.Text.Json;

namespace NrSer.Core.Models;

/// <summary>The models at hand and which of them are used when nothing else is asked for.</summary>
public sealed class ModelCatalog
{
    private readonly CatalogDefaults[] _defaults; // the first that has one decides
    private readonly Dictionary<string, string> _folders;

    private ModelCatalog(string path, IReadOnlyList<ModelEntry> models, CatalogDefaults[] defaults, Dictionary<string, string> folders)
    {
        Path = path;
        Models = models;
        _defaults = defaults;
        _folders = folders;
    }

    /// <summary>Name of the file in a folder of models.</summary>
    public const string FileName = "catalog.json";

    /// <summary>The file the catalogue was read from.</summary>
    public string Path { get; }

    /// <summary>Every entry, in the order of the files.</summary>
    public IReadOnlyList<ModelEntry> Models { get; }

    /// <summary>Reads and checks a catalogue, and one of installed models beside it; the model files themselves are checked when loaded.</summary>
    /// <param name="path">A <c>catalog.json</c>.</param>
    /// <param name="installedPath">A folder that may hold another, or null.</param>
    /// <exception cref="ModelException">A file is missing, is not such a catalogue, or they contradict themselves or each other.</exception>
    public static ModelCatalog Load(string path, string? installedPath = null)
    {
        CatalogDocument own = Read(path);
        if (own.Defaults is not { Enhancer: not null, SnrLevel: not null, Emotion: not null })
            throw new ModelException($"The model catalogue {path} is not valid: it names no default for some slot.");
        string? installed = installedPath is { Length: > 0 } ? System.IO.Path.Combine(installedPath, FileName) : null;
        (string Path, CatalogDocument Document)[] read = installed is not null && File.Exists(installed)
            ? [(path, own), (installed, Read(installed))]
            : [(path, own)];
        var models = new List<ModelEntry>();
        var folders = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach ((string source, CatalogDocument document) in read)
        {
            foreach (ModelEntry entry in document.Models)
            {
                ModelEntryRules.Check(entry);
                if (!folders.TryAdd(entry.Name, System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(source))!))
                    throw new ModelException($"The model catalogue {source} names {entry.Name} more than once, or as another catalogue does.");
                models.Add(entry);
            }
        }

        return new ModelCatalog(System.IO.Path.GetFullPath(path), models, [.. read.Reverse().Select(source => source.Document.Defaults)], folders);
    }

    /// <summary>The entry for a slot: the named one, or the catalogue's default.</summary>
    /// <param name="kind">The slot.</param>
    /// <param name="name">A model's name, or null for the default.</param>
    /// <exception cref="ModelException">There is no such model, or it fits another slot.</exception>
    public ModelEntry Choose(ModelKind kind, string? name)
    {
        string wanted = name ?? _defaults.Select(defaults => defaults.Of(kind)).First(standard => standard is not null)!;
        ModelEntry? entry = Models.FirstOrDefault(model => string.Equals(model.Name, wanted, StringComparison.Ordinal));
        if (entry is null)
            throw new ModelException($"There is no model '{wanted}'. The catalogue has: {string.Join(", ", Models.Select(model => model.Name))}.");
        return entry.Kind == kind ? entry : throw new ModelException($"'{wanted}' is of kind {entry.Kind} and cannot serve as {kind}.");
    }

    /// <summary>The entry that comes with the program for a slot.</summary>
    /// <param name="kind">The slot.</param>
    public ModelEntry ChooseOwn(ModelKind kind) => Choose(kind, _defaults[^1].Of(kind));

    /// <summary>
    /// Holds that an SNR-level block belongs to an enhancer. It learned what that enhancer changes; gate and mix go silently wrong with another.
    /// </summary>
    /// <param name="enhancer">An entry of this catalogue.</param>
    /// <param name="snrLevel">Another.</param>
    /// <exception cref="ModelException">It belongs to another one; the message says which, and what to choose.</exception>
    public void RequirePair(ModelEntry enhancer, ModelEntry snrLevel)
    {
        string wanted = snrLevel.SnrLevel!.Enhancer;
        if (wanted == enhancer.Id)
            return;
        string[] pairs = [.. new[] { BlocksOf(enhancer).FirstOrDefault() is { } block ? $"{enhancer.Name} {block.Name}" : null,
            Models.FirstOrDefault(entry => entry.Id == wanted) is { } own ? $"{own.Name} {snrLevel.Name}" : null }.OfType<string>()];
        throw new ModelException(
            $"The SNR-level block {snrLevel.Id} was trained with the enhancer {wanted} and cannot judge what {enhancer.Id} does. "
            + (pairs.Length > 0
                ? $"Choose two that belong together: {string.Join(", or: ", pairs.Select(pair => $"nrser models use {pair}"))}"
                : $"Fit a block to {enhancer.Id}: {Fitting(enhancer)}; or add one whose entry names it, or the enhancer {wanted}: nrser models add"));
    }

    /// <summary>What to type to get a block for an enhancer.</summary>
    /// <param name="enhancer">Any enhancer.</param>
    public static string Fitting(ModelEntry enhancer) => $"nrser models fit-snr {enhancer.Name} --speech FOLDER --noise FOLDER";

    /// <summary>The SNR-level blocks that belong to an enhancer.</summary>
    /// <param name="enhancer">An entry of this catalogue.</param>
    public IEnumerable<ModelEntry> BlocksOf(ModelEntry enhancer) => Models.Where(entry => entry.SnrLevel?.Enhancer == enhancer.Id);

    /// <summary>Whether an entry was installed, and did not come with the program.</summary>
    /// <param name="entry">An entry of this catalogue.</param>
    public bool IsInstalled(ModelEntry entry) => _folders[entry.Name] != System.IO.Path.GetDirectoryName(Path);

    /// <summary>Where an entry's file lies.</summary>
    /// <param name="entry">An entry of this catalogue.</param>
    public string FileOf(ModelEntry entry) => System.IO.Path.Combine(_folders[entry.Name], entry.File);

    /// <summary>Where an entry's weights lie; null where its file holds them.</summary>
    /// <param name="entry">An entry of this catalogue.</param>
    public string? WeightsOf(ModelEntry entry) => entry.Weights is null ? null : System.IO.Path.Combine(_folders[entry.Name], entry.Weights);

    /// <summary>Where an entry's fixture lies; null where it has none.</summary>
    /// <param name="entry">An entry of this catalogue.</param>
    public string? FixtureOf(ModelEntry entry) => entry.Fixture is null ? null : System.IO.Path.Combine(_folders[entry.Name], entry.Fixture);

    private static CatalogDocument Read(string path)
    {
        CatalogDocument? document;
        try
        {
            using FileStream file = File.OpenRead(path);
            document = JsonSerializer.Deserialize(file, ModelJsonContext.Default.CatalogDocument);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException) // the latter where a folder has that name
        {
            throw new ModelException($"The model catalogue {path} cannot be read: {error.Message}", error);
        }
        catch (JsonException error)
        {
            throw new ModelException($"The model catalogue {path} is not valid: {error.Message}", error);
        }

        if (document is not { Schema: 1 })
            throw new ModelException($"The model catalogue {path} has schema {document?.Schema ?? 0}; this version reads schema 1.");
        if (document.Models.Contains(null!)) // the serializer checks members for null, elements of lists it does not
            throw new ModelException($"The model catalogue {path} has an empty entry.");
        return document;
    }
}
