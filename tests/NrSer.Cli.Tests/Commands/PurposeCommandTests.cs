using System.Text.Json;
using NrSer.Cli.Tests.Processes;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;
using NrSer.Pipeline.Storage;
using NrSer.Testing;

namespace NrSer.Cli.Tests.Commands;

/// <summary><c>nrser purpose</c>, <c>about</c> and <c>retention</c> on a storage that nobody else changes.</summary>
public sealed class PurposeCommandTests(StorageEmulator emulator) : IClassFixture<StorageEmulator>, IAsyncLifetime
{
    private StorageAccount _account = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _account = await StorageAccount.CreateAsync(emulator);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task Purpose_SetAndShown_IsWhatAboutSays()
    {
        Assert.Contains("No purpose", (await RunAsync("purpose", "show")).Output, StringComparison.Ordinal);
        (await RunAsync("purpose", "set", "media-archive", "--text", "our radio plays", "--contact", "archive@example.org")).Succeeded();
        Assert.StartsWith("MediaArchive: our radio plays", (await RunAsync("purpose", "show")).Output, StringComparison.Ordinal);
        JsonElement about = JsonDocument.Parse((await RunAsync("about", "--json")).Output).RootElement;
        Assert.Equal("MediaArchive: our radio plays", about.GetProperty("purpose").GetString());
        Assert.Equal("archive@example.org", about.GetProperty("contact").GetString());
        Assert.Equal(3, about.GetProperty("models").GetArrayLength());
        Assert.Equal(QualityNotice.Demonstration, about.GetProperty("notice").GetString());
        Assert.Contains(QualityNotice.Demonstration, (await RunAsync("about")).Output, StringComparison.Ordinal);
        (await RunAsync("purpose", "set", "safety", "--at", "workplace")).Succeeded();
        Assert.Contains("Safety, Workplace", (await RunAsync("purpose", "show")).Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Article 5(1)(f)", "workplace")]
    [InlineData("Article 5(1)(f)", "Education")]
    [InlineData("Article 5(1)(f)", "research", "--at", "workplace")]
    [InlineData("Article 5(1)(f)", "other", "--text", "hiring", "--at", "education")]
    [InlineData("--text", "other")]
    [InlineData("is no purpose", "fun")]
    [InlineData("is no purpose", "3")]
    [InlineData("--at takes", "medical", "--at", "home")]
    [InlineData("--at takes", "medical", "--at", "1")]
    public async Task Purpose_ThatMayNotBe_IsRefusedAndNotKept(string complaint, params string[] set)
    {
        Assert.Contains(complaint, (await RunAsync(["purpose", "set", .. set])).Refused(2), StringComparison.Ordinal);
        Assert.False(await _account.Blobs.Container(StorageNames.Results).GetBlobClient(DeploymentBlob.Name).ExistsAsync(Stop));
    }

    [Fact]
    public async Task About_NoStack_SaysWhatItKnows()
    {
        using var scratch = new Scratch();
        Outcome outcome = await Nrser.RunAsync("about", "--data", scratch.Path);
        outcome.Succeeded();
        Assert.Contains("nrser up", outcome.Output, StringComparison.Ordinal);
        Assert.Contains("@", outcome.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Retention_ShowAndApply_ReportFirst()
    {
        Recording old = GeneratedResults.Recording(1, new DateOnly(2020, 1, 1), segments: 1);
        await GeneratedResults.StoreAsync(_account, old, Stop);
        Assert.Contains("everything is kept", (await RunAsync("retention", "show")).Errors, StringComparison.Ordinal);
        Dictionary<string, string> setting = new(StringComparer.Ordinal) { ["NrSer__Retention__Receipts"] = "30.00:00:00" };
        Assert.Contains("1 recordings", (await RunAsync(setting, "retention", "apply", "--dry-run")).Output, StringComparison.Ordinal);
        Assert.Contains("not reported yet", (await RunAsync(setting, "retention", "show")).Output, StringComparison.Ordinal);
        Assert.Contains("say --yes", (await RunAsync(setting, "retention", "apply")).Refused(2), StringComparison.Ordinal);
        Assert.Contains("nothing was deleted", (await RunAsync(setting, "retention", "apply", "--yes")).Output, StringComparison.Ordinal);
        Assert.True(await ReceiptExistsAsync(old));
        Assert.Contains("were dealt with", (await RunAsync(setting, "retention", "apply", "--yes")).Output, StringComparison.Ordinal);
        Assert.False(await ReceiptExistsAsync(old));
        Assert.Contains("Receipts 30 days", (await RunAsync("about")).Output, StringComparison.Ordinal); // whatever is set where somebody asks
    }

    [Fact]
    public async Task Retention_OfAPodcast_IsShownWithItsName()
    {
        Feed feed = GeneratedResults.Feed(1);
        await new PodcastStore(_account.Tables).TryWriteAsync(feed, Stop);
        Dictionary<string, string> settings = new(StringComparer.Ordinal)
        {
            ["NrSer__Retention__Uploads"] = "30.00:00:00", [$"NrSer__Retention__Feeds__{feed.Id}__Uploads"] = "7.00:00:00",
            ["NrSer__Retention__Feeds__00000000000000ff__Uploads"] = "7.00:00:00",
        };
        string shown = (await RunAsync(settings, "retention", "show")).Output;
        Assert.All(
            ["all others", "30 days", $"{feed.Id} ({feed.Title})", "7 days", "00000000000000ff: no such podcast"],
            part => Assert.Contains(part, shown, StringComparison.Ordinal));
        Assert.Contains(
            $"Uploads of podcast {feed.Id}, kept for 7 days", (await RunAsync(settings, "retention", "apply", "--dry-run")).Output,
            StringComparison.Ordinal);
        settings["NrSer__Retention__Feeds__a_show__Uploads"] = "7.00:00:00";
        Assert.Contains("nrser podcast list", (await RunAsync(settings, "retention", "show")).Refused(2), StringComparison.Ordinal);
    }

    private async Task<bool> ReceiptExistsAsync(Recording recording) =>
        await _account.Blobs.Container(StorageNames.Results).GetBlobClient(ResultBlobs.ReceiptName(recording.Id)).ExistsAsync(Stop);

    private Task<Outcome> RunAsync(params string[] arguments) => RunAsync([], arguments);

    private Task<Outcome> RunAsync(Dictionary<string, string> settings, params string[] arguments) =>
        Nrser.RunWithAsync(settings, [.. arguments, "--connection-string", _account.ConnectionString]);
}
