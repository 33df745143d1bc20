using System.CommandLine;
using System.Diagnostics;
using System.Text.Json;
using CommunityToolkit.HighPerformance.Buffers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using NrSer.Cli.Output;
using NrSer.Core.Audio;
using NrSer.Core.Emotion;
using NrSer.Core.Models;
using NrSer.Core.Reconstitution;
using NrSer.Core.Segmentation;
using Spectre.Console;

namespace NrSer.Cli.Commands;

/// <summary><c>nrser bench</c>: where the time goes.</summary>
internal static class BenchCommand
{
    private const double MiB = 1 << 20;
    private const string Used = "used", Embedded = "embedded", Full = "full";
    private const string Enhance = "enhance", Score = "score", Recognise = "recognise"; // the stages that have a model each

    public static Command Create(Terminal terminal)
    {
        var file = new Argument<FileInfo?>("file")
        {
            Description = "A recording; without it, the clean sample over and over.", Arity = ArgumentArity.ZeroOrOne,
        };
        var minutes = new Option<double>("--minutes") { Description = "Audio to run through.", DefaultValueFactory = _ => 10 }.OnlyWithin(0.1, 600);
        var models = new Option<string>("--models")
        {
            Description =
                "The models in use, those that come with NrSer, or the largest of each kind that belong together (installed CMGAN, HuBERT).",
            DefaultValueFactory = _ => Used,
        }.AcceptOnlyFromAmong(Used, Embedded, Full);
        var threads =
            new Option<int>("--threads") { Description = "Threads at work.", DefaultValueFactory = _ => 1 }.OnlyWithin(1, Environment.ProcessorCount);
        var json = new Option<bool>("--json") { Description = "Print JSON." };
        var command = new Command(
            "bench",
            "Measures the real-time factor of every stage and model, hours of audio per core-hour, the time outside the networks and the memory. "
            + "Every segment counts as speech.")
        {
            file, minutes, models, threads, json,
        };
        command.Run(terminal, async (parsed, cancellationToken) =>
        {
            await using ServiceProvider services = CliServices.Method(terminal, [
                Setting(nameof(ModelOptions.Threads), $"{parsed.GetValue(threads)}"), .. Chosen(terminal, parsed.GetRequiredValue(models)),
            ]);
            FileInfo recording = parsed.GetValue(file) ?? new FileInfo(Path.Combine(AppContext.BaseDirectory, "samples", "clean.wav"));
            BenchReportV2 report = await terminal.WithProgressAsync(
                "bench", progress => MeasureAsync(services, recording, TimeSpan.FromMinutes(parsed.GetValue(minutes)), progress, cancellationToken));
            if (parsed.GetValue(json))
                terminal.Out.WriteLine(JsonSerializer.Serialize(report, CliJsonContext.Default.BenchReportV2));
            else
                Show(terminal, report);
            return ExitCode.Success;
        });
        return command;
    }

    /// <summary>Settings that choose models of another size than those in use.</summary>
    private static KeyValuePair<string, string?>[] Chosen(Terminal terminal, string size)
    {
        if (size == Embedded)
            return [Setting(nameof(ModelOptions.InstalledPath), null), .. Enum.GetNames<ModelKind>().Select(kind => Setting(kind, null))];
        if (size == Used)
            return [];
        using ServiceProvider services = CliServices.Method(terminal);
        ModelOptions options = services.GetRequiredService<IOptions<ModelOptions>>().Value;
        ModelCatalog catalog = ModelCatalog.Load(options.CatalogPath, options.InstalledPath);
        ModelEntry[] largest = Largest(catalog, SizeOf);
        return largest.Any(entry => catalog.IsInstalled(entry))
            ? [.. largest.Select(entry => Setting($"{entry.Kind}", entry.Name))]
            : throw new UsageException(
                "No model is installed that is larger than NrSer's own. Convert public checkpoints with models/export, then: nrser models add");

        long SizeOf(ModelEntry entry) => new[] { catalog.FileOf(entry), catalog.WeightsOf(entry) }.OfType<string>().Select(path => new FileInfo(path))
            .Sum(file => file.Exists ? file.Length : 0);
    }

    /// <summary>The largest model of each kind; of SNR-level blocks, the largest that belongs to the enhancer.</summary>
    internal static ModelEntry[] Largest(ModelCatalog catalog, Func<ModelEntry, long> sizeOf)
    {
        ModelEntry Of(ModelKind kind) => catalog.Models.Where(entry => entry.Kind == kind).MaxBy(sizeOf)!;
        ModelEntry enhancer = Of(ModelKind.Enhancer);
        ModelEntry block = catalog.BlocksOf(enhancer).MaxBy(sizeOf) ?? throw new UsageException(
            $"No SNR-level block belongs to the largest enhancer, {enhancer.Id}, so that the two cannot be measured together. Fit one: "
            + ModelCatalog.Fitting(enhancer));
        return [enhancer, block, Of(ModelKind.Emotion)];
    }

    /// <summary>Hours of audio that one core of this machine gets through, with the models in use.</summary>
    internal static async Task<double> SpeedAsync(Terminal terminal, TimeSpan length, Action<double> progress, CancellationToken cancellationToken)
    {
        await using ServiceProvider services = CliServices.Method(terminal, Setting(nameof(ModelOptions.Threads), "1"));
        var recording = new FileInfo(Path.Combine(AppContext.BaseDirectory, "samples", "clean.wav"));
        return (await MeasureAsync(services, recording, length, progress, cancellationToken)).AudioHoursPerCoreHour;
    }

    private static KeyValuePair<string, string?> Setting(string name, string? value) => KeyValuePair.Create($"{ModelOptions.Section}:{name}", value);

    private static async Task<BenchReportV2> MeasureAsync(
        ServiceProvider services, FileInfo recording, TimeSpan length, Action<double> progress, CancellationToken cancellationToken)
    {
        ModelSet models = services.GetRequiredService<ModelSet>();
        SegmentationOptions segmentation = services.GetRequiredService<IOptions<SegmentationOptions>>().Value;
        AudioDecoder decoder = services.GetRequiredService<AudioDecoder>();
        var grown = new Dictionary<string, long>(StringComparer.Ordinal); // bytes, on behalf of a model
        _ = models.SnrLevel; // small as it is, it pays for the runtime's own memory
        OnnxModel[] loaded = [
            Load(models.EnhancerEntry, () => models.Enhancer), Load(models.SnrLevelEntry, () => models.SnrLevel),
            Load(models.EmotionEntry, () => models.Emotion),
            .. models.Screen is not { } screen ? Array.Empty<OnnxModel>()
                : [Load(screen.Enhancer, () => models.ScreenEnhancer), Load(screen.SnrLevel, () => models.ScreenSnrLevel)],
        ];
        var heaviest = new Dictionary<string, string>(StringComparer.Ordinal) // whose first run a stage's growth is
        {
            [Enhance] = (models.Screen?.Enhancer ?? models.EnhancerEntry).Id, [Recognise] = models.EmotionEntry.Id,
            [Score] = (models.Screen is null ? models.SnrLevelEntry : models.EnhancerEntry).Id,
        };
        TimeSpan[] before = [.. loaded.Select(_ => TimeSpan.Zero)];
        SpeechReconstituter reconstituter = services.GetRequiredService<SpeechReconstituter>();
        SegmentEmotionRecognizer recognizer = services.GetRequiredService<SegmentEmotionRecognizer>();

        var stages = new Dictionary<string, (TimeSpan Time, TimeSpan Inference)>(StringComparer.Ordinal);
        double audioSeconds = 0, leftSeconds = 0;
        using var material = new ChunkCutter(new SegmentationOptions { MaxChunk = length < segmentation.MaxChunk ? length : segmentation.MaxChunk });
        bool warm = false;
        while (audioSeconds < length.TotalSeconds)
        {
            cancellationToken.ThrowIfCancellationRequested();
            while (!material.IsFull)
                await Measure("decode", async () => await FillAsync(decoder, recording, material, cancellationToken));
            ReadOnlyMemory<float> chunk = material.Peek();
            using MemoryOwner<float> audio = ChunkMemory.Rent(chunk.Length);
            ScoredSegment[] segments = [];
            await Measure(Enhance, () => Now(() => reconstituter.Enhance(chunk, audio.Memory, cancellationToken)));
            await Measure(Score, () => Now(() => segments = reconstituter.Score(chunk, audio.Memory, wholeAsOne: false, cancellationToken)));
            await Measure("mix", () => Now(() => reconstituter.Blend(chunk.Span, audio.Span, segments)));
            double left = segments.Where(segment => !segment.IsScreened).Sum(segment => segment.Span.Samples) / (double)SegmentGrid.SampleRateHz;
            segments = [.. segments.Select(segment => segment with { IsSpeech = true })]; // the emotion model is to hear everything
            await Measure(Recognise, () => Now(() => recognizer.Recognize(audio.Memory, segments, cancellationToken)));
            material.Drop(chunk.Length);
            if (!warm)
            {
                warm = true;
                before = [.. loaded.Select(model => model.InferenceTime)];
                stages.Clear(); // the first chunk pays for compilation and first touches
                continue;
            }

            audioSeconds += chunk.Length / (double)SegmentGrid.SampleRateHz;
            leftSeconds += left;
            progress(audioSeconds / length.TotalSeconds);
        }

        int threads = models.Options.EffectiveThreads;
        TimeSpan total = stages.Values.Aggregate(TimeSpan.Zero, (sum, stage) => sum + stage.Time);
        TimeSpan inference = stages.Values.Aggregate(TimeSpan.Zero, (sum, stage) => sum + stage.Inference) / threads; // if all were always at it
        using var self = Process.GetCurrentProcess();
        return new BenchReportV2(
            audioSeconds, threads,
            [.. stages.Select(stage => new BenchStageV1(
                stage.Key, stage.Value.Time.TotalSeconds, stage.Value.Time.TotalSeconds / audioSeconds, stage.Value.Inference.TotalSeconds))],
            [.. loaded.Select(Model)],
            (total - inference).TotalSeconds / audioSeconds, total.TotalSeconds / audioSeconds, total / inference,
            audioSeconds / (total.TotalSeconds * threads), self.PeakWorkingSet64 / MiB,
            models.Screen is null ? null : leftSeconds / audioSeconds);

        OnnxModel Load(ModelEntry entry, Func<OnnxModel> load)
        {
            long resident = ResidentBytes();
            OnnxModel model = load();
            grown[entry.Id] = ResidentBytes() - resident;
            return model;
        }

        BenchModelV1 Model(OnnxModel model, int number)
        {
            double seconds = (model.InferenceTime - before[number]).TotalSeconds;
            return new BenchModelV1(model.Entry.Id, seconds / audioSeconds, audioSeconds / seconds, grown[model.Entry.Id] / MiB);
        }

        async Task Measure(string stage, Func<Task> work)
        {
            TimeSpan inferenceBefore = models.InferenceTime;
            long memoryBefore = warm ? 0 : ResidentBytes(), begun = Stopwatch.GetTimestamp();
            await work();
            (TimeSpan time, TimeSpan inside) = stages.GetValueOrDefault(stage);
            stages[stage] = (time + Stopwatch.GetElapsedTime(begun), inside + (models.InferenceTime - inferenceBefore));
            if (!warm && heaviest.TryGetValue(stage, out string? id))
                grown[id] += ResidentBytes() - memoryBefore;
        }

        static long ResidentBytes()
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true); // a file that was read is no model's memory
            return Environment.WorkingSet;
        }

        static Task Now(Action work)
        {
            work();
            return Task.CompletedTask;
        }
    }

    /// <summary>Appends the recording once, or as much of it as fits.</summary>
    private static async Task FillAsync(AudioDecoder decoder, FileInfo recording, ChunkCutter material, CancellationToken cancellationToken)
    {
        await using RecordingFile file = await RecordingFile.OpenAsync(recording, name: null, track: null, cancellationToken);
        await using SpeechReader speech = await SpeechReader.OpenAsync(decoder, file.Content, file.Hints, ChannelMode.Mix, cancellationToken);
        int read, samples = 0;
        while (!material.IsFull && (read = await speech.ReadAsync(material.Room, cancellationToken)) > 0)
        {
            material.Append(read);
            samples += read;
        }

        if (!material.IsFull && samples < SegmentGrid.ShortestSamples)
            throw new UsageException($"{recording} is shorter than 0.5 s: too short to be run through again and again.");
    }

    private static void Show(Terminal terminal, BenchReportV2 report)
    {
        var stages = new Table().AddColumns("Stage", "Time", "RTF", "in networks");
        foreach (BenchStageV1 stage in report.Stages)
            stages.AddRow(stage.Stage, $"{stage.Seconds:F2} s", $"{stage.Rtf:F5}", $"{stage.InferenceSeconds:F2} s");
        terminal.Data.Write(stages);
        var models = new Table().AddColumns("Model", "RTF", "audio per core-hour", "memory");
        foreach (BenchModelV1 model in report.Models)
            models.AddRow(Markup.Escape(model.Model), $"{model.Rtf:F5}", $"{model.AudioHoursPerCoreHour:F1} h", $"{model.MemoryMiB:F0} MiB");
        terminal.Data.Write(models);
        terminal.Data.MarkupInterpolated(
            $"{report.AudioSeconds:F0} s of audio, threads: {report.Threads}. RTF {report.TotalRtf:F4} in all, ");
        terminal.Data.MarkupLineInterpolated(
            $"{report.TotalToInference:F3} times that of the networks; {report.OutsideInferenceRtf:F5} outside them.");
        if (report.LeftToEnhancer is { } share)
            terminal.Data.MarkupLineInterpolated($"{share:P0} of the audio was left to {report.Models[0].Model}, the rest decided without it.");
        terminal.Data.MarkupLineInterpolated(
            $"{report.AudioHoursPerCoreHour:F1} h of audio per core-hour; peak memory {report.PeakMemoryMiB:F0} MiB");
    }
}
