using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Azure.Storage.Blobs.Models;
using NrSer.Cli.Tests.Processes;
using NrSer.Pipeline.Storage;
using NrSer.Testing;

namespace NrSer.Cli.Tests.Commands.Podcasts;

/// <summary><c>nrser podcast sync</c>, killed at random and started again: every episode is there once, with the bytes of its server.</summary>
public sealed class PodcastKillTests(StorageEmulator emulator) : IClassFixture<StorageEmulator>
{
    private const int EpisodeBytes = 1_200_000; // two blocks

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public Task Sync_KilledAtRandom_FetchesEveryEpisodeOnce() => RunAsync(episodes: 10, kills: 1);

    // Ten minutes on two cores: dotnet run --project tests/NrSer.Cli.Tests -c Release -- -explicit only -class "*PodcastKillTests"
    [Fact(Explicit = true)]
    public Task Sync_OfFiveHundred_KilledTwentyTimes_FetchesEveryEpisodeOnce() => RunAsync(episodes: 500, kills: 20);

    // What an archive of years holds: 100,000 episodes, all known. Minutes: the emulator has to take their rows first.
    [Fact(Explicit = true)]
    public async Task Sync_OfAHundredThousandKnownEpisodes_KeepsWithinItsMemory()
    {
        const int Feeds = 20;
        using var scratch = new Scratch();
        await using var server = new PodcastServer();
        StorageAccount account = await StorageAccount.CreateAsync(emulator);
        var list = new StringBuilder("<opml version=\"2.0\"><body>");
        for (int feed = 0; feed < Feeds; feed++)
        {
            byte[] content = PodcastServer.Feed(5000);
            server.Serve($"/{feed}/feed", _ => new PodcastAnswer(200, content));
            list.Append(CultureInfo.InvariantCulture, $"<outline xmlUrl=\"{server.Url}{feed}/feed\"/>");
        }

        var environment = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["NrSer__Storage__ConnectionString"] = account.ConnectionString, ["NrSer__Podcasts__PrivateHosts"] = "127.0.0.1",
            ["NrSer__Podcasts__Pause"] = "00:00:00", ["NrSer__Podcasts__PerHost"] = "16",
        };
        string subscriptions = scratch.Write("list.opml", Encoding.UTF8.GetBytes(list.Append("</body></opml>").ToString()));
        (Outcome add, long added) = await Nrser.RunMeasuredAsync(environment, "podcast", "add", subscriptions, "--limit", "1");
        (Outcome sync, long synced) = await Nrser.RunMeasuredAsync(environment, "podcast", "sync", "--recheck", "--dry-run");
        add.Succeeded();
        sync.Succeeded();
        TestContext.Current.SendDiagnosticMessage($"{added / 1e6:F0} MB at most to add, {synced / 1e6:F0} MB to sync");
        Assert.InRange(synced, 1, 150_000_000);
    }

    private async Task RunAsync(int episodes, int kills)
    {
        await using var server = new PodcastServer();
        for (int number = 0; number < episodes; number++)
            server.Serve($"/{number}.mp3", SampleShows.Audio(number, EpisodeBytes));
        server.Serve("/feed", PodcastServer.Feed(episodes), "application/rss+xml");
        StorageAccount account = await StorageAccount.CreateAsync(emulator);
        var environment = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["NrSer__Storage__ConnectionString"] = account.ConnectionString, ["NrSer__Podcasts__PrivateHosts"] = "127.0.0.1",
        };
        (await Nrser.RunWithAsync(environment, "podcast", "add", new Uri(server.Url, "feed").AbsoluteUri)).Succeeded();
        string[] sync = ["podcast", "sync", "--pause", "0s", "--in-flight", "100000", "--json"];

        var random = new Random(1);
        long peakBytes = 0;
        for (int kill = 0; kill < kills; kill++)
        {
            int asked = server.Requests.Count + 2 + random.Next(episodes / (kills + 1)); // the feed, then so many episodes
            using Process process = Process.Start(Nrser.StartInfo(environment, ownSession: false, sync))!;
            await Polling.UntilAsync(() =>
            {
                peakBytes = Math.Max(peakBytes, Nrser.PeakOf(process));
                return Task.FromResult(server.Requests.Count >= asked || process.HasExited);
            });
            process.Kill();
            await process.WaitForExitAsync(Stop);
        }

        if (kills == 1)
        {
            (await Nrser.RunWithAsync(environment, sync)).Succeeded();
        }
        else // hundreds are left: in a process of its own, which may take its time
        {
            (Outcome last, long peak) = await Nrser.RunMeasuredAsync(environment, sync);
            last.Succeeded();
            peakBytes = Math.Max(peakBytes, peak);
        }

        Assert.InRange(peakBytes, 0, 150_000_000);

        (string Name, string Content)[] blobs = await account.BlobsAsync(StorageNames.Recordings);
        Assert.Equal(episodes, blobs.Length);
        Assert.Equal(
            Enumerable.Range(0, episodes).Select(number => Convert.ToHexString(SHA256.HashData(SampleShows.Audio(number, EpisodeBytes))))
                .Order(StringComparer.Ordinal),
            blobs.Select(blob => Convert.ToHexString(SHA256.HashData(Convert.FromBase64String(blob.Content)))).Order(StringComparer.Ordinal));
        await foreach (BlobItem blob in account.Blobs.Container(StorageNames.Recordings)
            .GetBlobsAsync(BlobTraits.None, BlobStates.Uncommitted, prefix: null, Stop))
        {
            Assert.Contains(blobs, stored => stored.Name == blob.Name); // nothing half
        }

        Outcome listing = await Nrser.RunWithAsync(environment, "podcast", "episodes", "--json");
        Assert.Equal(episodes, listing.Json().EnumerateArray().Count(episode => episode.GetProperty("status").GetString() == "Stored"));
        TestContext.Current.SendDiagnosticMessage(
            $"{episodes} episodes, {kills} kills, {server.Requests.Count} requests, {peakBytes / 1e6:F0} MB at most");
    }
}
