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
    public static Command Create()
    {
        var file = new Argument<FileInfo?>("file")
        {
            Description = "A recording; without it, the clean sample over and over.", Arity = ArgumentArity.ZeroOrOne,
        };
        var minutes = new Option<double>("--minutes") { Description = "Audio to run through.", DefaultValueFactory = _ => 10 }.OnlyWithin(0.1, 600);
        var json = new Option<bool>("--json") { Description = "Print JSON." };
        var command = new Command(
            "bench", "Measures the real-time factor of every stage on one thread, the time outside the networks and the peak memory. At least 80 % of the audio must be speech.")
        {
            file, minutes, json,
        };
        command.Run(async (parsed, cancellationToken) =>
        {
            // One thread, so that the time inside the networks can be subtracted from the time of the stage.
            await using ServiceProvider services = CliServices.Method(KeyValuePair.Create("NrSer:Models:Threads", (string?)"1"));
            FileInfo recording = parsed.GetValue(file) ?? new FileInfo(Path.Combine(AppContext.BaseDirectory, "samples", "clean.wav"));
            BenchReportV1 report = await Terminal.WithProgressAsync(
                "bench", progress => MeasureAsync(services, recording, TimeSpan.FromMinutes(parsed.GetValue(minutes)), progress, cancellationToken));
            if (parsed.GetValue(json))
                Console.Out.WriteLine(JsonSerializer.Serialize(report, CliJsonContext.Default.BenchReportV1));
            else
                Show(report);
            return report.SpeechShare >= 0.8 ? ExitCode.Success : throw new UsageException($"Only {report.SpeechShare:P0} of the audio is speech: the emotion model had too little to do.");
        });
        return command;
    }

    private static async Task<BenchReportV1> MeasureAsync(
        ServiceProvider services, FileInfo recording, TimeSpan length, Action<double> progress, CancellationToken cancellationToken)
    {
        ModelSet models = services.GetRequiredService<ModelSet>();
        SpeechReconstituter reconstituter = services.GetRequiredService<SpeechReconstituter>();
        SegmentEmotionRecognizer recognizer = services.GetRequiredService<SegmentEmotionRecognizer>();
        AudioDecoder decoder = services.GetRequiredService<AudioDecoder>();
        SegmentationOptions segmentation = services.GetRequiredService<IOptions<SegmentationOptions>>().Value;
        _ = (models.Enhancer, models.SnrLevel, models.Emotion);

        var stages = new Dictionary<string, (TimeSpan Time, TimeSpan Inference)>(StringComparer.Ordinal);
        double audioSeconds = 0, speechSeconds = 0;
        using var material = new ChunkCutter(segmentation);
        bool warm = false;
        while (audioSeconds < length.TotalSeconds)
        {
            cancellationToken.ThrowIfCancellationRequested();
            while (!material.IsFull)
                await Measure("decode", async () => await FillAsync(decoder, recording, material, cancellationToken));
            ReadOnlyMemory<float> chunk = material.Peek();
            using MemoryOwner<float> audio = ChunkMemory.Rent(chunk.Length);
            ScoredSegment[] segments = [];
            await Measure("enhance", () => Now(() => reconstituter.Enhance(chunk, audio.Memory, cancellationToken)));
            await Measure("score", () => Now(() => segments = reconstituter.Score(chunk, audio.Memory, wholeAsOne: false, cancellationToken)));
            await Measure("mix", () => Now(() => reconstituter.Blend(chunk.Span, audio.Span, segments)));
            await Measure("recognise", () => Now(() => recognizer.Recognize(audio.Memory, segments, cancellationToken)));
            material.Drop(chunk.Length);
            if (!warm)
            {
                warm = true;
                stages.Clear(); // the first chunk pays for compilation and first touches
                continue;
            }

            audioSeconds += chunk.Length / (double)SegmentGrid.SampleRateHz;
            speechSeconds += segments.Where(segment => segment.IsSpeech).Sum(segment => segment.Span.Samples) / (double)SegmentGrid.SampleRateHz;
            progress(audioSeconds / length.TotalSeconds);
        }

        TimeSpan total = stages.Values.Aggregate(TimeSpan.Zero, (sum, stage) => sum + stage.Time);
        TimeSpan inference = stages.Values.Aggregate(TimeSpan.Zero, (sum, stage) => sum + stage.Inference);
        using var self = Process.GetCurrentProcess();
        return new BenchReportV1(
            audioSeconds, speechSeconds / audioSeconds, Threads: 1,
            [.. stages.Select(stage => new BenchStageV1(
                stage.Key, stage.Value.Time.TotalSeconds, stage.Value.Time.TotalSeconds / audioSeconds, stage.Value.Inference.TotalSeconds))],
            (total - inference).TotalSeconds / audioSeconds, total.TotalSeconds / audioSeconds, self.PeakWorkingSet64 / (double)(1 << 20));

        async Task Measure(string stage, Func<Task> work)
        {
            TimeSpan inferenceBefore = models.InferenceTime;
            long begun = Stopwatch.GetTimestamp();
            await work();
            (TimeSpan time, TimeSpan inside) = stages.GetValueOrDefault(stage);
            stages[stage] = (time + Stopwatch.GetElapsedTime(begun), inside + (models.InferenceTime - inferenceBefore));
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
        await using FileStream content = RecordingFile.Open(recording);
        await using var speech = new SpeechReader(await decoder.OpenAsync(content, cancellationToken), ChannelMode.Mix);
        int read, samples = 0;
        while (!material.IsFull && (read = await speech.ReadAsync(material.Room, cancellationToken)) > 0)
        {
            material.Append(read);
            samples += read;
        }

        if (!material.IsFull && samples < SegmentGrid.ShortestSamples)
            throw new UsageException($"{recording} is shorter than 0.5 s: too short to be run through again and again.");
    }

    private static void Show(BenchReportV1 report)
    {
        var table = new Table().AddColumns("Stage", "Time", "RTF", "in networks");
        foreach (BenchStageV1 stage in report.Stages)
            table.AddRow(stage.Stage, $"{stage.Seconds:F2} s", $"{stage.Rtf:F5}", $"{stage.InferenceSeconds:F2} s");
        Terminal.Data.Write(table);
        Terminal.Data.MarkupLineInterpolated(
            $"{report.AudioSeconds:F0} s of audio, {report.SpeechShare:P0} speech, one thread: RTF {report.TotalRtf:F4} in all, {report.OutsideInferenceRtf:F5} outside the networks; peak memory {report.PeakMemoryMiB:F0} MiB");
    }
}
