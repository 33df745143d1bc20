using System.Text;
using System.Text.Json;
using NrSer.Cli.Tests.Processes;
using NrSer.Pipeline.Storage;
using NrSer.Pipeline.Uploads;
using NrSer.Testing;

namespace NrSer.Cli.Tests.Commands;

public sealed class IngestCommandTests(StorageEmulator emulator) : IClassFixture<StorageEmulator>
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("ingest")]
    [InlineData("ingest", "x.wav", "--manifest", "x.csv")]
    [InlineData("ingest", "--manifest", "no such.csv")]
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
    public async Task Ingest_FolderThatHoldsOtherThingsToo_CountsThemAndNamesThemWhenAsked()
    {
        using var scratch = new Scratch();
        StorageAccount account = await StorageAccount.CreateAsync(emulator);
        File.Copy(SampleFiles.Clean, Path.Combine(Directory.CreateDirectory(scratch["archive"]).FullName, "a.wav"));
        string notes = scratch.Write("archive/notes.txt", "notes"u8);
        string[] ingest = ["ingest", scratch["archive"], "--connection-string", account.ConnectionString];

        Outcome counted = await Nrser.RunAsync(ingest), named = await Nrser.RunAsync([.. ingest, "--verbose"]);

        counted.Succeeded();
        Assert.Contains("1 files are no recordings and were skipped; --verbose names them.", counted.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain(notes, counted.Errors, StringComparison.Ordinal);
        Assert.Contains($"skipped {notes}: ", named.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ingest_Manifest_TakesFilesAndAddressesOnceAndNamesWhatIsWrong()
    {
        using var scratch = new Scratch();
        await using var server = new PodcastServer();
        StorageAccount account = await StorageAccount.CreateAsync(emulator);
        var environment = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["NrSer__Storage__ConnectionString"] = account.ConnectionString, ["NrSer__Podcasts__PrivateHosts"] = "127.0.0.1",
            ["NrSer__Podcasts__Pause"] = "00:00:00",
        };
        byte[] audio = [.. "ID3"u8, .. new byte[900]];
        server.Serve("/two.mp3", audio);
        server.Serve("/login", "<html><body>Sign in</body></html>"u8.ToArray(), "audio/mpeg");
        server.Serve("/inside", _ => new PodcastAnswer(302, []) { Headers = { ["Location"] = "http://169.254.169.254/latest" } });
        scratch.Write("one.wav", Encoding.ASCII.GetBytes("RIFF one"));
        string Rows(string tags, string time) => "path,url,name,recordedAt,tags\n"
            + $"one.wav,,2020/one.wav,{time},{tags}\n,{server.Url}two.mp3?key=1,2020/two.mp3,2020-04-02,radio\n"
            + $",{server.Url}login,a.mp3,,\n,{server.Url}inside,b.mp3,,\n,{server.Url}gone.mp3,,,\n";

        Outcome first = await IngestAsync(Rows("radio", "yesterday"));
        Assert.Equal(1, first.ExitCode);
        Assert.Contains("files.csv, line 2, recordedAt: 'yesterday' is no time", first.Errors, StringComparison.Ordinal);
        foreach (string reason in new[] { "a web page, as of a login", "link-local, where clouds keep their metadata", "answered 404" })
            Assert.Contains(reason, first.Errors, StringComparison.Ordinal);
        Assert.Contains($"line 6, {server.Url}gone.mp3", first.Errors, StringComparison.Ordinal);
        Assert.Equal((1, 0), CountsOf(first));

        Outcome second = await IngestAsync(Rows("radio;Größe", "2020-04-01"));
        Assert.Equal((1, 1), CountsOf(second));
        Assert.Single(server.Requests, request => request.Path == "/two.mp3");
        Assert.Equal(["2020/one.wav", "2020/two.mp3"], (await account.BlobsAsync(StorageNames.Recordings)).Select(blob => blob.Name));
        Assert.Equal(Convert.ToBase64String(audio), (await account.BlobsAsync(StorageNames.Recordings))[1].Content);

        // Nothing but what is said of them: it is said anew, and nothing is sent again.
        Assert.Equal((0, 2), CountsOf(await IngestAsync(Rows("speech", "2020-04-01"))));
        Azure.Storage.Blobs.Models.BlobProperties one = await account.Blobs.Container(StorageNames.Recordings).GetBlobClient("2020/one.wav")
            .GetPropertiesAsync(cancellationToken: Stop);
        Assert.Equal(("speech", "2020-04-01T00:00:00.0000000Z"), (one.Metadata[UploadMetadata.Tags], one.Metadata[UploadMetadata.RecordedAt]));

        // A name that something else has stays with it.
        Assert.Contains("Something else is called '2020/one.wav'",
            (await IngestAsync($"url,name\n{server.Url}two.mp3,2020/one.wav\n")).Errors, StringComparison.Ordinal);

        Task<Outcome> IngestAsync(string manifest) => Nrser.RunWithAsync(
            environment, "ingest", "--manifest", scratch.Write("files.csv", Encoding.UTF8.GetBytes(manifest)), "--json");

        static (int Uploaded, int There) CountsOf(Outcome outcome)
        {
            JsonElement report = JsonDocument.Parse(outcome.Output).RootElement;
            return (report.GetProperty("uploaded").GetInt32(), report.GetProperty("alreadyThere").GetInt32());
        }
    }
}
