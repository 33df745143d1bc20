using System.Text;
using System.Text.Json;
using Azure.Data.Tables;
using NrSer.Cli.Tests.Processes;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Storage;
using NrSer.Testing;

namespace NrSer.Cli.Tests.Storage;

public sealed class StorageLocationTests(AzureAccount account) : IClassFixture<AzureAccount>
{
    private const string Id = "20260309-0123456789abcdef";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    // What a deployment's users do, with the endpoints that azd noted and an Entra identity.
    [Fact]
    public async Task Azure_SignedIn_EveryCommandWorks()
    {
        using var files = new Scratch();
        WriteAzdEnvironment(files, account.Outputs);
        foreach (string table in StorageNames.Tables)
            await account.Tables.CreateTableAsync(table, Stop);
        var row = new TableEntity("20260309", Id)
        {
            ["BlobName"] = "talk.wav", ["Status"] = "Failed", ["Reason"] = "IOException", ["Generation"] = 0, ["ExpectedChunks"] = 1,
            ["UploadedAt"] = new DateTimeOffset(2026, 3, 9, 12, 0, 0, TimeSpan.Zero),
        };
        await account.Tables.GetTableClient(StorageNames.RecordingsTable).AddEntityAsync(row, Stop);
        string recording = files.Write("talk.wav", await File.ReadAllBytesAsync(SampleFiles.Clean, Stop));

        Outcome ingested = await RunAsync("ingest", recording, "--azure", "--json");
        Assert.Equal(1, ingested.Json().GetProperty("uploaded").GetInt32());
        Assert.True(await account.Blobs.GetBlobContainerClient(StorageNames.Recordings).GetBlobClient("talk.wav").ExistsAsync(Stop));

        Outcome status = await RunAsync("status", "--azure", "dev", "--from", "2026-03-09", "--to", "2026-03-09", "--json");
        // it failed
        Assert.Equal((1, Id), (status.ExitCode, JsonDocument.Parse(status.Output).RootElement[0].GetProperty("recordingId").GetString()));
        (await RunAsync("results", Id, "--azure", "--json")).Succeeded();
        (await RunAsync("export", "--azure", "--from", "2026-03-09", "--to", "2026-03-09", "--output", files["out.csv"])).Succeeded();
        (await RunAsync("retry", Id, "--azure")).Succeeded();
        TableEntity marked = await account.Tables.GetTableClient(StorageNames.RecordingsTable)
            .GetEntityAsync<TableEntity>("20260309", Id, cancellationToken: Stop);
        Assert.Equal(true, marked.GetBoolean(nameof(Recording.RetryRequested)));

        foreach (string container in StorageNames.Containers)
            await account.Blobs.GetBlobContainerClient(container).CreateIfNotExistsAsync(cancellationToken: Stop);
        await using (RunningNrser serve = await RunningNrser.StartAsync("?token=", new(account.SignedIn, StringComparer.Ordinal), [
            "serve", "--azure", "--port", "0", "--blob-endpoint", account.Outputs["NRSER_BLOB_ENDPOINT"],
            "--results-blob-endpoint", account.Outputs["NRSER_RESULTS_BLOB_ENDPOINT"], "--table-endpoint", account.Outputs["NRSER_TABLE_ENDPOINT"],
        ]))
        {
            using var browser = new HttpClient();
            Uri address = serve.PageAddress!;
            await browser.GetStringAsync(address, Stop);
            Assert.Contains("talk.wav", await browser.GetStringAsync(new Uri(address, $"/api/v1/recordings/{Id}"), Stop), StringComparison.Ordinal);
            Assert.Equal(130, await serve.InterruptAsync());
        }

        Outcome forgotten = await RunAsync("forget", Id, "--azure", "--yes", "--refuse-again"); // without a queue
        forgotten.Succeeded();
        Assert.Matches("May remain until [-0-9: ]+: Log lines .* kept for 90 days", forgotten.Output + forgotten.Errors);
        Assert.Empty(await account.Blobs.GetBlobContainerClient(StorageNames.Recordings).GetBlobsAsync(cancellationToken: Stop).ToListAsync(Stop));
        (await RunAsync("forget", "verify", "--azure")).Succeeded();

        await using var server = new PodcastServer();
        server.Serve("/1.wav", await File.ReadAllBytesAsync(SampleFiles.Clean, Stop), "audio/wav");
        server.Serve("/feed", """<rss><channel><title>Show</title><item><guid>1</guid><enclosure url="1.wav"/></item></channel></rss>"""u8.ToArray());
        (await RunAsync("podcast", "add", new Uri(server.Url, "feed").AbsoluteUri, "--azure")).Succeeded();
        (await RunAsync("podcast", "sync", "--azure")).Succeeded();
        Assert.StartsWith("podcasts/show/", Assert.Single(
            await account.Blobs.GetBlobContainerClient(StorageNames.Recordings).GetBlobsAsync(cancellationToken: Stop).ToListAsync(Stop)).Name,
            StringComparison.Ordinal);

        Task<Outcome> RunAsync(params string[] arguments) => Nrser.RunProcessInAsync(
            files.Path, new(account.SignedIn, StringComparer.Ordinal) { ["NrSer__Podcasts__PrivateHosts"] = "127.0.0.1" }, arguments);
    }

    [Fact]
    public async Task Azure_NotSignedIn_SaysHowToSignIn()
    {
        using var files = new Scratch();
        Outcome outcome = await Nrser.RunProcessInAsync(
            files.Path, account.SignedOut, "status", "--azure", "--blob-endpoint", account.Outputs["NRSER_BLOB_ENDPOINT"],
            "--results-blob-endpoint", account.Outputs["NRSER_RESULTS_BLOB_ENDPOINT"], "--table-endpoint", account.Outputs["NRSER_TABLE_ENDPOINT"]);
        Assert.Contains("az login", outcome.Refused(ExitCode.Environment), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("azd up", "status", "--azure")]
    [InlineData("azd env list", "status", "--azure", "other")]
    [InlineData("NRSER_TABLE_ENDPOINT", "status", "--azure", "half")]
    public async Task Azure_EndpointsNotKnown_SaysWhereTheyComeFrom(string advice, params string[] arguments)
    {
        using var files = new Scratch();
        if (arguments.Length == 3)
        {
            WriteAzdEnvironment(files, []);
            files.Write(".azure/half/.env", "NRSER_BLOB_ENDPOINT=\"https://a\"\nNRSER_RESULTS_BLOB_ENDPOINT=\"https://b\"\n"u8);
        }

        Assert.Contains(advice, (await Nrser.RunProcessInAsync(files.Path, [], arguments)).Refused(ExitCode.BadInput), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("status", "--azure", "--data", "here")]
    [InlineData("status", "--table-endpoint", "https://a")]
    [InlineData("status", "--azure", "--table-endpoint", "http://a")]
    [InlineData("status", "--azure", "--table-endpoint", "a")]
    [InlineData("worker", "--azure")]
    public async Task Azure_OptionsThatDoNotGoTogether_AreRefused(params string[] arguments) =>
        Assert.Equal(ExitCode.BadInput, (await Nrser.RunAsync(arguments)).ExitCode);

    private static void WriteAzdEnvironment(Scratch files, Dictionary<string, string> outputs)
    {
        files.Write(".azure/config.json", """{"version":1,"defaultEnvironment":"dev"}"""u8);
        files.Write(".azure/dev/.env", Encoding.UTF8.GetBytes(string.Concat(outputs.Select(output => $"{output.Key}=\"{output.Value}\"\n"))));
    }
}
