using System.CommandLine;
using Microsoft.Extensions.DependencyInjection;
using NrSer.Cli.Output;
using NrSer.Core.Audio;
using NrSer.Core.Emotion;
using NrSer.Core.Models;
using NrSer.Core.Reconstitution;
using NrSer.Evaluation.Channels;
using NrSer.Evaluation.Experiments;
using NrSer.Evaluation.Reports;

namespace NrSer.Cli.Commands;

/// <summary><c>nrser evaluate</c>: the paper's experiments on anybody's recordings, through the code that production runs.</summary>
internal static class EvaluateCommand
{
    private const string IntervalHelp =
        """
        Brackets hold 95 % intervals over speakers and noises. (n = 5): there are too few speakers, or recordings of noise alone, for an interval.
        A clip is heard in the noise, and from the place in it, that the names of both decide: the same in every table, whatever else is in the set.
        """;

    private const string ChannelHelp =
        """
        --channel lays over clean and noisy speech alike, after mixing: telephone = 300–3400 Hz and µ-law; eight, eleven = as recorded at 8 or 11.025
        kHz; wideband = 50–7000 Hz. It adds to what is heard alone, 10 dB above it: hum = 50 Hz with harmonics; rumble = noise below 60 Hz; dc = an
        offset.
        """;

    private const string ManifestHelp =
        """
        A manifest is a CSV file whose first line names its columns, in any order; one of the first three is needed:
        path = a recording; cleanPath = the same without noise; noisePath = the noise alone; snrDb = where the two are, or shall be, mixed;
        label = neutral, happy, sad, angry (or what else the model knows); speaker, corpus, noiseType = what tables and intervals go by;
        arousal, valence, dominance = ratings by people.
        A row with path alone is speech, with noisePath alone noise, with cleanPath and one of the others a pair. Paths are relative to the manifest.
        Instead of a manifest, folders do: speech/angry/a.wav has the label angry, and with --noise noise/ noise/rain/a.wav is rain.
        """;

    public static Command Create(Terminal terminal)
    {
        var sources = new Argument<string[]>("manifest or folders")
        {
            Description = "A manifest ending in .csv, or folders of speech.",
            Arity = ArgumentArity.OneOrMore
        };
        var noise = new Option<string[]>("--noise")
        {
            Description = "Folders of noise without speech.", Recursive = true,
            AllowMultipleArgumentsPerToken = true
        };
        var snrs = new Option<double[]>("--snr")
        {
            Description = "SNRs in dB to mix speech and noise at.", Recursive = true,
            AllowMultipleArgumentsPerToken = true
        };
        var channel = new Option<ChannelKind>("--channel")
        {
            Description = "What lies between voices and recordings: see nrser evaluate --help.", Recursive = true,
        }.OnlyNames();
        var format = new Option<ReportWriter.Format>("--format") { Description = "Text, Markdown or Json.", Recursive = true }.OnlyNames();
        var json = new Option<bool>("--json") { Description = "Short for --format Json.", Recursive = true };
        var charts = new Option<DirectoryInfo?>("--charts") { Description = "Folder to draw charts into, as PNG.", Recursive = true };
        var seed = new Option<int>("--seed") { Description = "Of the bootstrap.", Recursive = true, DefaultValueFactory = _ => 1 };
        var arms = new Option<FileInfo?>("--arms")
        {
            Description =
                $"A catalogue with an emotion model for each arm, named {string.Join(", ", AblationArm.Names)}; without it all share the default.",
        };

        Command Kind(string name, string description, IReadOnlyList<double> defaultSnrsDb,
            Func<ParseResult, Experiment, Action<double>, CancellationToken, Task<Report>> run, params KeyValuePair<string, string?>[] settings)
        {
            var command = new Command(name, description) { sources };
            command.Run(terminal, async (parsed, cancellationToken) =>
            {
                await using ServiceProvider services = CliServices.Method(terminal, settings);
                EvaluationSet set = EvaluationSet.Load(parsed.GetRequiredValue(sources), parsed.GetValue(noise) ?? []);
                double[] chosen = parsed.GetValue(snrs) is { Length: > 0 } given ? given : [.. defaultSnrsDb];
                double[] mixable = set.Noise.Count > 0 ? [.. chosen.Order()] : [];
                if (set.Noise.Count == 0 && parsed.GetValue(snrs) is { Length: > 0 })
                    throw new UsageException("--snr needs noise to mix: rows with noisePath alone, or --noise <folder>.");
                var experiment = new Experiment(
                    services.GetRequiredService<ModelSet>(), services.GetRequiredService<SpeechReconstituter>(),
                    services.GetRequiredService<IEmotionClassifier>(), services.GetRequiredService<AudioDecoder>())
                {
                    Set = set, SnrsDb = mixable, Seed = parsed.GetValue(seed), Channel = new Channel(parsed.GetValue(channel)),
                };
                Report report = await terminal.WithProgressAsync(name, progress => run(parsed, experiment, progress, cancellationToken));
                ReportWriter.Print(terminal, report, parsed.GetValue(json) ? ReportWriter.Format.Json : parsed.GetValue(format));
                if (parsed.GetValue(charts) is { } folder)
                    report.Draw(folder);
                return ExitCode.Success;
            });
            return command;
        }

        Command ablation = Kind(
            "ablation",
            "Original, enhanced, reconstituted and the best possible mix, from clean to noisy; and the paper's claims, each with a verdict.",
            AblationExperiment.DefaultSnrsDb, (parsed, experiment, progress, cancellationToken) =>
                AblationExperiment.RunAsync(experiment, parsed.GetValue(arms), progress, cancellationToken));
        ablation.Add(arms);
        return new Command("evaluate", $"Measures the method on labelled recordings.\n{IntervalHelp}\n{ChannelHelp}\n{ManifestHelp}")
        {
            Kind("snr", "Clean speech against noise by threshold, S by SNR and noise, corpora by S.", SnrExperiment.DefaultSnrsDb,
                (_, experiment, progress, cancellationToken) => SnrExperiment.RunAsync(experiment, progress, cancellationToken)),
            Kind("enhancement", "SI-SDR and STOI before and after, by SNR and noise.", EnhancementExperiment.DefaultSnrsDb,
                (_, experiment, progress, cancellationToken) => EnhancementExperiment.RunAsync(experiment, progress, cancellationToken)),
            Kind("emotion", "UAR, macro-F1, calibration, confusion and CCC; with noise also at the SNRs given.", [],
                (_, experiment, progress, cancellationToken) => EmotionExperiment.RunAsync(experiment, progress, cancellationToken)),
            Kind("cascade",
                "What NrSer__Models__Cascade saves of the chosen enhancer's work, in recordings and archives of different cleanliness, and what it "
                + "changes of S, emotions and recall.",
                CascadeExperiment.DefaultSnrsDb, (_, experiment, progress, cancellationToken) =>
                    CascadeExperiment.RunAsync(experiment, progress, cancellationToken),
                KeyValuePair.Create($"{ModelOptions.Section}:{nameof(ModelOptions.Cascade)}", (string?)"true")),
            ablation,
            noise, snrs, channel, format, json, charts, seed,
        };
    }
}
