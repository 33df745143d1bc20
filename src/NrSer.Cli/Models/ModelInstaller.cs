using System.Text.Json.Nodes;
using NrSer.Core.Models;
using NrSer.Core.Models.Weights;

namespace NrSer.Cli.Models;

/// <summary>
/// Fetches a checkpoint, makes a network of it, proves it and enters it. Whatever is unfinished lies in a folder of its own, where the next run finds
/// it; the catalogue names nothing that is not whole.
/// </summary>
/// <param name="installed">Receives the model.</param>
/// <param name="download">Fetches.</param>
/// <param name="freeBytes">How much room the disk of a folder has.</param>
internal sealed class ModelInstaller(InstalledModels installed, ModelDownload download, Func<string, long> freeBytes)
{
    private const long Slack = 64 * 1024 * 1024; // for everything else on that disk
    private const string Update = "If it was changed on purpose, take what is there now: --update";
    private const string Config = "config.json", Preprocessor = "preprocessor_config.json", Fixture = "fixture.json";

    private readonly ModelPins _pins = new(installed.Folder);

    /// <summary>Room on the disk of a folder.</summary>
    public static long FreeBytes(string folder) => new DriveInfo(Path.GetFullPath(folder)).AvailableFreeSpace;

    /// <summary>What a model is called once it is installed: its name at its source, as far as that can be a name here.</summary>
    /// <param name="id">As <see cref="ModelHub.IdOf"/> says.</param>
    public static string NameOf(string id) => string.Concat(Path.GetFileName(Path.TrimEndingDirectorySeparator(id)).Select(
        c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' ? c : '-')).TrimStart('.');

    /// <summary>Installs a model.</summary>
    /// <param name="source">Where it comes from.</param>
    /// <param name="name">What it shall be called.</param>
    /// <param name="progress">Told the share that has been fetched.</param>
    /// <param name="prove">Told the loaded network before it is entered.</param>
    /// <param name="cancellationToken">Stops; the next run goes on.</param>
    /// <exception cref="UsageException">There is no room, a label is unknown, or the name is taken.</exception>
    /// <exception cref="ModelException">The checkpoint is not what it should be.</exception>
    public async Task<ModelEntry> InstallAsync(
        ModelSource source, string name, Action<double> progress, Action<OnnxModel> prove, CancellationToken cancellationToken)
    {
        await using FileStream claim = installed.Claim();
        installed.RequireFree(name);
        string stage = Path.Combine(installed.Folder, InstalledModels.Unfinished, name);
        Begin(stage, source);
        if (!source.Checkpoint.Place.IsFile)
            RequireRoom(stage, source.Id, Math.Max(0, source.Bytes - BytesHere(stage, source)) + source.WeightBytes);
        Dictionary<string, Fetched> files = await FetchAsync(source, stage, progress, cancellationToken);
        ModelEntry added;
        try
        {
            added = Make(source, name, stage, files, prove, cancellationToken);
        }
        catch (ModelException unusable) when (Doubtful(source) is { Length: > 0 } doubtful)
        {
            foreach (SourceFile file in doubtful)
                File.Delete(files[file.Name].Path);
            throw new ModelException(
                $"{unusable.Message} What came as {string.Join(", ", doubtful.Select(file => file.Name))} was thrown away; the next run asks for it "
                + "again.", unusable);
        }

        if (!source.Checkpoint.Place.IsFile)
            _pins.Set(source.Id, PinOf(source, Hashes(files)));
        UnfinishedModel.End(stage);
        return added;
    }

    /// <summary>Files that nobody vouches for: some may be what a hotel's network sends in place of what was asked for.</summary>
    private static SourceFile[] Doubtful(ModelSource source) => [.. source.Files.Where(file => !file.Place.IsFile && file.Sha256 is null)];

    /// <summary>Makes the network of files that are here, and enters it.</summary>
    private ModelEntry Make(
        ModelSource source, string name, string stage, Dictionary<string, Fetched> files, Action<OnnxModel> prove,
        CancellationToken cancellationToken)
    {
        Fetched tensors = files[source.Checkpoint.Name];
        string version = source.Revision?[..Math.Min(12, source.Revision.Length)] ?? tensors.Sha256[..12];
        string stem = $"{name}-{version}";
        string onnx = Path.Combine(stage, $"{stem}.onnx"), weights = Path.Combine(stage, $"{stem}.weights");
        JsonObject details;
        string weightsSha256, skeletons = Path.Combine(AppContext.BaseDirectory, "models", "skeletons");
        using (Checkpoint checkpoint = Checkpoint.Open(tensors.Path))
        {
            RequireRoom(stage, source.Id, checkpoint.Tensors.Values.Where(tensor => tensor.Type <= StoredType.F64)
                .Sum(tensor => (long)sizeof(float) * tensor.Count));
            switch (source.Layout)
            {
                case ModelLayout.Cmgan:
                    details = InstalledEntry.OfCmgan();
                    weightsSha256 = CmganLayout.Assemble(checkpoint, skeletons, onnx, weights);
                    break;
                case ModelLayout.NrserSnr:
                    details = InstalledEntry.OfNrserSnr(source.Enhancer!);
                    weightsSha256 = NrserSnrLayout.Assemble(checkpoint, skeletons, onnx, weights);
                    break;
                default:
                    HubertLayout layout = source.Layout == ModelLayout.NrserEmotion
                        ? HubertLayout.ReadNrser(checkpoint)
                        : HubertLayout.Read(files[Config].Path, files.GetValueOrDefault(Preprocessor)?.Path);
                    details = InstalledEntry.OfHubert(layout, source);
                    weightsSha256 = layout.Assemble(checkpoint, skeletons, onnx, weights);
                    break;
            }
        }

        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true); // the network is about to take as much again
        JsonObject entry = InstalledEntry.Complete(details, source, name, version, stem, onnx, weightsSha256, Hashes(files));
        cancellationToken.ThrowIfCancellationRequested();
        return installed.Enter(entry, [onnx, weights], files.GetValueOrDefault(Fixture)?.Path, prove);
    }

    /// <summary>Remembers the revision before anything of it is fetched, and throws away what there is of another: they are never mixed.</summary>
    private void Begin(string stage, ModelSource source)
    {
        string note = Path.Combine(stage, "source"), said = $"{source.Id} {source.Revision}";
        bool isOther = !File.Exists(note) || File.ReadAllText(note) != said || (source.IsNew && source.Revision is null);
        if (Directory.Exists(stage) && isOther)
            Directory.Delete(stage, recursive: true);
        Directory.CreateDirectory(stage);
        File.WriteAllText(note, said);
        if (source.IsNew)
            _pins.Set(source.Id, PinOf(source, new Dictionary<string, string>(StringComparer.Ordinal)));
    }

    private static ModelPin PinOf(ModelSource source, Dictionary<string, string> sha256) => new(
        source.Revision, source.Licence,
        [.. source.Files.Select(file => new PinnedFile(file.Name, file.Bytes, sha256.GetValueOrDefault(file.Name, file.Sha256!)))])
    {
        Parameters = source.Parameters,
    };

    /// <summary>What is missing is fetched, what is here is hashed, and what was seen before has to be the same.</summary>
    private async Task<Dictionary<string, Fetched>> FetchAsync(
        ModelSource source, string stage, Action<double> progress, CancellationToken cancellationToken)
    {
        var files = new Dictionary<string, Fetched>(StringComparer.Ordinal);
        long done = 0;
        foreach (SourceFile file in source.Files)
        {
            if (file.Place.IsFile) // of the user's own: read where it lies
            {
                string own = await ModelDownload.HashAsync(file.Place.LocalPath, cancellationToken);
                if (own != (file.Sha256 ?? own))
                    throw new ModelException($"{file.Place.LocalPath} has SHA-256 {own}; {source.Id} has {file.Sha256}. {Update}");
                files.Add(file.Name, new Fetched(file.Place.LocalPath, own));
                continue;
            }

            string target = Path.Combine(stage, file.Name);
            string hash = await download.FetchAsync(
                file.Place, target, file.IsExact ? file.Bytes : null,
                (here, total) => progress((done + here) / (double)Math.Max(1, Math.Max(source.Bytes, done + (total ?? here)))),
                found => Compare(file, found), cancellationToken);
            files.Add(file.Name, new Fetched(target, hash));
            done += new FileInfo(target).Length;
        }

        return files;
    }

    private static Dictionary<string, string> Hashes(Dictionary<string, Fetched> files) =>
        files.ToDictionary(file => file.Key, file => file.Value.Sha256, StringComparer.Ordinal);

    private static void Compare(SourceFile file, string hash)
    {
        if (hash != (file.Sha256 ?? hash))
        {
            throw new ModelException(
                $"{file.Place} sent a file with SHA-256 {hash}; its source said, or it had when it was first used here, {file.Sha256}. It was thrown "
                + $"away. {Update}");
        }
    }

    private static long BytesHere(string stage, ModelSource source) => source.Files
        .SelectMany(file => new[] { file.Name, $"{file.Name}.part" }).Select(name => new FileInfo(Path.Combine(stage, name)))
        .Sum(found => found.Exists ? found.Length : 0);

    private void RequireRoom(string stage, string id, long bytes)
    {
        long needed = bytes + Slack, free = freeBytes(stage);
        if (free < needed)
        {
            throw new UsageException(
                $"{stage} has room for {free / 1_000_000} MB; {id} needs {needed / 1_000_000}. Make room, or choose another place: "
                + $"{ModelOptions.Section.Replace(":", "__", StringComparison.Ordinal)}__{nameof(ModelOptions.InstalledPath)}");
        }
    }

    private sealed record Fetched(string Path, string Sha256);
}
