using System.Diagnostics;
using NrSer.Cli.Tests.Processes;

namespace NrSer.Cli.Tests;

public sealed class FoundRecordingsTests : IDisposable
{
    private static readonly byte[] Wave = [.. "RIFF\u0010\0\0\0WAVEfmt \u0010\0\0\0\u0001\0"u8];

    private readonly Scratch _scratch = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public async Task Find_Files_AreCalledByTheirNames()
    {
        string a = _scratch.Write("one/a.wav", Wave), b = _scratch.Write("two/b.strange", Wave);

        Assert.Equal([("a.wav", a), ("b.strange", b)], await FoundAsync(b, a));
    }

    [Fact]
    public async Task Find_Folder_FindsRecordingsBelowIt()
    {
        string a = _scratch.Write("archive/a.wav", Wave), b = _scratch.Write("archive/2024/B.MP3", Wave);
        _scratch.Write("archive/notes.txt", "notes"u8);

        Assert.Equal([("2024/B.MP3", b), ("a.wav", a)], await FoundAsync(_scratch["archive"]));
    }

    [Fact]
    public async Task Find_Glob_IsCalledFromItsFirstWildcardOn()
    {
        string a = _scratch.Write("archive/2023/a.wav", Wave), b = _scratch.Write("archive/2024/b.wav", Wave);
        _scratch.Write("archive/2024/c.mp3", Wave);

        Assert.Equal([("2023/a.wav", a), ("2024/b.wav", b)], await FoundAsync(_scratch["archive/20*/*.wav"]));
        Assert.Equal([("2023/a.wav", a), ("2024/b.wav", b)], await FoundAsync(_scratch["archive/**/*.wav"]));
    }

    [Fact]
    public async Task Find_FileWithAWildcardInItsName_IsThatFile()
    {
        string path = _scratch.Write("what?.wav", Wave);
        _scratch.Write("whats.wav", Wave);

        Assert.Equal([("what?.wav", path)], await FoundAsync(path));
    }

    [Fact]
    public async Task Find_SameFileTwice_IsFoundOnce()
    {
        string path = _scratch.Write("archive/a.wav", Wave);

        Assert.Equal([("a.wav", path)], await FoundAsync(path, path));
        Assert.Equal([("a.wav", path)], await FoundAsync(_scratch["archive"], _scratch["archive/*.wav"], path));
    }

    [Fact]
    public async Task Find_TwoFilesOfOneName_NamesBoth()
    {
        string one = _scratch.Write("one/a.wav", Wave), two = _scratch.Write("two/a.wav", Wave);

        UsageException error = await Assert.ThrowsAsync<UsageException>(() => FoundAsync(one, two));

        Assert.Contains(one, error.Message, StringComparison.Ordinal);
        Assert.Contains(two, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("missing.wav")]
    [InlineData("empty")]
    [InlineData("empty/*.wav")]
    [InlineData("missing/*.wav")]
    public async Task Find_Nothing_IsRefused(string source)
    {
        Directory.CreateDirectory(_scratch["empty"]);
        string good = _scratch.Write("good.wav", Wave);

        UsageException refused = await Assert.ThrowsAsync<UsageException>(() => FoundAsync(good, _scratch[source]));
        Assert.Contains(source, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Find_Folder_AsksForTheContentAndSaysWhatItLeaves()
    {
        foreach (string name in new[] { "a.bin", "noextension", "b.m4b" })
            _scratch.Write($"archive/{name}", Wave);
        _scratch.Write("archive/raw.g722", [1, 2, 3, 4]);
        _scratch.Write("archive/fake.wav", "These are notes."u8);
        _scratch.Write("archive/empty.mp3", []);
        _scratch.Write("archive/zip.g722", "PK\u0003\u0004"u8);
        FoundRecordings found = await FoundRecordings.FindAsync([_scratch["archive"]], Token);
        Assert.Equal(["a.bin", "b.m4b", "noextension", "raw.g722"], found.Files.Select(file => file.BlobName));
        Assert.Equal(["empty.mp3", "fake.wav", "zip.g722"], found.Skipped.Select(file => Path.GetFileName(file.Path)));
        Assert.Contains("text", found.Skipped[1].Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Find_NamesThatNoStorageLists_AreRefusedAlone(bool folder)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "There are no such names there.");
        string[] names = ["bell\a.wav", "two\nlines.wav", "\uFFFE.wav", "good.wav"];
        string[] paths = [.. names.Select(name => _scratch.Write($"archive/{name}", Wave))];
        FoundRecordings found = await FoundRecordings.FindAsync(folder ? [_scratch["archive"]] : paths, Token);
        Assert.Equal(["good.wav"], found.Files.Select(file => file.BlobName));
        Assert.Equal(paths[..3].Order(StringComparer.Ordinal), found.Refused.Select(file => file.Path).Order(StringComparer.Ordinal));
        Assert.All(found.Refused, file => Assert.Contains("Rename it.", file.Reason, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Find_NamesThatAreNotUtf8_AreRefusedAlone()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Elsewhere every name is text.");
        _scratch.Write("archive/good.wav", Wave);
        await RunAsync("f=$(printf 'a\\377'); cp good.wav \"$f.wav\" && mkdir \"$f\" && cp good.wav \"$f/b.wav\"");
        FoundRecordings found;
        try
        {
            found = await FoundRecordings.FindAsync([_scratch["archive"]], Token);
        }
        finally
        {
            await RunAsync("rm -r a*"); // which nobody else can name
        }

        Assert.Equal(["good.wav"], found.Files.Select(file => file.BlobName));
        Assert.Equal(["a\uFFFD", "a\uFFFD.wav"], found.Refused.Select(file => Path.GetFileName(file.Path)).Order(StringComparer.Ordinal));
        Assert.Empty(found.Skipped);

        async Task RunAsync(string script)
        {
            using Process shell = Process.Start(new ProcessStartInfo("sh", ["-c", script]) { WorkingDirectory = _scratch["archive"] })!;
            await shell.WaitForExitAsync(CancellationToken.None);
            Assert.Equal(0, shell.ExitCode);
        }
    }

    [Fact]
    public async Task Find_LinksToFolders_AreNotFollowed()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Links need a right there.");
        _scratch.Write("archive/a.wav", Wave);
        File.CreateSymbolicLink(_scratch["archive/again"], _scratch["archive"]);
        File.CreateSymbolicLink(_scratch["archive/b.wav"], _scratch["archive/a.wav"]);
        FoundRecordings found = await FoundRecordings.FindAsync([_scratch["archive"]], Token);
        Assert.Equal(["a.wav", "b.wav"], found.Files.Select(file => file.BlobName));
        Assert.Contains("link to a folder", Assert.Single(found.Skipped).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Find_FolderThatMayNotBeOpened_IsSaidToBeLeftOut()
    {
        Assert.SkipWhen(Environment.UserName == "root", "Root may open every folder.");
        if (OperatingSystem.IsWindows())
            return; // such modes are not known there
        _scratch.Write("archive/a.wav", Wave);
        _scratch.Write("archive/closed/b.wav", Wave);
        File.SetUnixFileMode(_scratch["archive/closed"], UnixFileMode.None);
        try
        {
            FoundRecordings found = await FoundRecordings.FindAsync([_scratch["archive"]], Token);
            Assert.Equal("a.wav", Assert.Single(found.Files).BlobName);
            Assert.Equal(_scratch["archive/closed"], Assert.Single(found.Skipped).Path);
        }
        finally
        {
            File.SetUnixFileMode(_scratch["archive/closed"], UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    private static async Task<IEnumerable<(string Name, string Path)>> FoundAsync(params string[] sources) =>
        (await FoundRecordings.FindAsync(sources, Token)).Files.Select(found => (found.BlobName, found.File.FullName));
}
