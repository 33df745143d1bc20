using System.Buffers.Binary;
using CliWrap.Buffered;
using NrSer.Core.Audio.Input;
using NrSer.Core.Audio.Wav;

namespace NrSer.Cli.Tests.Processes;

/// <summary>Recordings to work on: the samples that come with the command, and what can be made of them.</summary>
internal static class SampleFiles
{
    private const int HeaderBytes = 44;
    private const int BytesPerSecond = 2 * 16000;

    /// <summary>Clean speech, 9 s.</summary>
    public static string Clean => Sample("clean.wav");

    /// <summary>The same with noise.</summary>
    public static string Noisy => Sample("noisy.wav");

    /// <summary>Only noise.</summary>
    public static string NoiseOnly => Sample("noise-only.wav");

    /// <summary>Samples one after the other, again and again: 16 kHz mono PCM.</summary>
    /// <param name="seconds">Length.</param>
    /// <param name="samples">Full paths of samples.</param>
    public static byte[] Concatenated(double seconds, params string[] samples)
    {
        byte[][] parts = [.. samples.Select(path => File.ReadAllBytes(path)[HeaderBytes..])];
        byte[] pcm = new byte[(int)(seconds * 16000) * 2];
        int filled = 0;
        for (int i = 0; filled < pcm.Length; i++)
        {
            byte[] part = parts[i % parts.Length];
            int count = Math.Min(part.Length, pcm.Length - filled);
            part.AsSpan(0, count).CopyTo(pcm.AsSpan(filled));
            filled += count;
        }

        byte[] wav = [.. Header(pcm.Length), .. pcm];
        return wav;
    }

    /// <summary>The noisy sample as ffmpeg encodes it.</summary>
    /// <param name="path">Its extension decides about the format.</param>
    /// <param name="options">More output options.</param>
    public static async Task EncodeAsync(string path, params string[] options) => await CliWrap.Cli.Wrap("ffmpeg")
        .WithArguments(["-nostdin", "-v", "error", "-i", Noisy, .. options, path])
        .ExecuteBufferedAsync(TestContext.Current.CancellationToken);

    /// <summary>Format and length of a WAVE file whose samples are all numbers.</summary>
    public static async Task<(AudioFormat Format, int Frames)> ReadAsync(string path)
    {
        await using FileStream file = File.OpenRead(path);
        await using WavReader reader = await WavReader.OpenAsync(
            file, new AudioOptions(), TestContext.Current.CancellationToken);
        var block = new float[4096];
        int frames = 0, read;
        while ((read = await reader.ReadAsync(block, TestContext.Current.CancellationToken)) > 0)
        {
            Assert.All(block.AsSpan(0, read).ToArray(), sample => Assert.True(float.IsFinite(sample)));
            frames += read / reader.Format.Channels;
        }

        return (reader.Format, frames);
    }

    private static string Sample(string name) => Path.Combine(AppContext.BaseDirectory, "samples", name);

    private static byte[] Header(int dataBytes)
    {
        byte[] header = new byte[HeaderBytes];
        "RIFF"u8.CopyTo(header);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(4), HeaderBytes - 8 + dataBytes);
        "WAVEfmt "u8.CopyTo(header.AsSpan(8));
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(16), 16);
        BinaryPrimitives.WriteInt16LittleEndian(header.AsSpan(20), 1);
        BinaryPrimitives.WriteInt16LittleEndian(header.AsSpan(22), 1);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(24), 16000);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(28), BytesPerSecond);
        BinaryPrimitives.WriteInt16LittleEndian(header.AsSpan(32), 2);
        BinaryPrimitives.WriteInt16LittleEndian(header.AsSpan(34), 16);
        "data"u8.CopyTo(header.AsSpan(36));
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(40), dataBytes);
        return header;
    }
}
