using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using NrSer.Cli.Models;
using NrSer.Cli.Output;
using NrSer.Core.Audio;
using NrSer.Core.Enhancement;
using NrSer.Core.Models;
using NrSer.Evaluation.Experiments;
using NrSer.Evaluation.Fitting;

namespace NrSer.Cli.Commands;

/// <summary><c>nrser models fit-snr</c>: an SNR-level block for any enhancer, from recordings of the user's own.</summary>
internal static class FitSnrCommand
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(45);

    public static Command Create(Terminal terminal)
    {
        var enhancer = new Argument<string>("enhancer") { Description = "An enhancer of the catalogue." };
        var speech = new Option<string[]>("--speech")
        {
            Description =
                "Folders of clean speech, a folder a speaker; or a manifest as nrser evaluate reads it, whose column split may say train, "
                + "validation, test.",
            Required = true, AllowMultipleArgumentsPerToken = true,
        };
        var noise = new Option<string[]>("--noise")
        {
            Description = "Folders of noise without speech, a folder a kind. Not needed where the manifest names noise.",
            AllowMultipleArgumentsPerToken = true,
        };
        var name = new Option<string?>("--name") { Description = "What the block shall be called; by default ENHANCER-snr-level." };
        var excerpts = new Option<int?>("--excerpts")
        {
            Description =
                $"Excerpts of 2 to 10 s of clean speech to fit on, and as many of noise: {SnrLevelFit.LeastExcerpts} to "
                + $"{SnrLevelFit.MostExcerpts}; by default as many as take {s_patience.TotalMinutes:F0} min. "
                + "About six times as many are heard in all.",
        };
        var format = new Option<ReportWriter.Format>("--format") { Description = "Text, Markdown or Json." }.OnlyNames();
        var use = new Option<bool>("--use") { Description = "Use enhancer and block from now on." };
        var command = new Command("fit-snr",
            "Fits the SNR-level block that an enhancer needs, on some minutes of clean speech and of noise, installs it and prints what "
            + "'evaluate snr' prints of what was kept back. Speech is split by speaker, noise by file. Run again after an interruption: it goes on "
            + "where it stopped.")
        {
            enhancer, speech, noise, name, excerpts, format, use,
        };
        command.Run(terminal, async (parsed, cancellationToken) =>
        {
            int? wanted = parsed.GetValue(excerpts);
            if (wanted is < SnrLevelFit.LeastExcerpts or > SnrLevelFit.MostExcerpts)
                throw new UsageException($"--excerpts lies between {SnrLevelFit.LeastExcerpts} and {SnrLevelFit.MostExcerpts}.");
            InstalledModels installed = ModelsCommand.Catalog(terminal);
            await using ServiceProvider services = CliServices.Method(
                terminal, KeyValuePair.Create($"{ModelOptions.Section}:{nameof(ModelOptions.Enhancer)}", (string?)parsed.GetRequiredValue(enhancer)));
            ModelSet models = services.GetRequiredService<ModelSet>();
            ModelEntry entry = models.EnhancerEntry;
            string called = parsed.GetValue(name) ?? $"{entry.Name}-snr-level";
            installed.RequireFree(called);
            var set = EvaluationSet.Load(parsed.GetRequiredValue(speech), parsed.GetValue(noise) ?? [], foldersAreSpeakers: true);
            int threads = models.Options.EffectiveThreads;
            FittingAudio audio = await terminal.WithProgressAsync("reading", progress => FittingAudio.LoadAsync(
                set, new ClipAudio(services.GetRequiredService<AudioDecoder>()), threads, progress, cancellationToken));
            foreach (string note in audio.Notes)
                terminal.Note(note);

            string stage = UnfinishedModel.Begin(installed, called);
            FittedSnrLevel fitted;
            using (var fit = new SnrLevelFit(
                entry, new OnnxSpeechEnhancer(models.Enhancer, threads: 1), audio, Path.Combine(stage, "observations"), threads))
            {
                int count = await ExcerptsAsync(terminal, fit, Path.Combine(stage, "excerpts"), wanted, cancellationToken);
                fitted = await terminal.WithProgressAsync(called, progress => fit.RunAsync(count, progress, cancellationToken));
            }

            ModelEntry added = Install(installed, fitted, called, stage, parsed);
            ReportWriter.Print(terminal, fitted.HeldOut, parsed.GetValue(format));
            terminal.Note($"{added.Id} is installed.");
            if (parsed.GetValue(use))
                installed.Use([entry.Name, added.Name]);
            terminal.Note(parsed.GetValue(use) ? $"{entry.Id} and {added.Id} are used from now on." : $"Use it with: {ModelsCommand.Using(added)}");
            return ExitCode.Success;
        });
        return command;

        ModelEntry Install(InstalledModels installed, FittedSnrLevel fitted, string called, string stage, ParseResult parsed)
        {
            using FileStream claim = installed.Claim();
            installed.RequireFree(called);
            string network = Path.Combine(stage, "block.onnx"), fixture = Path.Combine(stage, "block.fixture.json");
            fitted.Write(network);
            fitted.Fixture().Save(fixture);
            JsonObject entry = InstalledEntry.OfSnrLevel(
                fitted, called, network, [.. parsed.GetRequiredValue(speech), .. parsed.GetValue(noise) ?? []]);
            string file = Path.Combine(stage, (string)entry["file"]!);
            File.Move(network, file, overwrite: true);
            ModelEntry added = installed.Enter(entry, [file], fixture, _ => { });
            UnfinishedModel.End(stage);
            return added;
        }
    }

    /// <summary>How many excerpts: as asked for, as an interrupted run decided, or as many as there is patience for.</summary>
    private static async Task<int> ExcerptsAsync(
        Terminal terminal, SnrLevelFit fit, string decided, int? wanted, CancellationToken cancellationToken)
    {
        int count;
        if (wanted is null && File.Exists(decided) && int.TryParse(await File.ReadAllTextAsync(decided, cancellationToken), out int before))
        {
            count = Math.Clamp(before, SnrLevelFit.LeastExcerpts, SnrLevelFit.MostExcerpts);
            terminal.Note($"Goes on where it stopped: {count} excerpts of each extreme, {SnrLevelFit.CountOf(count)} in all.");
        }
        else
        {
            TimeSpan each = await fit.TimeAsync(cancellationToken);
            count = wanted ?? SnrLevelFit.MostExcerpts;
            while (wanted is null && count > SnrLevelFit.LeastExcerpts && SnrLevelFit.CountOf(count) * each > s_patience)
                count = Math.Max(SnrLevelFit.LeastExcerpts, count * 9 / 10);
            terminal.Note(string.Create(
                CultureInfo.InvariantCulture,
                $"{SnrLevelFit.CountOf(count)} excerpts are heard in all, {count} of each extreme to fit on: "
                + $"about {Told(SnrLevelFit.CountOf(count) * each)}."));
        }

        await File.WriteAllTextAsync(decided, $"{count}", cancellationToken);
        return count;

        static string Told(TimeSpan time) => time < TimeSpan.FromMinutes(2) ? $"{time.TotalSeconds:F0} s" : $"{time.TotalMinutes:F0} min";
    }
}
