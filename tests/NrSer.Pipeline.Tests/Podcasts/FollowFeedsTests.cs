using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using NrSer.Pipeline.Podcasts;
using NrSer.Pipeline.Podcasts.Web;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Work;
using NrSer.Testing;

namespace NrSer.Pipeline.Tests.Podcasts;

public sealed class FollowFeedsTests(StorageEmulator emulator)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Run_TwoFeeds_AsksForAShareOfEachAndNoMoreWhileTheyWait()
    {
        await using PodcastsUnderTest podcasts = await PodcastsUnderTest.CreateAsync(emulator);
        Feed[] feeds = [await FollowAsync(podcasts, "one", 30), await FollowAsync(podcasts, "two", 2)];
        var queue = new ListedQueue();
        FollowFeeds follow = Following(podcasts, queue, inFlight: 10);

        await follow.RunAsync(Stop);
        FetchEpisodeV1[] asked = [.. queue.Sent.Select(message => message.AsFetchEpisode())];
        Assert.Equal(2, asked.Count(message => message.FeedId == feeds[1].Id));
        Assert.InRange(asked.Count(message => message.FeedId == feeds[0].Id), 5, 8); // by which comes first
        Assert.Distinct(queue.Sent.Select(message => message.MessageId));

        await follow.RunAsync(Stop);
        Assert.Equal(asked.Length, queue.Sent.Count); // those that were asked for come first
    }

    [Fact]
    public async Task Run_FeedWithoutAnAddress_HoldsUpNoOther()
    {
        await using PodcastsUnderTest podcasts = await PodcastsUnderTest.CreateAsync(emulator);
        DateTimeOffset never = new(9000, 1, 1, 0, 0, 0, TimeSpan.Zero);
        await podcasts.Store.TryWriteAsync(new Feed { Id = "00000000000000ab", Slug = "nowhere", NextCheckAt = never }, Stop);
        Feed feed = await FollowAsync(podcasts, "show", 2);
        var queue = new ListedQueue();
        await Following(podcasts, queue, inFlight: 10).RunAsync(Stop);
        Assert.Equal([feed.Id, feed.Id], queue.Sent.Select(message => message.AsFetchEpisode().FeedId));
    }

    [Fact]
    public async Task Run_Message_FetchesItsEpisodeOnceAndEndsTheWork()
    {
        await using PodcastsUnderTest podcasts = await PodcastsUnderTest.CreateAsync(emulator);
        Feed feed = await FollowAsync(podcasts, "show", 2);
        var queue = new ListedQueue();
        FollowFeeds follow = Following(podcasts, queue, inFlight: 10);
        await follow.RunAsync(Stop);
        foreach (WorkMessage message in queue.Sent.Concat(queue.Sent).ToArray())
            await podcasts.Fetch.RunAsync(message, Stop);
        Assert.All(await podcasts.EpisodesAsync(feed), episode => Assert.Equal(EpisodeStatus.Stored, episode.Status));
        Assert.Equal(2, (await podcasts.BlobsAsync()).Length);
        Assert.Equal(3, podcasts.Server.Requests.Count);
        Assert.Equal(2, await podcasts.Account.Store.Open.CountUnfinishedAsync(10, Stop)); // before anybody tells of the uploads

        queue.Sent.Clear();
        await follow.RunAsync(Stop);
        Assert.Empty(queue.Sent);
        Assert.False((await podcasts.Store.FindFeedAsync(feed.Id, Stop))!.HasWork);
        Assert.Equal(3, podcasts.Server.Requests.Count); // the feed is not due
    }

    [Fact]
    public async Task Run_EnoughIsUnfinished_AsksForNothing()
    {
        await using PodcastsUnderTest podcasts = await PodcastsUnderTest.CreateAsync(emulator);
        await FollowAsync(podcasts, "show", 5);
        for (int number = 0; number < 3; number++)
            await podcasts.Account.Store.AdvanceAsync(
                new Recording { Id = RecordingId.Parse($"20260309-{number:x16}"), Status = RecordingStatus.Processing }, Stop);
        var queue = new ListedQueue();
        await Following(podcasts, queue, inFlight: 3).RunAsync(Stop);
        Assert.Empty(queue.Sent);
        await Following(podcasts, queue, inFlight: 4).RunAsync(Stop);
        Assert.Single(queue.Sent);
    }

    [Fact]
    public async Task Run_HostThatHangs_HoldsUpNoEpisodeOfAnother()
    {
        await using PodcastsUnderTest podcasts = await PodcastsUnderTest.CreateAsync(emulator, ("StallLimit", "00:10:00"));
        await using var dead = new PodcastServer();
        dead.Serve("/feed", _ => new PodcastAnswer(200, []) { Delay = Timeout.InfiniteTimeSpan });
        await podcasts.FollowAsync(new Uri(dead.Url, "feed").AbsoluteUri);
        Feed feed = await FollowAsync(podcasts, "show", 2);
        var queue = new ListedQueue();
        var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(Stop);

        Task step = Following(podcasts, queue, inFlight: 10, time).RunAsync(stopping.Token);
        await Polling.UntilAsync(() =>
        {
            time.Advance(TimeSpan.FromSeconds(10));
            return Task.FromResult(queue.Sent.Count == 2);
        });

        Assert.Equal([feed.Id, feed.Id], queue.Sent.Select(message => message.AsFetchEpisode().FeedId));
        Assert.Single(dead.Requests);
        Assert.False(step.IsCompleted);
        await stopping.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => step);
    }

    private static Task<Feed> FollowAsync(PodcastsUnderTest podcasts, string name, int episodes)
    {
        for (int number = 0; number < episodes; number++)
            podcasts.Server.Serve($"/{name}-{number}.mp3", PodcastsUnderTest.Audio(HashCode.Combine(name, number)));
        podcasts.Server.Serve($"/{name}", PodcastsUnderTest.FeedOf(
            name, [.. Enumerable.Range(0, episodes).Select(number => ((string?)$"{number}", $"Episode {number}", $"{name}-{number}.mp3"))]));
        return podcasts.FollowAsync(name);
    }

    private static FollowFeeds Following(PodcastsUnderTest podcasts, ListedQueue queue, int inFlight, TimeProvider? time = null) => new(
        podcasts.Store, podcasts.Updates, podcasts.Account.Store, queue, Options.Create(new PodcastOptions { InFlight = inFlight }),
        time ?? TimeProvider.System);

    /// <summary>Remembers what it was sent.</summary>
    private sealed class ListedQueue : IWorkQueue
    {
        public string Name => "downloads";

        public List<WorkMessage> Sent { get; } = [];

        public Task SendAsync(IReadOnlyCollection<WorkMessage> messages, CancellationToken cancellationToken)
        {
            Sent.AddRange(messages);
            return Task.CompletedTask;
        }

        public Task<IReadOnlyList<WorkDelivery>> ReceiveAsync(int max, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<DateTimeOffset?> OldestSentAtAsync(CancellationToken cancellationToken) =>
            Task.FromResult(Sent.Count > 0 ? DateTimeOffset.UnixEpoch : (DateTimeOffset?)null);
    }
}
