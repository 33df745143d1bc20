using NrSer.Core.Audio.Input;

namespace NrSer.Core.Tests.Audio.Ffmpeg;

/// <summary>Recordings that have lost something in the middle, or gained something at an end: times stay right, what is missing is told.</summary>
public sealed class LossTests
{
    private const int RateHz = 44_100;

    private static readonly string[] s_tone = ["-f", "lavfi", "-i", "sine=440:duration=20:sample_rate=44100"];

    [Theory]
    [InlineData("mp3", "-write_xing", "0")]
    [InlineData("mp3", "-write_xing", "1")]
    [InlineData("mp2", "-c:a", "mp2")]
    public async Task HoleOfZeros_IsSilenceAsLong(string extension, params string[] options)
    {
        byte[] whole = await FfmpegEncoder.MakeAsync(extension, [.. s_tone, "-b:a", "64k", .. options]), holed = [.. whole];
        const int HoleBytes = 3 * 8_000; // 3 s of 64 kbit/s
        holed.AsSpan(whole.Length / 2, HoleBytes).Clear();

        (IAudioReader ended, float[] samples) = await Reading.DecodeWithReaderAsync(holed);

        Assert.Equal((await Reading.DecodeAsync(whole)).Samples.Length, samples.Length, 1152.0);
        Assert.Equal(3, samples.Count(sample => sample == 0) / (double)RateHz, 0.15);
        Assert.Equal(3, ended.MissingSeconds!.Value, 0.1);
        Assert.Contains("Within the", Assert.Single(ended.Warnings), StringComparison.Ordinal);
        Assert.NotEqual(0, samples[^(5 * RateHz)..].Max());
    }

    [Fact]
    public async Task ZerosBehindTheLastFrame_AreNoHole()
    {
        byte[] whole = await FfmpegEncoder.MakeAsync("mp3", [.. s_tone, "-b:a", "64k", "-write_xing", "0"]);
        (IAudioReader ended, float[] samples) = await Reading.DecodeWithReaderAsync([.. whole, .. new byte[100_000]]);
        Assert.Equal((await Reading.DecodeAsync(whole)).Samples.Length, samples.Length);
        Assert.Null(ended.MissingSeconds);
        Assert.Empty(ended.Warnings);
    }

    [Theory]
    [InlineData("ogg", "libvorbis")]
    [InlineData("opus", "libopus")]
    public async Task PagesThatAreMissing_AreTold(string extension, string encoder)
    {
        byte[] whole = await FfmpegEncoder.MakeAsync(extension, [.. s_tone, "-c:a", encoder]);
        int[] pages = [.. Starts(whole, "OggS"u8.ToArray(), 0)];
        byte[] less = [.. whole[..pages[^8]], .. whole[pages[^5]..]];

        (IAudioReader ended, float[] samples) = await Reading.DecodeWithReaderAsync(less);

        Assert.Equal(20, samples.Length / (double)ended.Format.SampleRateHz, 0.1);
        Assert.Equal(20.0 * 3 / pages.Length, ended.MissingSeconds!.Value, 0.1);
        Assert.Contains("Within the ogg", Assert.Single(ended.Warnings), StringComparison.Ordinal);
        Assert.Null((await Reading.DecodeWithReaderAsync(whole)).Ended.MissingSeconds);
        InvalidAudioException refused =
            await Assert.ThrowsAsync<InvalidAudioException>(() => Reading.DecodeAsync(less, new() { CutOff = CutOffTreatment.Refuse }));
        Assert.Contains("Within the ogg", refused.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task FragmentsThatAreMissing_AreTold()
    {
        byte[] whole = await FfmpegEncoder.MakeAsync(
            "m4a", [.. s_tone, "-c:a", "aac", "-movflags", "empty_moov+default_base_moof", "-frag_duration", "2000000"]);
        int[] fragments = [.. Starts(whole, "moof"u8.ToArray(), 4)];
        byte[] less = [.. whole[..fragments[4]], .. whole[fragments[5]..]];

        (IAudioReader ended, float[] samples) = await Reading.DecodeWithReaderAsync(less);

        Assert.Equal(20, samples.Length / (double)RateHz, 0.2);
        Assert.Equal(20.0 / fragments.Length, ended.MissingSeconds!.Value, 0.2);
        Assert.Null((await Reading.DecodeWithReaderAsync(whole)).Ended.MissingSeconds);
    }

    [Fact]
    public async Task WhatStandsBehindAWholeFlac_IsNoDamage()
    {
        byte[] whole = await FfmpegEncoder.MakeAsync("flac", s_tone);
        byte[] tag = [.. "APETAGEX"u8, .. new byte[24], .. "title\0x"u8];
        foreach (byte[] behind in (byte[][])[tag, new byte[4096], [.. tag, .. "TAG"u8, .. new byte[125]]])
            Assert.Equal(20 * RateHz, (await Reading.DecodeAsync([.. whole, .. behind])).Samples.Length);
        byte[] damaged = [.. whole];
        damaged.AsSpan(whole.Length / 2, 16).Clear();
        Assert.Contains("damaged", (await Assert.ThrowsAsync<InvalidAudioException>(() => Reading.DecodeAsync([.. damaged, .. tag]))).Reason,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(4096)]
    public async Task ZerosBeforeAnMp4_AreNotItsOwn(int zeros)
    {
        byte[] whole = await FfmpegEncoder.MakeAsync("m4a", [.. s_tone, "-c:a", "aac"]);
        Assert.Equal((await Reading.DecodeAsync(whole)).Samples.Length, (await Reading.DecodeAsync([.. new byte[zeros], .. whole])).Samples.Length);
    }

    [Fact]
    public async Task PauseTooLongToBeBelieved_IsSaidToBeClosed()
    {
        byte[] file = await FfmpegEncoder.MakeAsync(
            "mka", "-f", "lavfi", "-i", "sine=440:duration=906:sample_rate=8000", "-af", "aselect='lt(t,3)+gt(t,903)'", "-c:a", "flac");
        (IAudioReader ended, _) = await Reading.DecodeWithReaderAsync(file);
        Assert.Equal(900, ended.MissingSeconds!.Value, 1.0);
        Assert.Contains("a pause of over ten minutes", Assert.Single(ended.Warnings), StringComparison.Ordinal);
    }

    private static IEnumerable<int> Starts(byte[] file, byte[] name, int before)
    {
        for (int at = 0, found; (found = file.AsSpan(at).IndexOf(name)) >= 0; at += found + 1)
            yield return at + found - before;
    }
}
