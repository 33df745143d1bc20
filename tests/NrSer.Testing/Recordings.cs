using System.Buffers.Binary;
using System.Globalization;
using NrSer.Core.Audio;
using NrSer.Core.Audio.Input;
using NrSer.Core.Audio.Wav;

namespace NrSer.Testing;

/// <summary>Recordings to take in. Speech is the sample that comes with the product; the rest is silence, which costs the models nothing.</summary>
public static class Recordings
{
    private const int SampleRateHz = SpeechReader.SampleRateHz;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>2.5 s of speech: one chunk.</summary>
    public static async Task<byte[]> SpeechAsync() => await WaveAsync(await SampleAsync());

    /// <summary>3 s of silence: one chunk without speech.</summary>
    public static async Task<byte[]> SilenceAsync() => await WaveAsync(new float[3 * SampleRateHz]);

    /// <summary>20 s: three chunks of at most 10 s, speech at the start of the first two, none in the last.</summary>
    public static async Task<byte[]> ThreeChunksAsync()
    {
        float[] speech = await SampleAsync();
        var samples = new float[20 * SampleRateHz];
        speech.CopyTo(samples, 0);
        speech.CopyTo(samples, 9 * SampleRateHz);
        return await WaveAsync(samples);
    }

    /// <summary>Recordings of one's own, by hand: those below <c>NRSER_RECORDINGS</c>, of so many the first as <c>NRSER_RECORDINGS_EVERY</c>
    /// says. Skips the test if no folder is named.</summary>
    /// <param name="isMeant">Tells by its extension whether it is one.</param>
    public static string[] OfFolder(Func<string, bool> isMeant)
    {
        string? folder = Environment.GetEnvironmentVariable("NRSER_RECORDINGS");
        Assert.SkipWhen(folder is null, "NRSER_RECORDINGS names no folder.");
        int every = int.Parse(Environment.GetEnvironmentVariable("NRSER_RECORDINGS_EVERY") ?? "1", CultureInfo.InvariantCulture);
        return [.. Directory.EnumerateFiles(folder!, "*", SearchOption.AllDirectories).Where(path => isMeant(Path.GetExtension(path)))
            .Order(StringComparer.Ordinal).Where((_, index) => index % every == 0)];
    }

    /// <summary>A WAVE file of floats.</summary>
    public static async Task<byte[]> WaveAsync(float[] samples)
    {
        using var file = new MemoryStream();
        var writer = new WavWriter(file, WavSampleFormat.IeeeFloat, SampleRateHz, channels: 1, samples.Length);
        await writer.WriteAsync(samples, Stop);
        await writer.CompleteAsync(Stop);
        return file.ToArray();
    }

    /// <summary>The samples of a mono WAVE file at 16 kHz.</summary>
    public static async Task<float[]> SamplesAsync(byte[] wave)
    {
        using var file = new MemoryStream(wave);
        await using WavReader reader = await WavReader.OpenAsync(file, new AudioOptions(), Stop);
        var samples = new float[wave.Length];
        int filled = 0, read;
        while ((read = await reader.ReadAsync(samples.AsMemory(filled), Stop)) > 0)
            filled += read;
        return samples[..filled];
    }

    /// <summary>16-bit AIFF, which goes through ffmpeg: quiet noise.</summary>
    /// <param name="channels">Any number.</param>
    /// <param name="seconds">Its length.</param>
    public static byte[] Aiff(int channels, int seconds)
    {
        byte[] sound = new byte[seconds * SampleRateHz * channels * 2];
        var random = new Random(1);
        for (int at = 0; at < sound.Length; at += 2)
            BinaryPrimitives.WriteInt16BigEndian(sound.AsSpan(at), (short)random.Next(-300, 300));
        byte[] rate = [0x40, 0x0C, 0xFA, 0, 0, 0, 0, 0, 0, 0]; // 16000 as an 80-bit float
        byte[] common =
            [.. "COMM"u8, .. BigEndian(18, 4), .. BigEndian(channels, 2), .. BigEndian(seconds * SampleRateHz, 4), .. BigEndian(16, 2), .. rate];
        byte[] content = [.. "AIFF"u8, .. common, .. "SSND"u8, .. BigEndian(sound.Length + 8, 4), .. new byte[8], .. sound];
        return [.. "FORM"u8, .. BigEndian(content.Length, 4), .. content];
    }

    private static async Task<float[]> SampleAsync() =>
        (await SamplesAsync(await File.ReadAllBytesAsync(Path.Combine(AppContext.BaseDirectory, "samples", "clean.wav"), Stop)))[..(
            5 * SampleRateHz / 2)];

    private static byte[] BigEndian(int value, int bytes)
    {
        byte[] four = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(four, value);
        return four[(4 - bytes)..];
    }
}
