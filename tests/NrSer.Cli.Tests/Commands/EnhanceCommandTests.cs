using System.Text.Json;
using NrSer.Cli.Tests.Processes;
using NrSer.Core.Audio.Input;
using NrSer.Testing;

namespace NrSer.Cli.Tests.Commands;

public sealed class EnhanceCommandTests : IDisposable
{
    private readonly Scratch _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData("enhanced")]
    [InlineData("reconstituted")]
    public async Task Enhance_SixteenKilohertz_IsExactlyAsLong(string mode)
    {
        (await Nrser.RunAsync("enhance", SampleFiles.Noisy, _scratch["out.wav"], "--mode", mode)).Succeeded();

        (AudioFormat format, int frames) = await SampleFiles.ReadAsync(_scratch["out.wav"]);
        Assert.Equal(16000, format.SampleRateHz);
        Assert.Equal(1, format.Channels);
        Assert.Equal("wav float32", format.Encoding);
        Assert.Equal(144038, frames);
        Assert.Equal("out.wav", Path.GetFileName(Assert.Single(Directory.GetFiles(_scratch.Path))));
    }

    [Fact]
    public async Task Enhance_ToALink_WritesWhatItPointsTo()
    {
        _scratch.Write("real.wav", "old"u8);
        File.CreateSymbolicLink(_scratch["link.wav"], _scratch["real.wav"]);
        _scratch.Write("real.wav.unfinished", "precious"u8);

        (await Nrser.RunProcessAsync("enhance", SampleFiles.Noisy, _scratch["link.wav"])).Succeeded();

        Assert.Equal(_scratch["real.wav"], new FileInfo(_scratch["link.wav"]).LinkTarget);
        Assert.Equal(144038, (await SampleFiles.ReadAsync(_scratch["real.wav"])).Frames);
        Assert.Equal("precious", await File.ReadAllTextAsync(_scratch["real.wav.unfinished"], TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Enhance_ToAPipe_SaysWhyNotAndLeavesIt()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "mkfifo is a Unix command.");
        await CliWrap.Cli.Wrap("mkfifo").WithArguments(_scratch["pipe"]).ExecuteAsync(TestContext.Current.CancellationToken);
        CliWrap.CommandTask<CliWrap.CommandResult> reader = CliWrap.Cli.Wrap("cat").WithArguments(_scratch["pipe"])
            .ExecuteAsync(TestContext.Current.CancellationToken);

        Assert.Contains("pipe", (await Nrser.RunProcessAsync("enhance", SampleFiles.Noisy, _scratch["pipe"])).Refused(2), StringComparison.Ordinal);

        await reader;
        Assert.True(File.Exists(_scratch["pipe"]));
    }

    [Fact]
    public async Task Enhance_SeveralChunks_IsExactlyAsLong()
    {
        string path = _scratch.Write("long.wav", SampleFiles.Concatenated(25.1, SampleFiles.Noisy));

        (await Nrser.RunWithAsync(new() { ["NrSer__Segmentation__MaxChunk"] = "00:00:10" }, "enhance", path, _scratch["out.wav"])).Succeeded();

        Assert.Equal((int)(25.1 * 16000), (await SampleFiles.ReadAsync(_scratch["out.wav"])).Frames);
    }

    [Fact]
    public async Task Enhance_OtherRate_IsAsLongAsTheDecodedRecording()
    {
        await SampleFiles.EncodeAsync(_scratch["cd.wav"], "-ar", "44100", "-ac", "2");

        (await Nrser.RunAsync("enhance", _scratch["cd.wav"], _scratch["out.wav"])).Succeeded();

        JsonElement recording = (await Nrser.RunAsync("analyze", _scratch["cd.wav"])).Json().GetProperty("recording");
        int frames = (await SampleFiles.ReadAsync(_scratch["out.wav"])).Frames;
        Assert.Equal(recording.GetProperty("durationSeconds").GetDouble() * 16000, frames, 1e-6);
        double exact = (await SampleFiles.ReadAsync(_scratch["cd.wav"])).Frames * (16000 / 44100.0);
        Assert.InRange(frames, (int)Math.Floor(exact), (int)Math.Ceiling(exact));
    }

    // Of a folder: NRSER_RECORDINGS=tests/NrSer.Core.Tests/Audio/Cases dotnet run … -- -explicit only -class "*EnhanceCommandTests"
    [Fact(Explicit = true)]
    public async Task Enhance_EveryRecording_IsExactlyAsLongAsAnalyzeSays()
    {
        int asLong = 0, refused = 0;
        List<string> wrong = [];
        foreach (string path in Recordings.OfFolder(extension => extension is not ".md"))
        {
            Outcome analyzed = await Nrser.RunAsync("analyze", path), enhanced = await Nrser.RunAsync("enhance", path, _scratch["out.wav"]);
            if (analyzed.ExitCode != 0 || enhanced.ExitCode != 0)
            {
                refused++;
                if (analyzed.ExitCode != enhanced.ExitCode)
                    wrong.Add($"{path}: analyze ended with {analyzed.ExitCode}, enhance with {enhanced.ExitCode}");
                continue;
            }

            double said = analyzed.Json().GetProperty("recording").GetProperty("durationSeconds").GetDouble() * 16000;
            int frames = (await SampleFiles.ReadAsync(_scratch["out.wav"])).Frames;
            if (Math.Abs(said - frames) > 1e-6)
                wrong.Add($"{path}: {said} samples, {frames} written");
            else
                asLong++;
        }

        TestContext.Current.TestOutputHelper!.WriteLine($"{asLong} are exactly as long, {refused} refused by both");
        Assert.NotEqual(0, asLong);
        Assert.Empty(wrong);
    }

    [Fact]
    public async Task Enhance_RecordingDamagedAtItsEnd_LeavesNothing()
    {
        byte[] whole = SampleFiles.Concatenated(25, SampleFiles.Noisy);
        string path = _scratch.Write("cut.wav", whole.AsSpan(0, whole.Length - 40000));

        (await Nrser.RunWithAsync(new() { ["NrSer__Segmentation__MaxChunk"] = "00:00:10" }, "enhance", path, _scratch["out.wav"])).Refused(2);

        Assert.Equal("cut.wav", Path.GetFileName(Assert.Single(Directory.GetFiles(_scratch.Path))));
    }

    [Fact]
    public async Task Enhance_Failing_KeepsTheEarlierFile()
    {
        string earlier = _scratch.Write("out.wav", "earlier"u8);

        (await Nrser.RunAsync("enhance", _scratch.Write("notes.wav", "notes"u8), earlier)).Refused(2);

        Assert.Equal("earlier", await File.ReadAllTextAsync(earlier, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Enhance_IntoMissingFolder_SaysSo() => Assert.Contains(
        "no folder", (await Nrser.RunAsync("enhance", SampleFiles.Clean, Path.Combine(_scratch["nowhere"], "out.wav"))).Refused(2),
        StringComparison.Ordinal);

    [Fact]
    public async Task Enhance_IntoFolder_SaysSo() =>
        Assert.Contains("is a folder", (await Nrser.RunAsync("enhance", SampleFiles.Clean, _scratch.Path)).Refused(2), StringComparison.Ordinal);

    [Fact]
    public async Task Enhance_OntoItself_Refuses()
    {
        string path = _scratch.Write("talk.wav", SampleFiles.Concatenated(2, SampleFiles.Clean));

        Assert.Contains("overwritten", (await Nrser.RunAsync("enhance", path, path)).Refused(2), StringComparison.Ordinal);
    }
}
