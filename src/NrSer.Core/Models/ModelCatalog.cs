using System.Text.Json;
using NrSer.Core.Segmentation;
using NrSer.Core.Signal;

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
                Check(entry);
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
                : $"Add an SNR-level block whose entry names {enhancer.Id}, or the enhancer {wanted}: nrser models add"));
    }

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

    private static void Check(ModelEntry entry)
    {
        Require(entry.SampleRateHz == SegmentGrid.SampleRateHz,
            $"its sample rate is {entry.SampleRateHz} Hz; the method runs at {SegmentGrid.SampleRateHz}");
        Require(entry.Quality is "demonstration" or "production", "its quality is neither demonstration nor production");
        Require(!entry.Inputs.Contains(null!) && !entry.Outputs.Contains(null!), "an input or output is empty");
        Require(entry.Inputs.Concat(entry.Outputs).All(tensor => tensor.Type == "float32"), "its tensors must be float32");
        Require(entry.Inputs.Concat(entry.Outputs).All(tensor => tensor.HasValidShape), "the axes of a shape are whole numbers, or words where free");
        Require(entry.Inputs.Count == 1, "it must have one input");
        Require(entry.Weights is null == entry.WeightsSha256 is null, "'weights' and 'weightsSha256' belong together");
        if (entry.Stft is not null)
            CheckStft(entry.Stft);
        switch (entry.Kind)
        {
            case ModelKind.Enhancer:
                Require(entry is { Stft: not null, Enhancer: not null }, "an enhancer needs 'stft' and 'enhancer'");
                Require(entry.Outputs.Count == 1, "an enhancer has one output");
                Require(entry.Enhancer!.Compression is > 0 and <= 1, "its compression must lie in (0, 1]");
                Require(entry.Enhancer.BlockSamples > entry.Stft!.FftSamples, "its blocks must be longer than a frame");
                Require(entry.Enhancer.BlockSamples % entry.Stft.HopSamples == 0,
                    "its blocks must be whole hops, or their ends are not covered by frames");
                Require(
                    entry.Enhancer.OverlapSamples >= 0 && entry.Enhancer.OverlapSamples <= entry.Enhancer.BlockSamples / 2,
                    "its blocks may overlap by half their length at most");
                RequireShape(entry.Inputs[0], 1, 2, entry.Stft.FramesOf(entry.Enhancer.BlockSamples), entry.Stft.Bins);
                RequireShape(entry.Outputs[0], 1, 2, entry.Stft.FramesOf(entry.Enhancer.BlockSamples), entry.Stft.Bins);
                break;
            case ModelKind.SnrLevel:
                Require(entry is { Stft: not null, SnrLevel: not null }, "an SNR-level block needs 'stft' and 'snrLevel'");
                Require(entry.Outputs.Count == 1, "an SNR-level block has one output");
                Require(entry.Stft!.FftSamples < 2 * SegmentGrid.ShortestSamples, "half a frame must be shorter than the shortest segment");
                Require(
                    entry.SnrLevel!.MixRange is null || entry.SnrLevel.MixRange is [var enhanced, var original] && enhanced < original
                        && float.IsFinite(original - enhanced),
                    "its mix range is the score up to which the mix is enhanced, and the higher one from which it is the original");
                Require(
                    entry.SnrLevel.Enhancer.Split('@') is [{ Length: > 0 }, { Length: > 0 }],
                    "it does not name the enhancer it was trained with: \"enhancer\": \"name@version\" in 'snrLevel'");
                Require(
                    entry.SnrLevel.HighPassHz is null or (> 0 and < SegmentGrid.SampleRateHz / 2.0),
                    $"the frequency from which it hears must lie between 0 and {SegmentGrid.SampleRateHz / 2} Hz");
                if (entry.SnrLevel.Similarity == SimilarityAxis.Bins)
                    RequireShape(entry.Inputs[0], 1, 2 * entry.Stft.Bins);
                else
                    RequireShape(entry.Inputs[0], 1, TensorEntry.Free, 2);
                RequireShape(entry.Outputs[0], 1);
                break;
            case ModelKind.Emotion:
                Require(entry.Emotion is not null, "an emotion model needs 'emotion'");
                Require(!entry.Emotion!.Labels.Contains(null!) && !entry.Emotion.Attributes.Contains(null!), "a label or attribute is empty");
                CheckVocabulary(entry.Emotion);
                Require(Enum.IsDefined(entry.Emotion.Trust), "its rule for trust is unknown");
                Require(
                    entry.Emotion.Trust == TrustRule.Calibrated
                        ? entry.Emotion.TrustLine is [> 0, var offset] && float.IsFinite(entry.Emotion.TrustLine[0] + offset)
                        : entry.Emotion.TrustLine is null,
                    "\"trustLine\", a slope above 0 and an offset, belongs to calibrated trust, and to it alone");
                Require(entry.Emotion.ReportableAbove is >= 0 and <= 1, "what it calls reportable must lie in [0, 1], as trust does");
                Require(entry.Outputs.Count == (entry.Emotion.Attributes.Count > 0 ? 2 : 1), "outputs are logits, and attributes where it has any");
                Require(
                    entry.Emotion.Attributes.Count == 0 || entry.Emotion.AttributeRange is [var lowest, var highest] && lowest < highest,
                    "the attribute range is its lowest and its highest rating");
                Require(
                    entry.Emotion.MinimumSamples is >= 1 and <= SegmentGrid.ShortestSamples,
                    $"its minimum samples must lie in [1, {SegmentGrid.ShortestSamples}], the shortest segment");
                RequireShape(entry.Inputs[0], TensorEntry.Free, TensorEntry.Free);
                RequireShape(entry.Outputs[0], TensorEntry.Free, entry.Emotion.Labels.Count);
                if (entry.Emotion.Attributes.Count > 0)
                    RequireShape(entry.Outputs[1], TensorEntry.Free, entry.Emotion.Attributes.Count);
                break;
            default:
                Require(false, "its kind is unknown");
                break;
        }

        void CheckStft(StftParameters stft)
        {
            Require(stft.FftSamples is >= 8 and <= 65536, $"its frames of {stft.FftSamples} samples do not lie in [8, 65536]");
            try
            {
                _ = new Stft(stft);
            }
            catch (ArgumentException error)
            {
                throw new ModelException($"The catalogue entry '{entry.Name}' is not valid: {error.Message}", error);
            }
        }

        // Columns of results are the vocabulary's: what a label means must be said.
        void CheckVocabulary(EmotionEntry emotion)
        {
            string names = string.Join(", ", EmotionVocabulary.Names);
            for (int i = 0; i < emotion.Labels.Count; i++)
            {
                string label = emotion.Labels[i];
                Require(
                    emotion.Emotions[i] is not { } name || EmotionVocabulary.Names.Contains(name),
                    $"its label '{label}' is none of {names}; say which it stands for: "
                    + $"\"vocabulary\": {{ \"{label}\": \"…\" }}, or null to leave it out");
            }

            string? twice = emotion.Labels.GroupBy(label => label, StringComparer.Ordinal).FirstOrDefault(group => group.Count() > 1)?.Key;
            Require(twice is null, $"two of its labels are called '{twice}'");
            Require(
                emotion.Emotions.OfType<string>().Distinct(StringComparer.Ordinal).Count() >= 2,
                "an emotion model needs at least two labels of different emotions");
            string? stray = emotion.Vocabulary?.Keys.FirstOrDefault(label => !emotion.Labels.Contains(label));
            Require(stray is null, $"its vocabulary speaks of '{stray}', which is none of its labels");
        }

        // What the port will feed or read: a fixed axis of the network has to be just that long, a free one takes anything.
        void RequireShape(TensorEntry tensor, params ReadOnlySpan<int> used)
        {
            int[] axes = tensor.Axes();
            bool fits = axes.Length == used.Length;
            for (int i = 0; fits && i < axes.Length; i++)
                fits = axes[i] == TensorEntry.Free || axes[i] == used[i];
            Require(fits,
                $"'{tensor.Name}' has shape [{string.Join(", ", axes)}] and is used with [{string.Join(", ", used.ToArray())}] (-1 is free)");
        }

        void Require(bool holds, string complaint)
        {
            if (!holds)
                throw new ModelException($"The catalogue entry '{entry.Name}' is not valid: {complaint}.");
        }
    }
}
