using System.CommandLine;
using CommunityToolkit.HighPerformance.Buffers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using NrSer.Cli.Output;
using NrSer.Core.Audio;
using NrSer.Core.Audio.Wav;
using NrSer.Core.Enhancement;
using NrSer.Core.Reconstitution;
using NrSer.Core.Segmentation;

namespace NrSer.Cli.Commands;

/// <summary><c>nrser enhance</c>: writes x̂ or y of one file.</summary>
internal static class EnhanceCommand
{
    private enum Mode
    {
        Enhanced,
        Reconstituted,
    }

    public static Command Create(Terminal terminal)
    {
        var input = new Argument<FileInfo>("in") { Description = "A recording in any format that analyze reads." };
        var output = new Argument<FileInfo>("out.wav") { Description = "Receives 16 kHz mono float WAV, exactly as long as the input." };
        var mode = new Option<Mode>("--mode")
        {
            Description =
                "Enhanced: what the network makes of it. Reconstituted: mixed with the original by its score, as emotion recognition hears it.",
            DefaultValueFactory = _ => Mode.Enhanced,
        }.OnlyNames();
        var command = new Command("enhance", "Writes the enhanced or reconstituted speech of one recording.") { input, output, mode };
        var options = new RecordingOptions();
        options.AddTo(command);
        command.Run(terminal, async (parsed, cancellationToken) =>
        {
            FileInfo source = parsed.GetRequiredValue(input), target = parsed.GetRequiredValue(output);
            if (source.FullName == target.FullName)
                throw new UsageException($"{target} would be overwritten by its own enhancement. Name another file to write.");
            await using RecordingFile recording = await options.OpenAsync(source, parsed, cancellationToken);
            await using ServiceProvider services = CliServices.Method(terminal);
            await terminal.WithProgressAsync(
                recording.Name, progress => EnhanceAsync(terminal, services, recording, target, parsed.GetValue(mode), progress, cancellationToken));
            return ExitCode.Success;
        });
        return command;
    }

    private static async Task<long> EnhanceAsync(
        Terminal terminal, ServiceProvider services, RecordingFile source, FileInfo target, Mode mode, Action<double> progress,
        CancellationToken cancellationToken)
    {
        SpeechReconstituter reconstituter = services.GetRequiredService<SpeechReconstituter>();
        ISpeechEnhancer enhancer = services.GetRequiredService<ISpeechEnhancer>();
        await using SpeechReader speech = await SpeechReader.OpenAsync(
            services.GetRequiredService<AudioDecoder>(), source.Content, source.Hints, ChannelMode.Mix, cancellationToken);
        var reader = new ChunkReader(speech, services.GetRequiredService<IOptions<SegmentationOptions>>().Value);

        await using var unfinished = new UnfinishedFile(target);
        if (!unfinished.Content.CanSeek)
            throw new UsageException($"{target} is a pipe; a WAV file states its length at the front, which is known at the end only. Name a file.");
        var writer = new WavWriter(unfinished.Content, WavSampleFormat.IeeeFloat, SegmentGrid.SampleRateHz, channels: 1);
        await foreach (AudioChunk chunk in reader.ReadAsync(cancellationToken))
        {
            if (mode == Mode.Reconstituted)
            {
                using ReconstitutedChunk mixed = reconstituter.Reconstitute(chunk.Samples, wholeAsOne: false, cancellationToken);
                await writer.WriteAsync(mixed.Audio, cancellationToken);
            }
            else
            {
                using MemoryOwner<float> enhanced = ChunkMemory.Rent(chunk.Samples.Length);
                enhancer.Enhance(chunk.Samples, enhanced.Memory, cancellationToken);
                await writer.WriteAsync(enhanced.Memory, cancellationToken);
            }

            progress(source.ShareRead);
        }

        terminal.Warn(source.Label, speech);
        await writer.CompleteAsync(cancellationToken);
        await unfinished.FinishAsync();
        return reader.SamplesRead;
    }
}
