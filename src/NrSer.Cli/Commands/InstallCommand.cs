using System.CommandLine;
using System.Globalization;
using NrSer.Cli.Models;
using NrSer.Cli.Output;
using NrSer.Core.Models;
using Spectre.Console;

namespace NrSer.Cli.Commands;

/// <summary><c>nrser models install</c>: from a published checkpoint to a model that can be used, without Python.</summary>
internal static class InstallCommand
{
    private const string Nothing = "none"; // a label that is no emotion

    private static readonly TimeSpan s_benched = TimeSpan.FromMinutes(1);

    public static Command Create(Terminal terminal)
    {
        var wanted = new Argument<string>("model")
        {
            Description =
                $"{string.Join(", ", ModelHub.Names)}; OWNER/NAME of huggingface.co with a HuBERT or wav2vec 2.0 for categories or ratings; a folder "
                + "with the files of such a model; or a model that was added by its entry alone.",
        };
        var from = new Option<string?>("--from")
        {
            Description = "A folder that has the files, or an address laid out like huggingface.co (for cmgan: github.com) to ask in its place.",
        };
        var name = new Option<string?>("--name") { Description = "What it shall be called; by default as at its source." };
        var label = new Option<string[]>("--label")
        {
            Description = $"LABEL=EMOTION for a label that is not known by itself, LABEL={Nothing} to leave it out. May be given more than once.",
        };
        var enhancer = new Option<string?>("--enhancer")
        {
            Description = "Of an SNR-level block (a folder with NRSER's SNR/best), the installed enhancer that it was trained with.",
        };
        var scale = new Option<double[]>("--scale")
        {
            Description = "Lowest and highest rating of a model for arousal, valence and dominance, such as 1 5; 0 1 unless it is known.",
            Arity = new ArgumentArity(2, 2), AllowMultipleArgumentsPerToken = true,
        };
        var trained = new Option<double[]>("--trained-seconds")
        {
            Description = "Shortest and longest input that an emotion model was trained on, such as 3 5: shorter segments are repeated, longer ones "
                + "heard in even windows. By default what its configuration says, or else segments are heard as they are.",
            Arity = new ArgumentArity(2, 2), AllowMultipleArgumentsPerToken = true,
        };
        var yes = new Option<bool>("--yes") { Description = "Do not ask." };
        var use = new Option<bool>("--use") { Description = "Use it from now on." };
        var update = new Option<bool>("--update") { Description = "Take what is newest at the source, not what was first seen of it." };
        var command = new Command("install",
            "Downloads a published checkpoint, makes a network of it, checks it and measures how fast it is. Shows licence, size and source and asks "
            + "before. Run again after an interruption: it goes on where it stopped. HF_TOKEN is for models that ask for consent; it is told "
            + "to huggingface.co alone, or to the hub that HF_ENDPOINT names.")
        {
            wanted, from, name, label, scale, trained, enhancer, yes, use, update,
        };
        command.Run(terminal, async (parsed, cancellationToken) =>
        {
            InstalledModels installed = ModelsCommand.Catalog(terminal);
            string model = parsed.GetRequiredValue(wanted);
            Dictionary<string, string?> vocabulary = Meanings(parsed.GetValue(label) ?? []);
            bool isPlain = parsed.GetValue(name) is null && parsed.GetValue(from) is null;
            ModelEntry? entry = isPlain && !ModelHub.IsFolder(model) ? installed.Find(model) : null, fetched = null, block = null;
            if (entry is not null && (entry.Url is not null || !ModelHub.Names.Contains(model)))
            {
                if (vocabulary.Count > 0 || parsed.GetValue(scale) is { Length: > 0 } || parsed.GetValue(trained) is { Length: > 0 })
                    throw new UsageException($"'{model}' is in the catalogue, where its entry says what labels, ratings and lengths mean.");
                if (entry.Url is not null)
                    entry = await terminal.WithProgressAsync(model, progress => installed.PullAsync(model, progress, cancellationToken));
            }
            else
            {
                Uri hub = ModelHub.HubAt(terminal.Environment.GetValueOrDefault("HF_ENDPOINT"));
                string? secret = terminal.Environment.GetValueOrDefault("HF_TOKEN");
                using var download = new ModelDownload(string.IsNullOrEmpty(secret) ? null : new HubToken(secret, hub));
                string id = ModelHub.IdOf(model), called = parsed.GetValue(name) ?? ModelInstaller.NameOf(id);
                entry = installed.Find(called);
                ModelPin? known = parsed.GetValue(update) ? null : new ModelPins(installed.Folder).Find(id)
                    ?? (entry is not null && ModelOrigin.Of(entry) is { } origin && origin.Id == id ? origin.ToPin(entry.Licence) : null);
                ModelSource source = await new ModelHub(download, hub).FindAsync(model, parsed.GetValue(from), known, cancellationToken);
                source = source with { Vocabulary = vocabulary };
                if (parsed.GetValue(scale) is [var lowest, var highest])
                {
                    source = lowest < highest ? source with { Scale = (lowest, highest) }
                        : throw new UsageException("--scale is the lowest rating and the highest.");
                }

                if (parsed.GetValue(trained) is [var shortest, var longest])
                {
                    source = shortest >= 0 && longest is >= 0.1 and <= 3600 && shortest <= longest
                        ? source with { TrainedSeconds = (shortest, longest) }
                        : throw new UsageException("--trained-seconds are the shortest input and the longest, of 0.1 to 3600 s.");
                }

                if (source.Layout == ModelLayout.NrserSnr)
                    source = source with { Enhancer = EnhancerOf(installed, parsed.GetValue(enhancer)) };
                if (entry is not null)
                {
                    await ModelOrigin.RequireSameAsync(entry, source, parsed.GetValue(update), cancellationToken);
                }
                else
                {
                    await AgreeAsync(terminal, source, called, parsed.GetValue(yes), cancellationToken);
                    var installer = new ModelInstaller(installed, download, ModelInstaller.FreeBytes);
                    entry = fetched = await terminal.WithProgressAsync(called, progress => installer.InstallAsync(
                        source, called, progress, loaded => Bench(terminal, loaded, cancellationToken), cancellationToken));
                    if (ModelHub.BlockBeside(source, entry.Id) is { } beside && installed.Find($"{called}-snr-level") is null)
                    {
                        block = await installer.InstallAsync(
                            beside, $"{called}-snr-level", _ => { }, loaded => Bench(terminal, loaded, cancellationToken), cancellationToken);
                    }
                }
            }

            terminal.Note($"{entry.Id} is installed.");
            if (parsed.GetValue(update) && fetched is null)
                terminal.Note($"It was before: what is newest is taken after nrser models remove {entry.Name}.");
            if (block is not null)
                terminal.Note($"{block.Id}, which lay beside it, is installed.");
            Use(terminal, installed, entry, block, parsed.GetValue(use));
            return ExitCode.Success;
        });
        return command;
    }

    private static void Use(Terminal terminal, InstalledModels installed, ModelEntry entry, ModelEntry? block, bool use)
    {
        if (entry.Kind == ModelKind.SnrLevel)
            (entry, block) = (installed.Find(entry.SnrLevel!.Enhancer.Split('@')[0])!, entry);
        if (entry.Kind == ModelKind.Enhancer && block is null && use)
        {
            terminal.Note("It is not used yet: an enhancer and the SNR-level block that was trained with it are used together.");
            use = false;
        }

        if (entry.Kind == ModelKind.Enhancer && block is null)
            terminal.Note($"Fit such a block on recordings of yours: {ModelCatalog.Fitting(entry)}");

        if (use)
            installed.Use(block is null ? [entry.Name] : [entry.Name, block.Name]);
        terminal.Note(use ? $"{entry.Id} is used from now on." : $"Use it with: {ModelsCommand.Using(block ?? entry)}");
    }

    private static string EnhancerOf(InstalledModels installed, string? name) =>
        name is not null && installed.Find(name) is { Kind: ModelKind.Enhancer } entry ? entry.Id : throw new UsageException(
            "An SNR-level block belongs to the enhancer that it was trained with: --enhancer NAME, one of the catalogue, such as cmgan.");

    private static void Bench(Terminal terminal, OnnxModel model, CancellationToken cancellationToken)
    {
        if (model.Entry.Kind != ModelKind.SnrLevel) // which is too small to tell
            terminal.Note(NetworkSpeed.Measure(model, s_benched, cancellationToken).ToString());
    }

    private static async Task AgreeAsync(
        Terminal terminal, ModelSource source, string called, bool yes, CancellationToken cancellationToken)
    {
        static string Megabytes(long bytes) => bytes == 0 ? "unknown" : string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:F1} MB");
        string made = source.Parameters is null ? "as much again, twice that of 16-bit values," : $"{Megabytes(source.WeightBytes)}";
        terminal.Note($"{called}: {source.Source}");
        terminal.Note($"  licence   {source.Licence}; that of the data it was trained on may forbid more");
        terminal.Note($"  size      {Megabytes(source.Bytes)}, and {made} for the network that is made of it");
        if (!source.Checkpoint.Place.IsFile)
        {
            terminal.Note($"  revision  {source.Revision ?? "the newest"}, " + (source.IsNew
                ? "seen for the first time: nobody vouches for it but its source; it is remembered, and no other will be taken for it"
                : "as it was first seen"));
        }

        if (yes)
            return;
        if (!terminal.Notes.Profile.Capabilities.Interactive || Console.IsInputRedirected)
            throw new UsageException("Nobody is there to be asked: add --yes to agree to licence, size and source.");
        if (!await terminal.Notes.ConfirmAsync("Install it?", defaultValue: false, cancellationToken))
            throw new UsageException("Nothing was installed.");
    }

    private static Dictionary<string, string?> Meanings(string[] given)
    {
        var found = new Dictionary<string, string?>(StringComparer.Ordinal);
        foreach (string each in given)
        {
            string[] parts = each.Split('=');
            if (parts is not [{ Length: > 0 } label, var emotion] || (emotion != Nothing && !EmotionVocabulary.Names.Contains(emotion)))
            {
                throw new UsageException(
                    $"--label {each}: LABEL=EMOTION is needed, one of {string.Join(", ", EmotionVocabulary.Names)}, or {Nothing}.");
            }

            found[label] = emotion == Nothing ? null : emotion;
        }

        return found;
    }
}
