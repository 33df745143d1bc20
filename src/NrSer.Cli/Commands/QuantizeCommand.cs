using System.CommandLine;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using NrSer.Cli.Models;
using NrSer.Cli.Output;
using NrSer.Core.Audio;
using NrSer.Core.Emotion;
using NrSer.Core.Models;
using NrSer.Core.Models.Weights;
using NrSer.Core.Reconstitution;
using NrSer.Evaluation.Experiments;
using NrSer.Evaluation.Fitting;

namespace NrSer.Cli.Commands;

/// <summary><c>nrser models quantize</c>: an emotion model a second time, in eight bits.</summary>
internal static class QuantizeCommand
{
    /// <summary>Among an entry's measured figures: why nothing judged it.</summary>
    public const string NotJudged = "notJudged";

    private static readonly TimeSpan s_benched = TimeSpan.FromSeconds(15);

    public static Command Create(Terminal terminal)
    {
        var model = new Argument<string>("model") { Description = "A HuBERT, wav2vec 2.0 or other transformer of the catalogue." };
        var sources = new Argument<string[]>("manifest or folders")
        {
            Description = "Recordings to judge it by, best with labels, as nrser evaluate emotion reads them.", Arity = ArgumentArity.ZeroOrMore,
        };
        var name = new Option<string?>("--name") { Description = "What it shall be called; by default MODEL-int8." };
        var seed = new Option<int>("--seed") { Description = "Of the bootstrap.", DefaultValueFactory = _ => 1 };
        var format = new Option<ReportWriter.Format>("--format") { Description = "Text, Markdown or Json." }.OnlyNames();
        var unjudged = new Option<bool>("--unjudged") { Description = "Use it although nothing judged it." };
        var use = new Option<bool>("--use") { Description = "Use it from now on." };
        var command = new Command("quantize",
            "Installs an emotion model a second time, with the products of its transformer in eight bits: less time and memory on processors with "
            + "VNNI or AMX. " + string.Create(
                CultureInfo.InvariantCulture,
                $"Both have to tell {100 * EmotionAgreement.LeastAgreement} % of the recordings given alike, and the recall may change by ")
            + string.Create(CultureInfo.InvariantCulture, $"{100 * EmotionAgreement.MostRecallChange} points; otherwise it is not installed. ")
            + $"Of fewer than {EmotionAgreement.LeastHearings}, labelled if it knows labels, nothing is judged, and it is not used unasked.")
        {
            model, sources, name, seed, format, use, unjudged,
        };
        command.Run(terminal, async (parsed, cancellationToken) =>
        {
            if (!EightBitProcessor.IsThis)
                throw new UsageException("This processor has no VNNI and no AMX: there, eight bits are neither faster nor right.");
            InstalledModels installed = ModelsCommand.Catalog(terminal);
            await using ServiceProvider services = CliServices.Method(
                terminal, KeyValuePair.Create($"{ModelOptions.Section}:{nameof(ModelOptions.Emotion)}", (string?)parsed.GetRequiredValue(model)));
            ModelSet models = services.GetRequiredService<ModelSet>();
            ModelEntry entry = models.EmotionEntry;
            if (entry.Precision != ModelPrecision.Full)
                throw new UsageException($"'{entry.Name}' runs in eight bits already.");
            string called = parsed.GetValue(name) ?? $"{entry.Name}-int8";
            double before = NetworkSpeed.Measure(models.Emotion, s_benched, cancellationToken).RealTimeFactor; // and is what its entry says
            string stage;
            using (FileStream claim = installed.Claim())
            {
                installed.RequireFree(called);
                stage = UnfinishedModel.Begin(installed, called);
            }

            try
            {
                JsonObject node = Write(models.Catalog, entry, called, stage);
                string At(string field) => Path.Combine(stage, (string)node[field]!);
                using (OnnxModel made = Load(models.Options, node, stage))
                {
                    double after = NetworkSpeed.Measure(made, s_benched, cancellationToken).RealTimeFactor;
                    terminal.Note(string.Create(
                        CultureInfo.InvariantCulture,
                        $"{node["measured"]!["products"]} products in eight bits: "
                        + $"{Megabytes(models.Catalog.FileOf(entry), models.Catalog.WeightsOf(entry)):F1} MB -> "
                        + $"{Megabytes(At("file"), At("weights")):F1} MB, RTF {before:F4} -> {after:F4} on one thread."));
                    string? doubt = parsed.GetValue(sources) is { Length: > 0 } recordings
                        ? await JudgeAsync(services, made, recordings, parsed.GetValue(seed), parsed.GetValue(format), node, cancellationToken)
                        : "no recordings were given, of which both could be heard";
                    if (doubt is not null)
                    {
                        string said = $"{called} was not judged: {doubt}.";
                        if (parsed.GetValue(use) && !parsed.GetValue(unjudged))
                            throw new UsageException($"{said} Nothing was installed: leave --use out, or add --unjudged to use it all the same.");
                        terminal.Note(said);
                        node["measured"]![NotJudged] = doubt;
                        node["source"] = $"{node["source"]}; not judged";
                    }
                }

                using FileStream claim = installed.Claim();
                installed.RequireFree(called);
                ModelEntry added = installed.Enter(node, [At("file"), At("weights")], fixture: null, _ => { });
                terminal.Note($"{added.Id} is installed.");
            }
            finally
            {
                UnfinishedModel.End(stage);
            }

            if (parsed.GetValue(use))
                installed.Use([called]);
            terminal.Note(parsed.GetValue(use) ? $"{called} is used from now on." : $"Use it with: nrser models use {called}");
            return ExitCode.Success;
        });
        return command;

        async Task<string?> JudgeAsync( // returns why it decides nothing
            ServiceProvider services, OnnxModel made, string[] recordings, int seed, ReportWriter.Format format, JsonObject node,
            CancellationToken cancellationToken)
        {
            var experiment = new Experiment(
                services.GetRequiredService<ModelSet>(), services.GetRequiredService<SpeechReconstituter>(),
                services.GetRequiredService<IEmotionClassifier>(), services.GetRequiredService<AudioDecoder>())
            {
                Set = EvaluationSet.Load(recordings, []), SnrsDb = [], Seed = seed,
            };
            EmotionAgreement found = await terminal.WithProgressAsync(made.Entry.Name, progress => EmotionAgreement.HearAsync(
                experiment, new OnnxEmotionClassifier(made), made.Entry.Id, progress, cancellationToken));
            ReportWriter.Print(terminal, found.Report, format);
            node["measured"]!["agreement"] = found.Measured.DeepClone();
            if (found.Unjudged is null && !found.IsClose)
                throw new ModelException($"{made.Entry.Name} does not say what {experiment.Models.EmotionEntry.Name} says: it is not installed.");
            return found.Unjudged;
        }
    }

    /// <summary>Makes the network; its entry is the model's but for what has changed.</summary>
    private static JsonObject Write(ModelCatalog catalog, ModelEntry entry, string name, string stage)
    {
        string stem = $"{name}-{entry.Version}", onnx = Path.Combine(stage, $"{stem}.onnx");
        (int products, string weights) = EightBitNetwork.Write(
            catalog.FileOf(entry), catalog.WeightsOf(entry), onnx, Path.Combine(stage, $"{stem}.weights"));
        JsonObject node = InstalledCatalog.EntryOf(catalog, entry);
        node.Remove("url");
        (node["name"], node["file"], node["weights"], node["fixture"]) = (name, $"{stem}.onnx", $"{stem}.weights", $"{stem}.fixture.json");
        (node["sha256"], node["weightsSha256"]) = (Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(onnx))), weights);
        node["precision"] = "eightBit";
        node["source"] = $"nrser models quantize {entry.Id}; {entry.Source}";
        node["measured"] = new JsonObject { ["products"] = products };
        return node;
    }

    /// <summary>Loads it from where it was made, before any catalogue of installed models knows it.</summary>
    private static OnnxModel Load(ModelOptions options, JsonObject node, string stage)
    {
        var document = new JsonObject { ["schema"] = 1, ["defaults"] = new JsonObject(), ["models"] = new JsonArray(node.DeepClone()) };
        File.WriteAllText(Path.Combine(stage, ModelCatalog.FileName), document.ToJsonString());
        var catalog = ModelCatalog.Load(options.CatalogPath, stage);
        return OnnxModel.Load(catalog, catalog.Models.Single(model => model.Name == (string)node["name"]!), options);
    }

    private static double Megabytes(params string?[] files) => files.OfType<string>().Sum(file => new FileInfo(file).Length / 1e6);
}
