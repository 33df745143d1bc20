using NrSer.Cli.Commands;
using NrSer.Cli.Tests.Processes;

namespace NrSer.Cli.Tests.Commands;

public sealed class IngestCommandTests : IDisposable
{
    private readonly Scratch _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData("ingest", "x.wav", "--parallel", "x")]
    [InlineData("ingest", "x.wav", "--parallel", "65")]
    [InlineData("export", "--format", "7")]
    [InlineData("analyze", "x.wav", "--channels", "7")]
    [InlineData("enhance", "x.wav", "y.wav", "--mode", "5")]
    [InlineData("bench", "--minutes", "0")]
    [InlineData("bench", "--minutes", "NaN")]
    [InlineData("bench", "--threads", "0")]
    [InlineData("bench", "--models", "tiny")]
    [InlineData("bench", "--minutes", "1e300")]
    public async Task AnyCommand_ValueThatCannotBe_IsRefused(params string[] arguments)
    {
        Outcome outcome = await Nrser.RunAsync(arguments);
        Assert.Equal(2, outcome.ExitCode);
        Assert.DoesNotContain("Unhandled", outcome.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void Find_Files_AreCalledByTheirNames()
    {
        string a = _scratch.Write("one/a.wav", []), b = _scratch.Write("two/b.strange", []);

        Assert.Equal([("a.wav", a), ("b.strange", b)], Found(b, a));
    }

    [Fact]
    public void Find_Folder_FindsRecordingsBelowIt()
    {
        string a = _scratch.Write("archive/a.wav", []), b = _scratch.Write("archive/2024/B.MP3", []);
        _scratch.Write("archive/notes.txt", []);

        Assert.Equal([("2024/B.MP3", b), ("a.wav", a)], Found(_scratch["archive"]));
    }

    [Fact]
    public void Find_Glob_IsCalledFromItsFirstWildcardOn()
    {
        string a = _scratch.Write("archive/2023/a.wav", []), b = _scratch.Write("archive/2024/b.wav", []);
        _scratch.Write("archive/2024/c.mp3", []);

        Assert.Equal([("2023/a.wav", a), ("2024/b.wav", b)], Found(_scratch["archive/20*/*.wav"]));
        Assert.Equal([("2023/a.wav", a), ("2024/b.wav", b)], Found(_scratch["archive/**/*.wav"]));
    }

    [Fact]
    public void Find_FileWithAWildcardInItsName_IsThatFile()
    {
        string path = _scratch.Write("what?.wav", []);
        _scratch.Write("whats.wav", []);

        Assert.Equal([("what?.wav", path)], Found(path));
    }

    [Fact]
    public void Find_SameFileTwice_IsFoundOnce()
    {
        string path = _scratch.Write("archive/a.wav", []);

        Assert.Equal([("a.wav", path)], Found(path, path));
        Assert.Equal([("a.wav", path)], Found(_scratch["archive"], _scratch["archive/*.wav"], path));
    }

    [Fact]
    public void Find_TwoFilesOfOneName_NamesBoth()
    {
        string one = _scratch.Write("one/a.wav", []), two = _scratch.Write("two/a.wav", []);

        UsageException error = Assert.Throws<UsageException>(() => Found(one, two));

        Assert.Contains(one, error.Message, StringComparison.Ordinal);
        Assert.Contains(two, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("missing.wav")]
    [InlineData("empty")]
    [InlineData("empty/*.wav")]
    [InlineData("missing/*.wav")]
    public void Find_Nothing_IsRefused(string source)
    {
        Directory.CreateDirectory(_scratch["empty"]);
        string good = _scratch.Write("good.wav", []);

        Assert.Contains(source, Assert.Throws<UsageException>(() => Found(good, _scratch[source])).Message, StringComparison.Ordinal);
    }

    private static IEnumerable<(string Name, string Path)> Found(params string[] sources) =>
        IngestCommand.Find(sources).Select(found => (found.BlobName, found.File.FullName));
}
