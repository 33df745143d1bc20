using System.Text;
using System.Text.Json;
using NrSer.Cli.Tests.Processes;
using NrSer.Testing;

namespace NrSer.Cli.Tests.Commands.Podcasts;

public sealed class PodcastCommandTests(StorageEmulator emulator) : IClassFixture<StorageEmulator>, IAsyncLifetime
{
    private const string Token = "aB3dE5fG7hI9jK1lM3nO5pQ7";

    private readonly Scratch _scratch = new();
    private readonly PodcastServer _server = new();
    private readonly Dictionary<string, string> _environment = new(StringComparer.Ordinal) { ["NrSer__Podcasts__PrivateHosts"] = "127.0.0.1" };

    public async ValueTask InitializeAsync() =>
        _environment["NrSer__Storage__ConnectionString"] = (await StorageAccount.CreateAsync(emulator)).ConnectionString;

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _scratch.Dispose();
    }

    [Fact]
    public async Task AnArchive_FromSubscriptionsToRemoval()
    {
        for (int feed = 0; feed < 3; feed++)
        {
            _server.Serve($"/{feed}/feed", Feed($"Show {feed}", 2));
            for (int episode = 0; episode < 2; episode++)
                _server.Serve($"/{feed}/{episode}.mp3", Audio((10 * feed) + episode));
        }

        string list = _scratch.Write("subscriptions.opml", Encoding.UTF8.GetBytes(
            $"<opml version=\"1.0\"><body><outline text=\"All\">{string.Concat(Enumerable.Range(0, 3).Select(feed =>
                $"<outline type=\"rss\" text=\"S\" xmlUrl=\"{_server.Url}{feed}/feed\"/>"))}</outline></body></opml>"));

        JsonElement added = (await RunAsync("add", list, "--json")).Json().GetProperty("feeds");
        Assert.Equal([2, 2, 2], added.EnumerateArray().Select(feed => feed.GetProperty("newEpisodes").GetInt32()));

        JsonElement plan = (await RunAsync("plan", "--audio-hours-per-core-hour", "40", "--rate", "1MB/s", "--json")).Json();
        Assert.Equal((6, 3.0, 0.6), (plan.GetProperty("episodes").GetInt32(), plan.GetProperty("hours").GetDouble(),
            Math.Round(plan.GetProperty("gigabytes").GetDouble(), 6)));
        Assert.Equal(3 / 40.0, plan.GetProperty("coreHours").GetDouble(), 1e-9);

        JsonElement dry = (await RunAsync("sync", "--dry-run", "--json")).Json();
        Assert.Equal((6, 0), (dry.GetProperty("waiting").GetInt32(), dry.GetProperty("stored").GetInt32()));

        JsonElement done = (await RunAsync("sync", "Show 1", "--pause", "0s", "--json")).Json();
        Assert.Equal((1, 2), (done.GetProperty("feeds").GetInt32(), done.GetProperty("stored").GetInt32()));
        Assert.Equal(6, (await RunAsync("sync", "--pause", "0s", "--json")).Json().GetProperty("stored").GetInt32()
            + done.GetProperty("stored").GetInt32());

        JsonElement shown = (await RunAsync("list", "--json")).Json();
        Assert.Equal(["show-0", "show-1", "show-2"], shown.EnumerateArray().Select(feed => feed.GetProperty("folder").GetString()));
        (await RunAsync("remove", "show-2")).Succeeded();
        string exported = (await RunAsync("opml")).Output;
        Assert.Contains($"{_server.Url}1/feed", exported, StringComparison.Ordinal);
        Assert.DoesNotContain($"{_server.Url}2/feed", exported, StringComparison.Ordinal);

        // Added again, it is known: nothing is fetched twice.
        (await RunAsync("add", $"{_server.Url}2/feed")).Succeeded();
        Assert.Equal(0, (await RunAsync("sync", "--pause", "0s", "--json")).Json().GetProperty("stored").GetInt32());
    }

    [Fact]
    public async Task AddAndExport_PrivateFeed_NeverShowItsToken()
    {
        _server.Serve("/rss", Feed("Private", 1));
        string address = $"http://user:{Token}@127.0.0.1:{_server.Url.Port}/rss?auth={Token}";

        foreach (string[] arguments in new[] { new[] { "add", address }, ["list"], ["list", "--json"], ["sync"], ["episodes", "--json"], ["opml"] })
        {
            Outcome outcome = await RunAsync(arguments);
            Assert.DoesNotContain(Token, outcome.Output + outcome.Errors, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("ftp://example.com/feed", "neither a file nor an address")]
    [InlineData("nothing.opml", "neither a file nor an address")]
    public async Task Add_WhatIsNoFeed_SaysWhatItIs(string source, string says) =>
        Assert.Contains(says, (await RunAsync("add", source)).Refused(2), StringComparison.Ordinal);

    [Fact]
    public async Task Add_Page_IsNotAdded()
    {
        _server.Serve("/page", "<html><body>A show</body></html>"u8.ToArray(), "text/html");
        Outcome outcome = await RunAsync("add", $"{_server.Url}page");
        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains("<html>", outcome.Errors, StringComparison.Ordinal);
        Assert.Equal(0, (await RunAsync("list", "--json")).Json().GetArrayLength());
    }

    [Theory]
    [InlineData("add", "http://127.0.0.1/", "--match", "(")]
    [InlineData("add", "http://127.0.0.1/", "--limit", "0")]
    [InlineData("sync", "--rate", "fast")]
    [InlineData("sync", "--pause", "soon")]
    [InlineData("sync", "--per-host", "99")]
    [InlineData("sync", "no such feed")]
    public async Task AnyCommand_ValueThatCannotBe_IsRefused(params string[] arguments)
    {
        Outcome outcome = await RunAsync(arguments);
        Assert.Equal(2, outcome.ExitCode);
        Assert.DoesNotContain("Unhandled", outcome.Errors, StringComparison.Ordinal);
    }

    private Task<Outcome> RunAsync(params string[] arguments) => Nrser.RunWithAsync(_environment, ["podcast", .. arguments]);

    private static byte[] Feed(string title, int episodes) => Encoding.UTF8.GetBytes(
        $"<rss xmlns:itunes=\"http://www.itunes.com/dtds/podcast-1.0.dtd\"><channel><title>{title}</title>{string.Concat(Enumerable.Range(0, episodes)
            .Select(number => $"<item><title>{number}</title><guid>{title} {number}</guid><itunes:duration>30:00</itunes:duration>"
                + $"<enclosure url=\"{number}.mp3\" length=\"100000000\" type=\"audio/mpeg\"/></item>"))}</channel></rss>");

    private static byte[] Audio(int number)
    {
        byte[] content = new byte[1000];
        new Random(number).NextBytes(content);
        "ID3"u8.CopyTo(content);
        return content;
    }
}
