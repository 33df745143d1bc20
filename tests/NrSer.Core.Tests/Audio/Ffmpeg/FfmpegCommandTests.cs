using System.Diagnostics;
using NrSer.Core.Audio;
using NrSer.Core.Audio.Ffmpeg;
using NrSer.Core.Audio.Input;
using NrSer.Testing;

namespace NrSer.Core.Tests.Audio.Ffmpeg;

public sealed class FfmpegCommandTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("nrser-ffmpeg-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(null, "pipe", "pipe:0")]
    [InlineData("/tmp/a b.mp4", "file", "file:/tmp/a b.mp4")]
    public void Create_AnyInput_AllowsOneDemuxerOneProtocolOneStream(string? filePath, string protocol, string input)
    {
        FfmpegFormat format = ContentSniffer.FindFfmpegFormat("fLaC\0\0\0\"then the stream info"u8)!;
        ProcessStartInfo start = Create(format, filePath);
        Assert.Equal("flac", After("-f"));
        Assert.Equal("flac", After("-format_whitelist"));
        Assert.Equal(protocol, After("-protocol_whitelist"));
        Assert.Equal(input, After("-i"));
        Assert.Equal("-sn", After("-vn"));
        Assert.Equal("-dn", After("-sn"));
        Assert.DoesNotContain("-map", start.ArgumentList); // ffmpeg then takes one stream, the default one
        Assert.Equal(["-f", "wav", "pipe:1"], start.ArgumentList.TakeLast(3));
        Assert.Equal("91", After("-timelimit"));
        Assert.Equal($"{(1L << 30) / 4}", After("-max_alloc"));
        Assert.Contains("-nostdin", start.ArgumentList);
        Assert.Empty(start.Environment);
        if (OperatingSystem.IsLinux())
            Assert.Equal(["--as=1073741824", "--core=0", "/opt/ffmpeg"], start.ArgumentList.Take(3));

        string After(string option) => start.ArgumentList[start.ArgumentList.IndexOf(option) + 1];
    }

    [Fact]
    public void Create_AnyFormat_NamesItAloneAndFiltersOnlyWhatHasTimeStamps()
    {
        foreach (FfmpegFormat format in FfmpegFormat.All)
        {
            ProcessStartInfo start = Create(format, filePath: null);
            Assert.Equal(format.Demuxer, start.ArgumentList[start.ArgumentList.IndexOf("-format_whitelist") + 1]);
            Assert.Equal(format.Clock != FfmpegClock.SamplesOnly, start.ArgumentList.Contains("-af"));
            Assert.Equal(format.Clock == FfmpegClock.GapsFromZero, start.ArgumentList.Contains("-copyts"));
        }
    }

    // Not ffmpeg, but something that does what a broken or captured one could.
    [Fact]
    public async Task OpenAsync_FfmpegFloodsItsErrors_NeitherHangsNorKeepsThem()
    {
        AudioOptions options = await FakeAsync(
            "i=0; while [ $i -lt 20000 ]; do echo 'something is wrong with frame after frame after frame' >&2; i=$((i+1)); done; exit 1");
        InvalidAudioException refused = await Assert.ThrowsAsync<InvalidAudioException>(() => Reading.DecodeAsync(Flac(), options));
        Assert.InRange(refused.Message.Length, 1, 1000);
    }

    [Fact]
    public async Task OpenAsync_AnyRecording_StartsFfmpegWithoutEnvironmentAndWithLimits()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "prlimit is a Linux command.");
        string told = Path.Combine(_folder, "told");
        AudioOptions options = await FakeAsync($"/usr/bin/env > {told}; ulimit -v >> {told}; exit 1");
        await Assert.ThrowsAsync<InvalidAudioException>(() => Reading.DecodeAsync(Flac(), options));
        string[] lines = await File.ReadAllLinesAsync(told, Reading.Token);
        Assert.Equal($"{(1L << 30) / 1024}", lines[^1]); // KiB
        // the shell's own
        Assert.All(lines[..^1], line => Assert.True(line.StartsWith("PWD=", StringComparison.Ordinal)
            || line.StartsWith("SHLVL=", StringComparison.Ordinal) || line.StartsWith("_=", StringComparison.Ordinal), line));
    }

    private static ProcessStartInfo Create(FfmpegFormat format, string? filePath) => FfmpegCommand.Create(
        "/opt/ffmpeg", new FfmpegInput(format, filePath, Track: null, Output: null), sandbox: null,
        new AudioOptions { FfmpegMaxCpuTime = TimeSpan.FromSeconds(90.5) });

    private static byte[] Flac() => [.. "fLaC"u8, .. new byte[200_000]];

    private async Task<AudioOptions> FakeAsync(string script)
    {
        string path = Path.Combine(_folder, "ffmpeg");
        await ShellScript.WriteAsync(path, script);
        return new AudioOptions { FfmpegPath = path, FfmpegSandbox = SandboxUse.Off };
    }
}
