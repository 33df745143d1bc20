using NrSer.Core.Audio.Input;

namespace NrSer.Core.Tests.Audio.Ffmpeg;

public sealed class FfmpegFormatTests
{
    private const string NoArguments = "";

    /// <summary>Extension, encoder, arguments, name, rate of the output.</summary>
    public static TheoryData<string, string, string, string, int> Recordings => new()
    {
        { "flac", "flac", NoArguments, "flac", 16_000 },
        { "mp3", "libmp3lame", NoArguments, "mp3", 16_000 },
        { "ogg", "libvorbis", NoArguments, "ogg", 16_000 },
        { "ogg", "libopus", NoArguments, "ogg", 48_000 },
        { "webm", "libopus", NoArguments, "webm", 48_000 },
        { "m4a", "aac", NoArguments, "mp4", 16_000 }, // the index is last
        { "m4a", "aac", "-movflags +faststart", "mp4", 16_000 },
        { "wma", "wmav2", NoArguments, "wma", 16_000 },
        { "aiff", "pcm_s16be", NoArguments, "aiff", 16_000 },
        { "wav", "adpcm_ms", NoArguments, "wav", 16_000 },
        { "aac", "aac", NoArguments, "aac", 16_000 },
        { "au", "pcm_mulaw", NoArguments, "au", 16_000 },
        { "caf", "pcm_s16be", NoArguments, "caf", 16_000 },
        { "w64", "pcm_s16le", NoArguments, "w64", 16_000 },
        { "ts", "mp2", NoArguments, "mpegts", 16_000 },
        { "avi", "libmp3lame", NoArguments, "avi", 16_000 },
        { "flv", "libmp3lame", "-ar 22050", "flv", 22_050 },
        { "ac3", "ac3", "-ar 48000", "ac3", 48_000 },
        { "eac3", "eac3", "-ar 48000", "eac3", 48_000 },
        { "dts", "dca", "-ar 48000 -strict -2", "dts", 48_000 },
        { "wv", "wavpack", NoArguments, "wavpack", 16_000 },
        { "tta", "tta", NoArguments, "tta", 16_000 },
        { "voc", "pcm_u8", "-ar 20000", "voc", 20_000 },
        { "amr", "libopencore_amrnb", "-ar 8000", "amr", 8_000 },
    };

    [Theory]
    [MemberData(nameof(Recordings))]
    public async Task ReadAsync_RealRecording_GivesTheTone(string extension, string encoder, string arguments, string name, int rateHz)
    {
        byte[] file = await EncodeAsync(extension, encoder, arguments);
        (AudioFormat format, float[] samples) = await Reading.DecodeAsync(file);
        Assert.Equal(new AudioFormat(rateHz, 1, name), format);

        // Codecs pad to whole frames; the longest here has 2048 samples at 16 kHz, and WMA drops one.
        Assert.InRange((double)samples.Length / rateHz, 1.5 - 0.15, 1.5 + 0.15);
        Assert.Equal(0.125, ToneAmplitude(samples.AsSpan(rateHz / 2, rateHz / 2), rateHz), 0.01);
    }

    [Theory]
    [InlineData("flac", "flac", NoArguments)]
    [InlineData("mp3", "libmp3lame", NoArguments)]
    [InlineData("ogg", "libvorbis", NoArguments)]
    [InlineData("ogg", "libopus", NoArguments)]
    [InlineData("webm", "libopus", NoArguments)]
    [InlineData("m4a", "aac", NoArguments)]
    [InlineData("m4a", "aac", "-movflags +faststart")]
    [InlineData("wma", "wmav2", NoArguments)]
    [InlineData("aiff", "pcm_s16be", NoArguments)]
    [InlineData("wav", "adpcm_ms", NoArguments)]
    [InlineData("aac", "aac", NoArguments)]
    [InlineData("au", "pcm_mulaw", NoArguments)]
    [InlineData("caf", "pcm_s16be", NoArguments)]
    [InlineData("w64", "pcm_s16le", NoArguments)]
    [InlineData("avi", "libmp3lame", NoArguments)]
    [InlineData("ac3", "ac3", "-ar 48000")]
    [InlineData("wv", "wavpack", NoArguments)]
    [InlineData("tta", "tta", NoArguments)]
    public async Task ReadAsync_CutOff_IsRefused(string extension, string encoder, string arguments)
    {
        byte[] file = await EncodeAsync(extension, encoder, arguments);
        await Task.WhenAll(AssertRefusedAsync(file[..(int)(0.612 * file.Length)]), AssertRefusedAsync(file[..(int)(0.97 * file.Length)]));
    }

    [Fact]
    public async Task ReadAsync_CutOffSphere_IsRefused()
    {
        byte[] file = await File.ReadAllBytesAsync(Path.Combine(AppContext.BaseDirectory, "Audio", "Cases", "F42_nist.sph"), Reading.Token);
        await AssertRefusedAsync(file[..^2]);
    }

    private static Task<byte[]> EncodeAsync(string extension, string encoder, string arguments) =>
        FfmpegEncoder.EncodeToneAsync(extension, encoder, arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries));

    private static async Task AssertRefusedAsync(byte[] file)
    {
        InvalidAudioException exception = await Assert.ThrowsAsync<InvalidAudioException>(() => Reading.DecodeAsync(file));
        Assert.Matches("cut off|no index", exception.Reason);
        Assert.DoesNotMatch("0x|/tmp|pipe:", exception.Reason);
    }

    private static double ToneAmplitude(ReadOnlySpan<float> samples, int rateHz)
    {
        double sine = 0;
        double cosine = 0;
        for (int n = 0; n < samples.Length; n++)
        {
            sine += samples[n] * Math.Sin(2 * Math.PI * 440 * n / rateHz);
            cosine += samples[n] * Math.Cos(2 * Math.PI * 440 * n / rateHz);
        }

        return 2 * Math.Sqrt((sine * sine) + (cosine * cosine)) / samples.Length;
    }
}
