using System.Text.Json;
using System.Text.Json.Nodes;
using NrSer.Core.Models;

namespace NrSer.Cli.Models;

/// <summary>Models that this user added to the program's own: a folder with their files and a catalogue.</summary>
/// <param name="options">Both catalogues.</param>
internal sealed class InstalledModels(ModelOptions options)
{
    /// <summary>Below the folder of installed models: one for each whose installation was begun and not ended.</summary>
    public const string Unfinished = "unfinished";

    private static readonly string[] s_pair = [Slot(ModelKind.Enhancer), Slot(ModelKind.SnrLevel)]; // belong together

    private readonly string _folder = options.InstalledPath is { Length: > 0 } folder
        ? folder
        : throw new UsageException($"{ModelOptions.Section}:InstalledPath is empty: there is no folder to install models into.");

    private readonly InstalledCatalog _catalog = new(options);

    /// <summary>Where they are.</summary>
    public string Folder => _folder;

    /// <summary>Adds a model after checking all that its entry says, or its entry alone when the file is to be pulled.</summary>
    /// <param name="network">The ONNX file, or null.</param>
    /// <param name="entryFile">Its entry, as the converters write it; a fixture is looked for beside it.</param>
    /// <exception cref="UsageException">The entry cannot be read, is incomplete, or names a model that is there.</exception>
    /// <exception cref="ModelException">The file is not what the entry says.</exception>
    public ModelEntry Add(FileInfo? network, FileInfo entryFile)
    {
        using FileStream claim = Claim();
        JsonObject node = ReadEntry(entryFile);
        string name = node["name"]?.GetValue<string>() ?? "", version = node["version"]?.GetValue<string>() ?? "";
        if (name.Length == 0 || version.Length == 0 || (name + version).Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('-' or '.' or '_')))
            throw new UsageException(
                $"{entryFile}: name and version consist of letters, digits, dots, dashes and underscores; they become a file's name.");
        if (network is null && node["url"] is null)
            throw new UsageException($"{entryFile} has no url to pull {name} from: give the ONNX file.");
        if (node["weights"] is not null)
            throw new UsageException($"{entryFile} speaks of weights beside the ONNX file; add takes files that hold their weights.");
        string stem = $"{name}-{version}";
        node["file"] = $"{stem}.onnx";
        var copies = new List<string>();
        try
        {
            if (node["fixture"]?.GetValue<string>() is { } fixture)
            {
                Copy(Path.Combine(entryFile.DirectoryName!, Path.GetFileName(fixture)), $"{stem}.fixture.json", copies);
                node["fixture"] = $"{stem}.fixture.json";
            }

            if (network is not null)
                Copy(network.FullName, $"{stem}.onnx", copies);
            JsonObject document = _catalog.Read();
            document["models"]!.AsArray().Add(node);
            ModelEntry? added = null;
            _catalog.Publish(document, published =>
            {
                added = Find(published, name);
                if (network is not null)
                    ModelFixture.Verify(published, added, options);
            });
            return added!;
        }
        catch
        {
            foreach (string copy in copies)
                File.Delete(copy);
            throw;
        }
    }

    /// <summary>Makes sure that a name can be given to a model.</summary>
    /// <param name="name">The name.</param>
    /// <exception cref="UsageException">It is taken, or would not do as a file's.</exception>
    public void RequireFree(string name)
    {
        if (name.Length == 0 || name[0] == '.' || name.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('-' or '.' or '_')))
            throw new UsageException($"'{name}' cannot be a model's name: letters, digits, dots, dashes and underscores.");
        if (Find(name) is not null)
            throw new UsageException($"There is a model '{name}' already: nrser models remove {name}, or give another name with --name.");
    }

    /// <summary>Enters a network that was made here; the caller holds the claim.</summary>
    /// <param name="node">Its entry, which names a fixture.</param>
    /// <param name="made">Its files, by the names they shall have, which are moved.</param>
    /// <param name="fixture">What its reference computed, or null: then what it computes now is kept, so that a change is noticed.</param>
    /// <param name="prove">Told the loaded network before it is entered; throws.</param>
    public ModelEntry Enter(JsonObject node, IReadOnlyList<string> made, string? fixture, Action<OnnxModel> prove)
    {
        var moved = new List<string>();
        try
        {
            foreach (string file in made)
            {
                string target = Path.Combine(_folder, Path.GetFileName(file));
                File.Move(file, target, overwrite: true); // what an interrupted run left there belongs to no entry
                moved.Add(target);
            }

            string proof = Path.Combine(_folder, node["fixture"]!.GetValue<string>());
            moved.Add(proof);
            if (fixture is not null)
                File.Copy(fixture, proof, overwrite: true);
            JsonObject document = _catalog.Read();
            document["models"]!.AsArray().Add(node);
            ModelEntry? added = null;
            _catalog.Publish(document, published =>
            {
                added = Find(published, node["name"]!.GetValue<string>());
                using OnnxModel model = OnnxModel.Load(published, added, options);
                if (fixture is null)
                    ModelFixture.Of(model).Save(proof);
                else
                    ModelFixture.Load(proof).Check(model);
                prove(model);
            });
            return added!;
        }
        catch
        {
            foreach (string file in moved)
                File.Delete(file);
            throw;
        }
    }

    /// <summary>Enters a copy of a model, whose entry says something else.</summary>
    /// <param name="catalog">The catalogue of the model.</param>
    /// <param name="entry">The model, installed or the program's own.</param>
    /// <param name="name">What the copy shall be called.</param>
    /// <param name="change">Told the copy's entry.</param>
    public ModelEntry EnterCopy(ModelCatalog catalog, ModelEntry entry, string name, Action<JsonObject> change)
    {
        if (entry.Weights is not null)
            throw new UsageException($"'{entry.Name}' has its weights in a file of their own, which no copy can share: leave --name out.");
        using FileStream claim = Claim();
        RequireFree(name);
        string stage = UnfinishedModel.Begin(this, name), copy = Path.Combine(stage, $"{name}.onnx");
        File.Copy(catalog.FileOf(entry), copy, overwrite: true);
        JsonObject node = InstalledCatalog.EntryOf(catalog, entry);
        (node["name"], node["file"], node["fixture"]) = (name, Path.GetFileName(copy), $"{name}.fixture.json");
        change(node);
        ModelEntry entered = Enter(node, [copy], catalog.FixtureOf(entry), _ => { });
        UnfinishedModel.End(stage);
        return entered;
    }

    /// <summary>Changes what an installed model's entry says; its files stay.</summary>
    /// <param name="name">The model.</param>
    /// <param name="change">Told the entry.</param>
    /// <exception cref="ModelException">The entry does not hold any more.</exception>
    public ModelEntry Change(string name, Action<JsonObject> change)
    {
        using FileStream claim = Claim();
        JsonObject document = _catalog.Read();
        JsonObject entry = document["models"]!.AsArray().FirstOrDefault(model => model!["name"]!.GetValue<string>() == name)?.AsObject()
            ?? throw new UsageException($"'{name}' is not installed here. See: nrser models list");
        change(entry);
        ModelEntry? changed = null;
        _catalog.Publish(document, published => changed = Find(published, name));
        return changed!;
    }

    /// <summary>Makes models those that are used when none are named, all of them or none: a pair that belongs together changes in one
    /// step.</summary>
    /// <param name="names">Any models of different kinds, installed or the program's own.</param>
    /// <exception cref="UsageException">There is no such model, or two are of one kind.</exception>
    /// <exception cref="ModelException">One does not load, or the SNR-level block belongs to another enhancer than would be used.</exception>
    public IReadOnlyList<ModelEntry> Use(IReadOnlyList<string> names)
    {
        using FileStream claim = Claim();
        ModelCatalog catalog = ModelCatalog.Load(options.CatalogPath, options.InstalledPath);
        JsonObject document = _catalog.Read();
        var chosen = new Dictionary<ModelKind, ModelEntry>();
        foreach (ModelEntry entry in names.Distinct(StringComparer.Ordinal).Select(name => Find(catalog, name)))
        {
            if (!chosen.TryAdd(entry.Kind, entry))
                throw new UsageException($"{chosen[entry.Kind].Name} and {entry.Name} are of one kind ({Slot(entry.Kind)}); name one of them.");
            document["defaults"]![Slot(entry.Kind)] = entry.Name;
        }

        _catalog.Publish(document, published =>
        {
            published.RequirePair(published.Choose(ModelKind.Enhancer, name: null), published.Choose(ModelKind.SnrLevel, name: null));
            foreach (ModelEntry entry in chosen.Values)
                ModelFixture.Verify(published, Find(published, entry.Name), options);
        });
        return [.. chosen.Values];
    }

    /// <summary>Takes a model away again, and its place as a default; of enhancer and SNR-level block, both places.</summary>
    /// <param name="name">An installed model.</param>
    /// <exception cref="UsageException">It is not installed.</exception>
    public void Remove(string name)
    {
        using FileStream claim = Claim();
        JsonObject document = _catalog.Read();
        JsonArray models = document["models"]!.AsArray();
        JsonNode? entry = models.FirstOrDefault(model => model!["name"]!.GetValue<string>() == name);
        string begun = Path.Combine(_folder, Unfinished, Path.GetFileName(name));
        bool wasBegun = name.Length > 0 && name[0] != '.' && Directory.Exists(begun);
        if (wasBegun)
            UnfinishedModel.End(begun);
        if (entry is null)
        {
            if (wasBegun)
                return;
            throw new UsageException($"'{name}' is not installed here. See: nrser models list");
        }

        models.Remove(entry);
        JsonObject defaults = document["defaults"]!.AsObject();
        string[] left = [.. defaults.Where(pair => pair.Value?.GetValue<string>() == name).Select(pair => pair.Key)];
        if (left.Any(s_pair.Contains))
            left = [.. left, .. s_pair]; // what is left of a pair belongs to nothing: both places go back to the program's own
        foreach (string slot in left)
            defaults.Remove(slot);
        _catalog.Publish(document, _ => { });
        foreach (string file in InstalledCatalog.FileFields.Select(field => entry[field]?.GetValue<string>()).OfType<string>())
            File.Delete(Path.Combine(_folder, file));
    }

    /// <summary>Downloads an installed model's file.</summary>
    /// <param name="name">The model.</param>
    /// <param name="progress">Told the share that is there.</param>
    /// <param name="cancellationToken">Stops; the next call goes on where this one stopped.</param>
    /// <exception cref="UsageException">It has no url.</exception>
    /// <exception cref="ModelException">What came is not what the entry says.</exception>
    public async Task<ModelEntry> PullAsync(string name, Action<double> progress, CancellationToken cancellationToken)
    {
        await using FileStream claim = Claim();
        ModelCatalog catalog = ModelCatalog.Load(options.CatalogPath, options.InstalledPath);
        ModelEntry entry = Find(catalog, name);
        Uri url = entry.Url
            ?? throw new UsageException($"The entry of '{name}' has no url: its file is there, or has to be given to 'nrser models add'.");
        string target = catalog.FileOf(entry);
        if (!File.Exists(target))
        {
            using var download = new ModelDownload();
            await download.FetchAsync(url, target, bytes: null, (here, total) => progress(here / (double)(total ?? here)), hash =>
            {
                if (hash != entry.Sha256)
                {
                    throw new ModelException(
                        $"{url} sent a file with SHA-256 {hash}; the entry of '{name}' says {entry.Sha256}. It was thrown away.");
                }
            }, cancellationToken);
        }

        ModelFixture.Verify(catalog, entry, options);
        return entry;
    }

    /// <summary>The entry of that name, in either catalogue; null where there is none.</summary>
    public ModelEntry? Find(string name) =>
        ModelCatalog.Load(options.CatalogPath, options.InstalledPath).Models.FirstOrDefault(entry => entry.Name == name);

    private static ModelEntry Find(ModelCatalog catalog, string name) => catalog.Models.FirstOrDefault(entry => entry.Name == name)
        ?? throw new UsageException($"There is no model '{name}'. There are: {string.Join(", ", catalog.Models.Select(entry => entry.Name))}.");

    private static JsonObject ReadEntry(FileInfo file)
    {
        try
        {
            return JsonNode.Parse(File.ReadAllText(file.FullName))?.AsObject() ?? throw new UsageException($"{file} is empty.");
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            throw new UsageException($"{file} is no model entry: {error.Message}");
        }
    }

    private void Copy(string source, string name, List<string> copies)
    {
        string target = Path.Combine(_folder, name);
        if (File.Exists(target))
            throw new UsageException($"{target} is there already. Remove the model first: nrser models remove NAME");
        File.Copy(source, target);
        copies.Add(target);
    }

    private static string Slot(ModelKind kind) => JsonNamingPolicy.CamelCase.ConvertName(kind.ToString());

    /// <summary>One process at a time changes the folder; the lock ends with the process.</summary>
    public FileStream Claim()
    {
        Directory.CreateDirectory(_folder);
        try
        {
            return new FileStream(Path.Combine(_folder, "catalog.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException taken) when (taken is not (DirectoryNotFoundException or FileNotFoundException))
        {
            throw new UsageException($"Another nrser is changing the models in {_folder}.");
        }
    }
}
