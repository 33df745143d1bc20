using NrSer.Pipeline.Podcasts;
using NrSer.Pipeline.Results;
using NrSer.Testing;

namespace NrSer.Pipeline.Tests.Podcasts;

/// <summary>Hosts that are dead, busy or shared: each feed waits for its own.</summary>
public sealed class PodcastSyncHostsTests(StorageEmulator emulator)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Sync_DeadHost_DelaysNoOther()
    {
        await using PodcastsUnderTest podcasts = await PodcastsUnderTest.CreateAsync(emulator, ("Attempts", "2"));
        podcasts.Server.Serve("/dead", PodcastsUnderTest.FeedOf(
            "Dead", [.. Enumerable.Range(0, 20).Select(number => ((string?)$"{number}", $"{number:D2}", $"http://127.0.0.1:1/{number}.mp3"))]));
        podcasts.Server.Serve("/1.mp3", PodcastsUnderTest.Audio(1));
        podcasts.Server.Serve("/alive", PodcastsUnderTest.FeedOf("Alive", ("1", "One", "1.mp3")));
        Feed dead = await podcasts.FollowAsync("dead"), alive = await podcasts.FollowAsync("alive");

        await podcasts.SyncAsync();

        Assert.Equal(EpisodeStatus.Stored, (await podcasts.EpisodesAsync(alive))[0].Status);
        Assert.All(await podcasts.EpisodesAsync(dead), episode => Assert.Equal(EpisodeStatus.Listed, episode.Status));
        Assert.True((await podcasts.Store.FindFeedAsync(dead.Id, Stop))!.HasWork);
    }

    // As shows do that count their listeners: one address in front of everybody's files.
    [Fact]
    public async Task Sync_DeadHostBehindARedirector_LeavesTheRedirectorToOthers()
    {
        await using PodcastsUnderTest podcasts = await PodcastsUnderTest.CreateAsync(
            emulator, ("Attempts", "2"), ("RetryDelay", "00:00:00.001"), ("PerHost", "1"));
        await using var files = new PodcastServer();
        files.Serve("/1.mp3", PodcastsUnderTest.Audio(1));
        podcasts.Server.Serve("/dead.mp3", _ => new PodcastAnswer(302, []) { Headers = { ["Location"] = "http://127.0.0.1:1/dead.mp3" } });
        podcasts.Server.Serve("/1.mp3", _ => new PodcastAnswer(302, []) { Headers = { ["Location"] = new Uri(files.Url, "1.mp3").AbsoluteUri } });
        podcasts.Server.Serve("/feed", PodcastsUnderTest.FeedOf("Show", ("1", "One", "dead.mp3"), ("2", "Two", "1.mp3")));
        Feed feed = await podcasts.FollowAsync("feed");

        await podcasts.SyncAsync();
        await podcasts.SyncAsync(); // whichever came first

        Episode[] episodes = await podcasts.EpisodesAsync(feed);
        Assert.Equal([EpisodeStatus.Listed, EpisodeStatus.Stored], episodes.Select(episode => episode.Status));
        Assert.Contains("127.0.0.1:1", episodes[0].Reason, StringComparison.Ordinal);
        Assert.Single(files.Requests);
    }

    [Fact]
    public async Task Sync_ServerThatPutsUsOff_IsLeftAfterThree_AndTheRestIsTold()
    {
        await using PodcastsUnderTest podcasts = await PodcastsUnderTest.CreateAsync(emulator, ("PerHost", "1"), ("Attempts", "1"));
        for (int number = 0; number < 6; number++)
            podcasts.Server.Serve($"/{number}.mp3", _ => new PodcastAnswer(503, []) { Headers = { ["Retry-After"] = "3600" } });
        podcasts.Server.Serve("/feed", PodcastServer.Feed(6));
        await podcasts.FollowAsync("feed");

        List<SyncStep> first = await podcasts.SyncAsync(), second = await podcasts.SyncAsync();

        Assert.Equal((3, 3), (first.Count(step => step.IsLeft), first.Count(step => step is { Episode.Reason.Length: > 0, IsLeft: false })));
        Assert.Equal(2, podcasts.Server.Requests.Count); // the feed, and the one that asked for patience
        Assert.Equal(6, second.Count(step => step.Episode is not null));
    }

    [Fact]
    public async Task Sync_ManyFeedsOfOneHost_KeepToItsTwoTurnsTogether()
    {
        await using PodcastsUnderTest podcasts = await PodcastsUnderTest.CreateAsync(emulator, ("StallLimit", "00:10:00")); // the server is held
        var both = new TaskCompletionSource();
        for (int feed = 0; feed < 4; feed++)
        {
            podcasts.Server.Serve($"/{feed}", PodcastsUnderTest.FeedOf($"Show {feed}", ("1", "One", $"{feed}-1.mp3"), ("2", "Two", $"{feed}-2.mp3")));
            await podcasts.FollowAsync($"{feed}");
            for (int episode = 1; episode <= 2; episode++)
            {
                byte[] audio = PodcastsUnderTest.Audio((10 * feed) + episode);
                podcasts.Server.Serve($"/{feed}-{episode}.mp3", _ => new PodcastAnswer(200, audio) { Hold = both.Task });
            }
        }

        Task<List<SyncStep>> sync = podcasts.SyncAsync();
        await Polling.UntilAsync(() => Task.FromResult(podcasts.Server.MostAtOnce >= 2));
        both.SetResult();
        await sync;

        Assert.Equal(2, podcasts.Server.MostAtOnce);
        Assert.Equal(8, (await podcasts.BlobsAsync()).Length);
    }

    // Connections are accepted and nothing ever comes: whoever asks there waits for the longest there is, and has the room of others meanwhile.
    [Fact]
    public async Task Sync_HostThatHangs_LeavesRoomForOthers()
    {
        await using PodcastsUnderTest podcasts = await PodcastsUnderTest.CreateAsync(emulator, ("InFlight", "4"), ("StallLimit", "00:10:00"));
        await using var dead = new PodcastServer();
        dead.Serve("/1.mp3", _ => new PodcastAnswer(200, []) { Delay = Timeout.InfiniteTimeSpan });
        dead.Serve("/feed", _ => new PodcastAnswer(200, []) { Delay = Timeout.InfiniteTimeSpan });
        var feeds = new List<Feed>();
        for (int number = 0; number < 6; number++) // of which four would fill the room
        {
            podcasts.Server.Serve($"/{number}", PodcastsUnderTest.FeedOf($"Dead {number}", ("1", "One", $"{dead.Url}1.mp3?{number}")));
            feeds.Add(await podcasts.FollowAsync($"{number}"));
        }

        for (int number = 0; number < 70; number++) // of which 64 would be read at once
            feeds.Add(await podcasts.FollowAsync(new Uri(dead.Url, $"feed?{number}").AbsoluteUri));
        Task asked = Polling.UntilAsync(() => Task.FromResult(dead.Requests.Count == 2));
        podcasts.Server.Serve("/alive", _ => new PodcastAnswer(
            200, PodcastsUnderTest.FeedOf("Alive", ("1", "One", "1.mp3"), ("2", "Two", "2.mp3")))
        { Hold = asked });
        podcasts.Server.Serve("/1.mp3", PodcastsUnderTest.Audio(1));
        podcasts.Server.Serve("/2.mp3", PodcastsUnderTest.Audio(2));
        Feed alive = await podcasts.FollowAsync("alive");

        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        Task sync = podcasts.Get<PodcastSync>().RunAsync(
            [.. feeds, alive], new SyncSettings(IsAnew: false, IsDry: false, IsAnnounced: false), _ => { }, stopping.Token);
        await Polling.UntilAsync(async () => (await podcasts.BlobsAsync()).Length == 2);

        Assert.Equal(2, dead.Requests.Count); // which hang as before
        await stopping.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sync);
    }
}
