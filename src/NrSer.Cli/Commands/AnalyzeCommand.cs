using System.CommandLine;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using NrSer.Cli.Output;
using NrSer.Core;
using NrSer.Core.Audio;
using NrSer.Core.Emotion;
using NrSer.Core.Models;
using NrSer.Core.Segmentation;
using NrSer.Pipeline.Results;

namespace NrSer.Cli.Commands;

/// <summary><c>nrser analyze</c>: the method on one file, without any storage.</summary>
internal static class AnalyzeCommand
{
    /// <summary>Longest file that can be one segment.</summary>
    private const int LongestWholeSeconds = 30;

    /// <summary>0.1 s: encoders round a length up to whole frames and add their delay.</summary>
    private const int PaddingSamples = SegmentGrid.SampleRateHz / 10;

    public static Command Create(Terminal terminal)
    {
        var file = new Argument<FileInfo>("file") { Description = "A recording, or - for standard input. The README lists the formats." };
        var whole = new Option<bool>("--whole") { Description = $"Take the file, up to {LongestWholeSeconds} s, as one segment." };
        var channels = new Option<ChannelMode>("--channels")
        {
            Description = "Mix all channels, or analyse each for itself (Separate).", DefaultValueFactory = _ => ChannelMode.Mix,
        }.OnlyNames();
        var command = new Command("analyze",
            "Prints emotions, scores and segments of one recording as JSON. Needs no storage; gives the rows that the pipeline gives.")
        {
            file, whole, channels,
        };
        var options = new RecordingOptions();
        options.AddTo(command);
        command.Add(new Option<bool>("--json") { Description = "Has no effect: the output is JSON anyway. Scripts may say it to every command." });
        command.Run(terminal, async (parsed, cancellationToken) =>
        {
            await using RecordingFile recording = await options.OpenAsync(parsed.GetRequiredValue(file), parsed, cancellationToken);
            // As one segment means as one chunk, whatever chunks are set to; a longer file shows as a longer chunk.
            bool asOne = parsed.GetValue(whole);
            await using ServiceProvider services = CliServices.Method(terminal,
                asOne ? [KeyValuePair.Create($"{SegmentationOptions.Section}:{nameof(SegmentationOptions.MaxChunk)}", (string?)"00:01:00")] : []);
            AnalysisV2 analysis = await terminal.WithProgressAsync(
                recording.Name,
                progress => AnalyzeAsync(terminal, services, recording, asOne, parsed.GetValue(channels), progress, cancellationToken));
            using Stream output = terminal.OpenOutput();
            await JsonSerializer.SerializeAsync(output, analysis, CliJsonContext.Default.AnalysisV2, cancellationToken);
            output.WriteByte((byte)'\n');
            return ExitCode.Success;
        });
        return command;
    }

    private static async Task<AnalysisV2> AnalyzeAsync(
        Terminal terminal, ServiceProvider services, RecordingFile recording, bool whole, ChannelMode channels, Action<double> progress,
        CancellationToken cancellationToken)
    {
        ModelNames names = ModelNames.Of(services.GetRequiredService<ModelSet>());
        NoiseRobustEmotionRecognizer recognizer = services.GetRequiredService<NoiseRobustEmotionRecognizer>();
        IReadOnlyList<string> labels = services.GetRequiredService<IEmotionClassifier>().Labels;
        SegmentationOptions segmentation = services.GetRequiredService<IOptions<SegmentationOptions>>().Value;

        await using var hashed = new HashedContent(recording.Content);
        await using SpeechReader speech = await SpeechReader.OpenAsync(
            services.GetRequiredService<AudioDecoder>(), hashed.Stream, recording.Hints, channels, cancellationToken);
        var reader = new ChunkReader(speech, segmentation);
        var segments = new List<Segment>();
        await foreach (AudioChunk chunk in reader.ReadAsync(cancellationToken))
        {
            if (whole && (chunk.Index > 0 || chunk.Samples.Length > (LongestWholeSeconds * SegmentGrid.SampleRateHz) + PaddingSamples))
                throw new UsageException($"--whole takes files of up to {LongestWholeSeconds} s; this one is longer. Leave it out to get segments.");
            segments.AddRange(recognizer.Recognize(chunk.Samples, whole, cancellationToken)
                .Select(segment => Segment.Of(segment, labels, chunk.Channel, chunk.StartSample, names)));
            progress(recording.ShareRead);
        }

        terminal.Warn(recording.Label, speech);
        string sha256 = await hashed.FinishAsync(cancellationToken);
        segments.Sort((a, b) => (a.Channel, a.StartSeconds).CompareTo((b.Channel, b.StartSeconds)));
        return new AnalysisV2(
            new AnalyzedRecording(recording.Name, new Recording { Id = default }.WithSound(speech, reader.SamplesRead, sha256)),
            names, segments);
    }
}
