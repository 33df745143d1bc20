using BenchmarkDotNet.Attributes;
using CliWrap;
using NrSer.Core.Audio;
using NrSer.Core.Audio.Input;
using NrSer.Core.Audio.Wav;

namespace NrSer.Benchmarks;

/// <summary>A recording from its bytes to 16 kHz: WAV by our own reader, MP3 by ffmpeg in its sandbox.</summary>
[Config(typeof(AudioBenchmarkConfig))]
public class ReadingBenchmarks
{
    private const int SourceRateHz = 44_100;
    private const int Channels = 2;
    private const int Pieces = 60; // ten minutes at once, or the start of ffmpeg would be all that is seen

    private readonly AudioDecoder _decoder = new(new AudioOptions());
    private readonly float[] _room = new float[SpeechReader.SampleRateHz];
    private byte[] _file = [];

    /// <summary>How the recording is stored.</summary>
    [Params("wav", "mp3")]
    public string Format { get; set; } = "wav";

    /// <summary>Makes the recording: stereo at 44.1 kHz, 16 bits or 128 kbit/s.</summary>
    [GlobalSetup]
    public async Task SetUp()
    {
        float[] samples = Noise.Create(Pieces * RealTimeFactorColumn.AudioSeconds * SourceRateHz * Channels, 7);
        using var wav = new MemoryStream();
        var writer = new WavWriter(wav, WavSampleFormat.Pcm16, SourceRateHz, Channels, samples.Length / Channels);
        await writer.WriteAsync(samples, CancellationToken.None);
        await writer.CompleteAsync(CancellationToken.None);
        _file = Format == "wav" ? wav.ToArray() : await EncodeAsync(wav.ToArray(), Format);
    }

    /// <summary>Reads it to its end.</summary>
    [Benchmark(OperationsPerInvoke = Pieces)]
    public async Task<long> Read()
    {
        using var content = new MemoryStream(_file);
        await using SpeechReader reader =
            await SpeechReader.OpenAsync(_decoder, content, RecordingHints.None, ChannelMode.Mix, CancellationToken.None);
        long total = 0;
        for (int count; (count = await reader.ReadAsync(_room, CancellationToken.None)) > 0;)
            total += count;
        return total;
    }

    private static async Task<byte[]> EncodeAsync(byte[] wav, string format)
    {
        using var encoded = new MemoryStream();
        await Cli.Wrap("ffmpeg")
            .WithArguments(["-v", "error", "-f", "wav", "-i", "pipe:0", "-b:a", "128k", "-f", format, "pipe:1"])
            .WithStandardInputPipe(PipeSource.FromBytes(wav))
            .WithStandardOutputPipe(PipeTarget.ToStream(encoded))
            .ExecuteAsync();
        return encoded.ToArray();
    }
}
