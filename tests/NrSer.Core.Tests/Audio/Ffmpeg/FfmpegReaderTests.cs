using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using NrSer.Core.Audio;
using NrSer.Core.Audio.Ffmpeg;
using NrSer.Core.Audio.Input;

namespace NrSer.Core.Tests.Audio.Ffmpeg;

public sealed class FfmpegReaderTests
{
    [Fact]
    public async Task ReadAsync_Flac_GivesTheBitsOfTheWave()
    {
        byte[] wave = await FfmpegEncoder.EncodeToneAsync("wav", "pcm_s16le");
        byte[] flac = await FfmpegEncoder.EncodeToneAsync("flac", "flac");
        Assert.Equal((await Reading.DecodeAsync(wave)).Samples, (await Reading.DecodeAsync(flac)).Samples);
    }

    [Fact]
    public async Task ReadAsync_StereoMp3WithTagsBehind_IsRead()
    {
        byte[] file = await FfmpegEncoder.EncodeToneAsync("mp3", "libmp3lame", "-ac", "2", "-metadata", "title=Tone", "-write_id3v1", "1");
        (AudioFormat format, float[] samples) = await Reading.DecodeAsync(file);
        Assert.Equal(2, format.Channels);
        Assert.NotEmpty(samples);
    }

    [Theory]
    [InlineData("webm", "libvpx")]
    [InlineData("mp4", "mpeg4")]
    public async Task OpenAsync_VideoWithoutSound_SaysSo(string extension, string encoder)
    {
        byte[] file = await FfmpegEncoder.MakeAsync(extension, "-f", "lavfi", "-i", "testsrc=duration=0.2:size=64x64", "-c:v", encoder);
        InvalidAudioException exception = await Assert.ThrowsAsync<InvalidAudioException>(() => Reading.DecodeAsync(file));
        Assert.Equal("The file has no audio stream.", exception.Reason);
    }

    [Fact]
    public async Task ReadAsync_VideoWithSound_ReadsTheSound()
    {
        byte[] file = await FfmpegEncoder.MakeAsync(
            "mp4", "-f", "lavfi", "-i", "testsrc=duration=0.5:size=64x64", "-f", "lavfi", "-i", "sine=440:duration=0.5:sample_rate=16000",
            "-c:v", "mpeg4", "-c:a", "aac");
        Assert.InRange((await Reading.DecodeAsync(file)).Samples.Length, 8_000, 8_000 + 2048);
    }

    [Theory]
    [InlineData(300, 301)]
    [InlineData(1000, 1)] // more than is believed
    public async Task ReadAsync_GapInTheTimeStamps_IsSilence(int gapSeconds, int seconds)
    {
        byte[] file = await FfmpegEncoder.MakeAsync(
            "mka", "-f", "lavfi", "-i", $"sine=440:duration={gapSeconds + 1}:sample_rate=8000",
            "-af", $"aselect='lt(t,0.5)+gt(t,{gapSeconds}.5)'", "-c:a", "pcm_s16le");
        (AudioFormat format, float[] samples) = await Reading.DecodeAsync(file);
        Assert.Equal(seconds, samples.Length / (double)format.SampleRateHz, 0.2); // whole frames of 0.128 s were selected
        Assert.Equal(1, samples.Count(sample => sample != 0) / (double)format.SampleRateHz, 0.2);
    }

    [Theory]
    [InlineData(null, 1)] // marked as default
    [InlineData(0, 0)]
    [InlineData(1, 1)]
    public async Task ReadAsync_SeveralTracks_HearsTheOneAskedFor(int? track, int heard)
    {
        byte[] file = await FfmpegEncoder.MakeAsync(
            "mka", "-f", "lavfi", "-i", "sine=440:duration=1:sample_rate=8000", "-f", "lavfi", "-i", "sine=880:duration=2:sample_rate=8000",
            "-map", "0:a", "-map", "1:a", "-c:a", "pcm_s16le", "-disposition:a:0", "0", "-disposition:a:1", "default");
        (IAudioReader ended, float[] samples) = await Reading.DecodeWithReaderAsync(file, hints: new() { Track = track });
        Assert.Equal(heard + 1, samples.Length / 8000);
        if (track is null)
            Assert.Contains("2 tracks", Assert.Single(ended.Warnings), StringComparison.Ordinal);
        else
            Assert.Empty(ended.Warnings);
    }

    [Fact]
    public async Task ReadAsync_Mp4TracksAllAlike_HearsTheLongest()
    {
        byte[] file = await FfmpegEncoder.MakeAsync(
            "m4a", "-f", "lavfi", "-i", "sine=440:duration=1:sample_rate=8000", "-f", "lavfi", "-i", "sine=880:duration=2:sample_rate=8000",
            "-map", "0:a", "-map", "1:a", "-c:a", "aac", "-disposition:a", "default");
        (IAudioReader ended, float[] samples) = await Reading.DecodeWithReaderAsync(file);
        Assert.Equal(16_000, samples.Length);
        Assert.Contains("track 1", Assert.Single(ended.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task OpenAsync_TrackThatIsNotThere_SaysSo()
    {
        byte[] file = await FfmpegEncoder.EncodeToneAsync("ogg", "libvorbis");
        InvalidAudioException refused =
            await Assert.ThrowsAsync<InvalidAudioException>(() => Reading.DecodeWithReaderAsync(file, hints: new() { Track = 3 }));
        Assert.Contains("no audio track of that number", refused.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("fLaC")]
    [InlineData("OggS")]
    [InlineData("ID3")]
    [InlineData("#!AMR\n")]
    [InlineData("....ftyp")]
    public async Task OpenAsync_NoiseBehindASignature_IsRefused(string signature)
    {
        byte[] noise = new byte[1_000_000]; // more than a pipe holds: ffmpeg dies while it is written to
        new Random(1).NextBytes(noise);
        System.Text.Encoding.ASCII.GetBytes(signature, noise);
        if (signature == "#!AMR\n")
            noise = [.. "#!AMR\n"u8, .. Enumerable.Repeat((byte)0xFF, 2000)]; // every byte a frame of a kind that does not exist
        InvalidAudioException exception = await Assert.ThrowsAsync<InvalidAudioException>(() => Reading.DecodeAsync(noise));
        AssertUnderstandable(exception);
    }

    [Fact]
    public async Task ReadAsync_LongerThanTheLimit_StopsFfmpeg()
    {
        byte[] file = await FfmpegEncoder.EncodeToneAsync("flac", "flac");
        AudioOptions options = new() { MaxDuration = TimeSpan.FromSeconds(1) };
        InvalidAudioException exception = await Assert.ThrowsAsync<InvalidAudioException>(() => Reading.DecodeAsync(file, options));
        Assert.Contains("longer than the limit", exception.Reason, StringComparison.Ordinal);
        Assert.Null(exception.ByteOffset);
    }

    [Fact]
    public async Task OpenAsync_FfmpegMissing_IsTheInstallationsFault()
    {
        AudioOptions options = new() { FfmpegPath = "/nowhere/ffmpeg" };
        FfmpegMissingException exception = await Assert.ThrowsAsync<FfmpegMissingException>(() => Reading.DecodeAsync([.. "fLaC"u8], options));
        Assert.Contains("apt-get install ffmpeg", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task DisposeAsync_Early_LeavesNoProcess()
    {
        byte[] file = await FfmpegEncoder.MakeAsync("flac", "-f", "lavfi", "-i", "anoisesrc=duration=60:sample_rate=48000");
        IAudioReader reader = await new AudioDecoder(new()).OpenAsync(new ForwardStream(file), RecordingHints.None, Reading.Token);
        int processId = Assert.IsType<FfmpegReader>(reader).ProcessId;
        using (Process running = Process.GetProcessById(processId))
            Assert.False(running.HasExited);

        await reader.DisposeAsync();
        await reader.DisposeAsync();
        Assert.Throws<ArgumentException>(() => Process.GetProcessById(processId)); // not even a zombie
    }

    [Fact]
    public async Task OpenAsync_SourceNeverComes_TimesOut()
    {
        byte[] file = await FfmpegEncoder.EncodeToneAsync("ogg", "libvorbis");
        AudioOptions options = new() { FfmpegStallLimit = TimeSpan.FromSeconds(1) };
        BufferedInput input = new(new StuckStream(file[..1000]));
        await Assert.ThrowsAsync<TimeoutException>(
            () => FfmpegReader.OpenAsync(
                input, FfmpegFormat.Ogg, RecordingHints.None, output: null, new FfmpegProgram(options, NullLogger.Instance), options, Reading.Token));
    }

    [Fact]
    public async Task ReadAsync_SourceFails_ThrowsItsFailureNotAnInvalidAudio()
    {
        byte[] file = await FfmpegEncoder.MakeAsync("flac", "-f", "lavfi", "-i", "anoisesrc=duration=5:sample_rate=48000");
        await using FailingStream content = new(file, file.Length / 2);
        await using IAudioReader reader = await new AudioDecoder(new()).OpenAsync(content, RecordingHints.None, Reading.Token);
        IOException exception = await Assert.ThrowsAsync<IOException>(() => Reading.ReadAllAsync(reader));
        Assert.Equal(FailingStream.Message, exception.Message);
    }

    [Fact]
    public async Task ReadAsync_Cancelled_CanBeDisposed()
    {
        byte[] file = await FfmpegEncoder.EncodeToneAsync("ogg", "libvorbis");
        await using IAudioReader reader = await new AudioDecoder(new()).OpenAsync(new ForwardStream(file), RecordingHints.None, Reading.Token);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            float[] room = new float[64];
            while (await reader.ReadAsync(room, new CancellationToken(canceled: true)) > 0)
            {
                // What is buffered may still be handed out.
            }
        });
    }

    [Fact]
    public async Task OpenAsync_Mp4_LeavesNoTemporaryFile()
    {
        byte[] file = await FfmpegEncoder.EncodeToneAsync("m4a", "aac");
        BufferedInput input = new(new ForwardStream(file));
        SpooledFile spooled = await SpooledFile.CreateAsync(input, file.Length, Reading.Token);
        Assert.Equal(file, await File.ReadAllBytesAsync(spooled.FilePath, Reading.Token));
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(spooled.FilePath));
        if (OperatingSystem.IsLinux())
            Assert.StartsWith("/proc/", spooled.FilePath, StringComparison.Ordinal); // no name on the disk: a killed process leaves nothing
        await spooled.DisposeAsync();
        Assert.False(File.Exists(spooled.FilePath));
    }

    [Fact]
    public async Task OpenAsync_Mp4LargerThanTheLimit_IsRefused()
    {
        byte[] file = new byte[2 << 20];
        "....ftyp"u8.CopyTo(file);
        AudioOptions options = new() { MaxSpooledBytes = 1 << 20 };
        InvalidAudioException exception = await Assert.ThrowsAsync<InvalidAudioException>(() => Reading.DecodeAsync(file, options));
        Assert.Contains("limit of 1 MiB", exception.Reason, StringComparison.Ordinal);
    }

    private static void AssertUnderstandable(InvalidAudioException exception)
    {
        Assert.DoesNotMatch("0x|/tmp|pipe:", exception.Reason);
    }
}
