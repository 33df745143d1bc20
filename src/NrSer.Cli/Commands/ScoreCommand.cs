using System.CommandLine;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using NrSer.Cli.Output;
using NrSer.Core.Audio;
using NrSer.Core.Audio.Ffmpeg;
using NrSer.Core.Audio.Input;
using NrSer.Core.Reconstitution;
using NrSer.Core.Segmentation;

namespace NrSer.Cli.Commands;

/// <summary><c>nrser score</c>: how clean recordings are.</summary>
internal static class ScoreCommand
{
    private const int ScoredSeconds = 30;

    public static Command Create(Terminal terminal)
    {
        var files =
            new Argument<FileInfo[]>("files") { Description = "Recordings in any format that analyze reads.", Arity = ArgumentArity.OneOrMore };
        var segments = new Option<bool>("--segments") { Description = "One line per segment of the whole file instead of one per file." };
        var command = new Command(
            "score",
            $"Prints one JSON line per recording: how clean its first {ScoredSeconds} s are (near 0 noise only, near 1 clean) and whether they "
            + "hold speech.")
        {
            files, segments,
        };
        var options = new RecordingOptions();
        options.AddTo(command);
        command.Add(new Option<bool>("--json") { Description = "Has no effect: the output is JSON anyway. Scripts may say it to every command." });
        command.Run(terminal, async (parsed, cancellationToken) =>
        {
            await using ServiceProvider services = CliServices.Method(terminal);
            int exitCode = ExitCode.Success;
            foreach (FileInfo file in parsed.GetRequiredValue(files))
            {
                try
                {
                    await using RecordingFile recording = await options.OpenAsync(file, parsed, cancellationToken);
                    await ScoreAsync(terminal, services, recording, parsed.GetValue(segments), cancellationToken);
                }
                catch (Exception error) when (
                    error is InvalidAudioException or UsageException or IOException or UnauthorizedAccessException or FfmpegMissingException
                    && CommandRun.Explain(error) is { } explained)
                {
                    terminal.Error(explained.Message); // the others still get their scores
                    exitCode = Math.Max(exitCode, explained.ExitCode);
                }
            }

            return exitCode;
        });
        return command;
    }

    private static async Task ScoreAsync(
        Terminal terminal, ServiceProvider services, RecordingFile recording, bool timeline, CancellationToken cancellationToken)
    {
        SpeechReconstituter reconstituter = services.GetRequiredService<SpeechReconstituter>();
        await using SpeechReader speech = await SpeechReader.OpenAsync(
            services.GetRequiredService<AudioDecoder>(), recording.Content, recording.Hints, ChannelMode.Mix, cancellationToken);
        var reader = new ChunkReader(speech, services.GetRequiredService<IOptions<SegmentationOptions>>().Value);
        await foreach (AudioChunk chunk in reader.ReadAsync(cancellationToken))
        {
            ReadOnlyMemory<float> samples = timeline ? chunk.Samples
                : chunk.Samples[..Math.Min(chunk.Samples.Length, ScoredSeconds * SegmentGrid.SampleRateHz)];
            using ReconstitutedChunk scored = reconstituter.Reconstitute(samples, wholeAsOne: !timeline, cancellationToken);
            foreach (ScoredSegment segment in scored.Segments)
            {
                double start = (chunk.StartSample + segment.Span.StartSample) / (double)SegmentGrid.SampleRateHz;
                terminal.Out.WriteLine(timeline
                    ? JsonSerializer.Serialize(
                        new ScoreTimelineV1(recording.Label, start, start + (segment.Span.Samples / (double)SegmentGrid.SampleRateHz),
                            segment.Score.Value, segment.IsSpeech),
                        CliLineJsonContext.Default.ScoreTimelineV1)
                    : JsonSerializer.Serialize(new ScoreV1(recording.Label, segment.Score.Value, segment.IsSpeech),
                        CliLineJsonContext.Default.ScoreV1));
            }

            if (!timeline)
                break;
        }

        terminal.Warn(recording.Label, speech);
    }
}
