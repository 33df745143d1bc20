using System.CommandLine;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using NrSer.Cli.Models;
using NrSer.Cli.Output;
using NrSer.Core.Audio;
using NrSer.Core.Emotion;
using NrSer.Core.Models;
using NrSer.Core.Reconstitution;
using NrSer.Evaluation.Experiments;
using NrSer.Evaluation.Fitting;

namespace NrSer.Cli.Commands;

/// <summary><c>nrser models calibrate</c>: how sure an emotion model should be of itself, by recordings that the user labelled.</summary>
internal static class CalibrateCommand
{
    private const string Mark = "-cal."; // before what a calibration adds to a version

    public static Command Create(Terminal terminal)
    {
        var model = new Argument<string>("model") { Description = "An emotion model of the catalogue." };
        var sources = new Argument<string[]>("manifest or folders")
        {
            Description = "Labelled recordings, as nrser evaluate emotion reads them; of at least two speakers.", Arity = ArgumentArity.OneOrMore,
        };
        var right = new Option<double>("--right")
        {
            Description = "How often what is reported shall be right.", DefaultValueFactory = _ => 0.7,
        }.OnlyWithin(0.05, 1);
        var name = new Option<string?>("--name")
        {
            Description =
                "Leave the model as it is, and give its calibrated copy this name; by default of a model that comes with NrSer: MODEL-calibrated.",
        };
        var seed = new Option<int>("--seed") { Description = "Of the bootstrap.", DefaultValueFactory = _ => 1 };
        var format = new Option<ReportWriter.Format>("--format") { Description = "Text, Markdown or Json." }.OnlyNames();
        var command = new Command("calibrate",
            "Fits an emotion model's temperature, and the trust from which it is to be believed, to labelled recordings, and writes both into its "
            + "entry. Brackets hold 95 % intervals over speakers.")
        {
            model, sources, right, name, seed, format,
        };
        command.Run(terminal, async (parsed, cancellationToken) =>
        {
            InstalledModels installed = ModelsCommand.Catalog(terminal);
            await using ServiceProvider services = CliServices.Method(
                terminal, KeyValuePair.Create($"{ModelOptions.Section}:{nameof(ModelOptions.Emotion)}", (string?)parsed.GetRequiredValue(model)));
            ModelSet models = services.GetRequiredService<ModelSet>();
            ModelEntry entry = models.EmotionEntry;
            string? copy = parsed.GetValue(name) ?? (models.Catalog.IsInstalled(entry) ? null : $"{entry.Name}-calibrated");
            if (copy is not null)
                installed.RequireFree(copy);
            var experiment = new Experiment(
                models, services.GetRequiredService<SpeechReconstituter>(), services.GetRequiredService<IEmotionClassifier>(),
                services.GetRequiredService<AudioDecoder>())
            {
                Set = EvaluationSet.Load(parsed.GetRequiredValue(sources), []), SnrsDb = [], Seed = parsed.GetValue(seed),
            };
            EmotionCalibration fitted = await terminal.WithProgressAsync(entry.Name, progress => EmotionCalibration.FitAsync(
                experiment, entry.Emotion!.Temperature ?? 1, parsed.GetValue(right), progress, cancellationToken));
            ModelEntry changed = copy is null
                ? installed.Change(entry.Name, node => Write(node, fitted))
                : installed.EnterCopy(models.Catalog, entry, copy, node => Write(node, fitted));
            ReportWriter.Print(terminal, fitted.Report, parsed.GetValue(format));
            terminal.Note(copy is null ? $"{changed.Id} is calibrated." : $"{changed.Id} is installed. Use it with: {ModelsCommand.Using(changed)}");
            return ExitCode.Success;
        });
        return command;
    }

    /// <summary>Into the entry, under a version of its own: rows tell what was said before from what is said now.</summary>
    private static void Write(JsonObject entry, EmotionCalibration fitted)
    {
        JsonNode emotion = entry["emotion"]!;
        (emotion["temperature"], emotion["reportableAbove"]) = ((float)fitted.Temperature, (float)Math.Min(1, fitted.ReportableAbove));
        (emotion["trust"], emotion["trustLine"]) = ("confidence", null);
        string values = $"{emotion["temperature"]} {emotion["reportableAbove"]}", version = (string)entry["version"]!;
        entry["version"] = version.Split(Mark)[0] + Mark + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(values)))[..8];
        if (entry["measured"] is not JsonObject measured)
            entry["measured"] = measured = [];
        measured["calibration"] = fitted.Measured.DeepClone();
    }
}
