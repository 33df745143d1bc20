using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Azure.Storage.Blobs.Specialized;
using NrSer.Cli.Tests.Processes;
using NrSer.Pipeline.Results.Tables;
using NrSer.Pipeline.Storage;
using NrSer.Testing;

namespace NrSer.Cli.Tests.Commands.Podcasts;

public sealed class PodcastCommandTests(StorageEmulator emulator) : IClassFixture<StorageEmulator>, IAsyncLifetime
{
    private const string Token = "aB3dE5fG7hI9jK1lM3nO5pQ7";

    private readonly Scratch _scratch = new();
    private readonly PodcastServer _server = new();
    private readonly Dictionary<string, string> _environment = new(StringComparer.Ordinal) { ["NrSer__Podcasts__PrivateHosts"] = "127.0.0.1" };

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

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
            _server.Serve($"/{feed}/feed", SampleShows.Feed($"Show {feed}", 2));
            for (int episode = 0; episode < 2; episode++)
                _server.Serve($"/{feed}/{episode}.mp3", SampleShows.Audio((10 * feed) + episode));
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
        JsonElement removed = (await RunAsync("remove", "show-2", "--json")).Json();
        Assert.Equal("Show 2", removed.GetProperty("title").GetString());
        Assert.Equal(JsonValueKind.Null, removed.GetProperty("forgottenRecordings").ValueKind);
        Assert.Equal(["Show 0", "Show 1"], (await RunAsync("opml", "--json")).Json().GetProperty("feeds").EnumerateArray()
            .Select(feed => feed.GetProperty("title").GetString()));
        string exported = (await RunAsync("opml")).Output;
        Assert.Contains($"{_server.Url}1/feed", exported, StringComparison.Ordinal);
        Assert.DoesNotContain($"{_server.Url}2/feed", exported, StringComparison.Ordinal);

        // Added again, it is known: nothing is fetched twice.
        (await RunAsync("add", $"{_server.Url}2/feed")).Succeeded();
        Assert.Equal(0, (await RunAsync("sync", "--pause", "0s", "--json")).Json().GetProperty("stored").GetInt32());

        // Forgotten, it is gone, and comes not again.
        JsonElement forgotten = (await RunAsync("remove", "show-1", "--forget", "--yes", "--json")).Json();
        Assert.Equal((2, 1), (forgotten.GetProperty("forgottenRecordings").GetInt32(), forgotten.GetProperty("proofs").GetArrayLength()));
        (await Nrser.RunWithAsync(_environment, "forget", "verify")).Succeeded();
        (await RunAsync("add", $"{_server.Url}1/feed")).Succeeded();
        Assert.Equal(0, (await RunAsync("sync", "--pause", "0s", "--json")).Json().GetProperty("stored").GetInt32());
    }

    // In a process of its own, to its end, or killed in the middle.
    [Theory]
    [InlineData(2, false)]
    [InlineData(10, true)] // as many as are fetched before any is done
    [InlineData(0, false)]
    public async Task Forget_WholeFeed_LeavesNothingWhateverDies(int episodes, bool isKilled)
    {
        StorageAccount account = await StorageAccount.ConnectAsync(_environment["NrSer__Storage__ConnectionString"]);
        _server.Serve("/feed", SampleShows.Feed("Show", Math.Max(episodes, 1)));
        for (int episode = 0; episode < episodes; episode++)
            _server.Serve($"/{episode}.mp3", SampleShows.Audio(episode));
        (await RunAsync("add", $"{_server.Url}feed")).Succeeded();
        if (episodes > 0)
            (await RunAsync("sync", "--pause", "0s")).Succeeded();
        string[] words = ["Show", "show/", ".mp3", (await RunAsync("list", "--json")).Json()[0].GetProperty("feedId").GetString()!];
        string[] forget = ["forget", "--feed", "Show", "--yes", "--json"];
        if (isKilled)
        {
            var store = new PodcastStore(account.Tables);
            await using RunningNrser dying = await RunningNrser.StartAsync("", _environment, forget);
            await Waiting.UntilAsync("an episode less", async token =>
                dying.HasEnded || await store.AllEpisodesAsync(token).CountAsync(token) < episodes ? "" : null);
            bool isAtIt = !dying.HasEnded;
            await dying.KillAsync();
            Assert.SkipUnless(isAtIt, "It was done before it could be killed: this machine is too busy to look in time.");
            Assert.NotEmpty(await Search.FindAsync(account, words)); // it was not done yet
            await account.Blobs.Container(StorageNames.Chunks).GetBlobClient("leases/Forget").GetBlobLeaseClient()
                .BreakAsync(TimeSpan.Zero, cancellationToken: Stop); // which would run out within a minute
        }

        Outcome outcome = await Nrser.RunProcessInAsync(_scratch.Path, _environment, forget);
        outcome.Succeeded();
        JsonElement[] proofs = [.. outcome.Json().EnumerateArray()];
        Assert.Equal(1, proofs[^1].GetProperty("removed").GetProperty("podcasts").GetInt32());
        Assert.Equal(episodes, proofs.Sum(proof => proof.GetProperty("recordings").GetArrayLength()));
        Assert.DoesNotContain(await Search.FindAsync(account, words), line => !line.StartsWith("forgotten: ", StringComparison.Ordinal));
        Assert.Equal(episodes, (await Search.TombstonesAsync(account)).Length);
        (await Nrser.RunWithAsync(_environment, "forget", "verify")).Succeeded();
        Assert.Equal(0, (await RunAsync("list", "--json")).Json().GetArrayLength());
    }

    [Fact]
    public async Task Plan_OfAThousandHours_CostsOnEverySizeWhatTheReadmeSays()
    {
        _server.Serve("/feed", SampleShows.Feed("Show", 20, "50:00:00"));
        (await RunAsync("add", $"{_server.Url}feed")).Succeeded();

        JsonElement plan = (await RunAsync("plan", "--audio-hours-per-core-hour", "40", "--json")).Json();

        string[] readme = await File.ReadAllLinesAsync(Path.Combine(AppContext.BaseDirectory, "Stated", "README.md"), Stop);
        (string Size, double Dollars)[] stated = [.. readme
            .SkipWhile(line => line != "| where | arithmetic | 1,000 h |").Skip(2).TakeWhile(line => line.StartsWith('|'))
            .Select(line => line.Split('|', StringSplitOptions.TrimEntries))
            .Select(cells => (cells[1], double.Parse(cells[3].Split(' ')[0], CultureInfo.InvariantCulture)))];
        (string? Size, double Dollars)[] reckoned = [.. plan.GetProperty("prices").EnumerateArray()
            .Select(price => (price.GetProperty("size").GetString(), price.GetProperty("dollars").GetDouble()))];
        Assert.Equal(1000, plan.GetProperty("hours").GetDouble());
        Assert.Equal(stated.Select(size => size.Size), reckoned.Select(size => size.Size));
        Assert.All(stated.Zip(reckoned), pair => // the README rounds to one or two digits
            Assert.InRange(pair.Second.Dollars, 0.85 * pair.First.Dollars, 1.15 * pair.First.Dollars));
    }

    [Fact]
    public async Task Sync_RateAndUserAgent_AreThoseOfTheCommand()
    {
        _server.Serve("/feed", SampleShows.Feed("Show", 1));
        byte[] audio = [.. SampleShows.Audio(1), .. new byte[49_000]];
        Stopwatch? asked = null;
        _server.Serve("/0.mp3", _ =>
        {
            asked = Stopwatch.StartNew();
            return new PodcastAnswer(200, audio);
        });
        (await RunAsync("add", $"{_server.Url}feed")).Succeeded();

        (await RunAsync("sync", "--recheck", "--pause", "0s", "--rate", "100kB/s", "--user-agent", "My archive (me@example.org)")).Succeeded();

        Assert.True(asked!.Elapsed >= TimeSpan.FromSeconds(0.5)); // 50 kB
        Assert.StartsWith("NrSer/", _server.Requests.First().Header("User-Agent"), StringComparison.Ordinal);
        Assert.Equal(
            ["My archive (me@example.org)", "My archive (me@example.org)"], _server.Requests.Skip(1).Select(request => request.Header("User-Agent")));
    }

    // In a process of its own, which is where a proxy of the environment would be found.
    [Fact]
    public async Task Add_ProxyOfTheEnvironment_IsNotUsed()
    {
        await using var proxy = new PodcastServer();
        _server.Serve("/feed", SampleShows.Feed("Show", 1));
        _environment["NrSer__Podcasts__PrivateHosts"] = "localhost";
        (_environment["http_proxy"], _environment["no_proxy"]) = (proxy.Url.AbsoluteUri, "127.0.0.1"); // the storage is there

        Outcome added = await Nrser.RunProcessInAsync(
            Environment.CurrentDirectory, _environment, "podcast", "add", $"http://localhost:{_server.Url.Port}/feed");

        added.Succeeded();
        Assert.Single(_server.Requests);
        Assert.Empty(proxy.Requests);
    }

    [Fact]
    public async Task Sync_ServerThatPutsUsOff_SaysHowManyAndEndsWithOne()
    {
        _server.Serve("/0/feed", SampleShows.Feed("Show", 4));
        for (int episode = 0; episode < 4; episode++)
            _server.Serve($"/0/{episode}.mp3", _ => new PodcastAnswer(429, []) { Headers = { ["Retry-After"] = "7200" } });
        (await RunAsync("add", $"{_server.Url}0/feed")).Succeeded();

        Outcome sync = await RunAsync("sync", "--pause", "0s"), again = await RunAsync("sync", "--pause", "0s", "--json");

        Assert.Equal((1, 1), (sync.ExitCode, again.ExitCode));
        Assert.Contains("4 put off", sync.Output, StringComparison.Ordinal);
        Assert.Contains("a later run", sync.Errors, StringComparison.Ordinal);
        Assert.Equal(4, JsonDocument.Parse(again.Output).RootElement.GetProperty("putOff").GetInt32());
    }

    [Fact]
    public async Task AddAndExport_PrivateFeed_NeverShowItsToken()
    {
        _server.Serve("/rss", SampleShows.Feed("Private", 1));
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

    // Its rules are not applied to what is gone, nor is it said to be there.
    [Fact]
    public async Task Add_ForgottenWhileItIsRead_SaysThatItWasNotAdded()
    {
        _server.Serve("/feed", SampleShows.Feed("Show", 2));
        (await RunAsync("add", $"{_server.Url}feed")).Succeeded();
        _environment["NrSer__Podcasts__StallLimit"] = "00:05:00"; // the answer waits for whoever forgets
        Task<Outcome>? forgetting = null;
        _server.Serve("/feed", _ => new PodcastAnswer(200, SampleShows.Feed("Show", 3))
        {
            Hold = forgetting ??= Nrser.RunWithAsync(_environment, "forget", "--feed", "Show", "--yes"),
        });
        Outcome outcome = await RunAsync("add", $"{_server.Url}feed", "--limit", "1", "--json");
        (await forgetting!).Succeeded();
        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains("It was forgotten while it was read. It was not added.", outcome.Errors, StringComparison.Ordinal);
        using JsonDocument said = JsonDocument.Parse(outcome.Output);
        Assert.Equal(JsonValueKind.Null, said.RootElement.GetProperty("feeds")[0].GetProperty("feedId").ValueKind);
        Assert.Equal(0, (await RunAsync("list", "--json")).Json().GetArrayLength());
        StorageAccount account = await StorageAccount.ConnectAsync(_environment["NrSer__Storage__ConnectionString"]);
        Assert.Empty(await Search.FindAsync(account, "Show", ".mp3"));
    }

    [Theory]
    [InlineData("add", "http://127.0.0.1/", "--match", "(")]
    [InlineData("add", "http://127.0.0.1/", "--limit", "0")]
    [InlineData("sync", "--rate", "fast")]
    [InlineData("sync", "--rate", "0")]
    [InlineData("sync", "--rate", "-1MB/s")]
    [InlineData("plan", "--rate", "999B/s")]
    [InlineData("plan", "--audio-hours-per-core-hour", "0")]
    [InlineData("plan", "--audio-hours-per-core-hour", "NaN")]
    [InlineData("episodes", "--status", "99")]
    [InlineData("import", "no such.json")]
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
}
