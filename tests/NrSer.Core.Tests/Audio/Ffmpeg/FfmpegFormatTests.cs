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
        { "m2ts", "ac3", "-ar 48000", "mpegts", 48_000 }, // packets of 192 bytes
        { "gsm", "libgsm", "-ar 8000", "gsm", 8_000 },
        { "g722", "g722", NoArguments, "g722", 16_000 }, // by its name alone
    };

    [Theory]
    [MemberData(nameof(Recordings))]
    public async Task ReadAsync_RealRecording_GivesTheTone(string extension, string encoder, string arguments, string name, int rateHz)
    {
        byte[] file = await EncodeAsync(extension, encoder, arguments);
        (IAudioReader ended, float[] samples) = await Reading.DecodeWithReaderAsync(file, hints: new() { Name = $"tone.{extension}" });
        Assert.Equal(new AudioFormat(rateHz, 1, name), ended.Format);
        Assert.Empty(ended.Warnings);

        // Codecs pad to whole frames; the longest here has 2048 samples at 16 kHz, and WMA drops one.
        Assert.InRange((double)samples.Length / rateHz, 1.5 - 0.15, 1.5 + 0.15);
        Assert.Equal(0.125, ToneAmplitude(samples.AsSpan(rateHz / 2, rateHz / 2), rateHz), 0.01);
    }

    [Theory]
    [InlineData("flac", "flac", NoArguments)]
    [InlineData("m4a", "aac", NoArguments)] // before its index
    [InlineData("aiff", "pcm_s16be", NoArguments)]
    [InlineData("wav", "adpcm_ms", NoArguments)]
    [InlineData("au", "pcm_mulaw", NoArguments)]
    [InlineData("caf", "pcm_s16be", NoArguments)]
    [InlineData("w64", "pcm_s16le", NoArguments)]
    [InlineData("voc", "pcm_u8", "-ar 20000")]
    [InlineData("wv", "wavpack", NoArguments)]
    [InlineData("tta", "tta", NoArguments)]
    public async Task ReadAsync_CutOff_IsRefused(string extension, string encoder, string arguments)
    {
        byte[] file = await EncodeAsync(extension, encoder, arguments);
        await Task.WhenAll(AssertRefusedAsync(file[..(int)(0.612 * file.Length)]), AssertRefusedAsync(file[..(int)(0.97 * file.Length)]));
    }

    /// <summary>Lossy: what there is can be used, and the file says how much is missing, or only that something is.</summary>
    public static TheoryData<string, string, string, bool> Lossy => new()
    {
        { "mp3", "libmp3lame", NoArguments, true },
        { "ogg", "libopus", "-page_duration 100000", false },
        { "webm", "libopus", NoArguments, true },
        { "mka", "flac", NoArguments, true },
        { "m4a", "aac", "-movflags +faststart", true },
        { "wma", "wmav2", NoArguments, true },
        { "avi", "libmp3lame", NoArguments, true },
        { "flv", "libmp3lame", "-ar 22050", true },
        { "aac", "aac", NoArguments, false },
        { "ac3", "ac3", "-ar 48000", false },
        { "ts", "aac", NoArguments, false },
    };

    [Theory]
    [MemberData(nameof(Lossy))]
    public async Task ReadAsync_LossyCutOff_IsTakenWithAWarning(string extension, string encoder, string arguments, bool saysHowMuch)
    {
        byte[] file = await EncodeAsync(extension, encoder, arguments);
        byte[] cut = file[..(int)(0.612 * file.Length)];
        (IAudioReader ended, float[] samples) = await Reading.DecodeWithReaderAsync(cut);
        double seconds = samples.Length / (double)ended.Format.SampleRateHz;
        Assert.InRange(seconds, 0.4, 1.2);
        Assert.Contains("cut off", Assert.Single(ended.Warnings), StringComparison.Ordinal);
        Assert.Equal(saysHowMuch, ended.MissingSeconds is not null);
        if (ended.MissingSeconds is { } missing)
            Assert.Equal(1.5, seconds + missing, 0.15);

        AudioOptions strict = new() { CutOff = CutOffTreatment.Refuse };
        Assert.Contains("cut off", (await Assert.ThrowsAsync<InvalidAudioException>(() => Reading.DecodeAsync(cut, strict))).Reason,
            StringComparison.Ordinal);
        Assert.Empty((await Reading.DecodeWithReaderAsync(file)).Ended.Warnings);
    }

    [Fact]
    public async Task ReadAsync_CutOffFlac_IsTakenWhereThatIsSet()
    {
        byte[] file = await EncodeAsync("flac", "flac", NoArguments);
        (IAudioReader ended, float[] samples) =
            await Reading.DecodeWithReaderAsync(file[..(int)(0.612 * file.Length)], new() { CutOff = CutOffTreatment.Take });
        Assert.Equal(1.5, (samples.Length / 16_000.0) + ended.MissingSeconds!.Value, 0.02);
    }

    /// <summary>Encoders put silence before and after, and say how much.</summary>
    [Theory]
    [InlineData("mp3", "libmp3lame")]
    [InlineData("m4a", "aac")]
    [InlineData("ogg", "libopus")]
    [InlineData("webm", "libopus")]
    public async Task ReadAsync_LengthThatTheFileStates_IsKeptToTheMillisecond(string extension, string encoder)
    {
        (AudioFormat format, float[] samples) = await Reading.DecodeAsync(await EncodeAsync(extension, encoder, NoArguments));
        Assert.Equal(1.5, samples.Length / (double)format.SampleRateHz, 0.001);
        (AudioFormat stereo, samples) = await Reading.DecodeAsync(await EncodeAsync(extension, encoder, "-ac 2"));
        Assert.Equal(1.5, samples.Length / (2.0 * stereo.SampleRateHz), 0.001);
    }

    [Fact]
    public async Task ReadAsync_TwoMp3sInOne_AreBothHeard()
    {
        byte[] file = await EncodeAsync("mp3", "libmp3lame", NoArguments);
        (IAudioReader ended, float[] samples) = await Reading.DecodeWithReaderAsync([.. file, .. file]);
        Assert.Equal(3, samples.Length / (double)ended.Format.SampleRateHz, 0.2);
        Assert.Null(ended.MissingSeconds);
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
