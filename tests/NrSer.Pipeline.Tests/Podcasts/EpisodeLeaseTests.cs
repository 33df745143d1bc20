using Microsoft.Extensions.Time.Testing;
using NrSer.Pipeline.Podcasts;
using NrSer.Pipeline.Results;
using NrSer.Testing;

namespace NrSer.Pipeline.Tests.Podcasts;

/// <summary>Whose an episode is while its download takes long, on a clock that goes by hand.</summary>
public sealed class EpisodeLeaseTests(StorageEmulator emulator)
{
    private const string Elsewhere = "elsewhere/1/1 1";

    private readonly FakeTimeProvider _time = new(TimeProvider.System.GetUtcNow().AddHours(1)); // behind every turn at the host
    private readonly TaskCompletionSource _rest = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Fetch_LongerThanTheLease_IsTakenOverByNobody()
    {
        await using PodcastsUnderTest podcasts = await PodcastsUnderTest.CreateAsync(emulator);
        await using PodcastsUnderTest one = podcasts.Beside(_time, ("StallLimit", "00:10:00"));
        (Feed feed, Task<Episode?> fetching) = await BeginAsync(podcasts, one);
        DateTimeOffset until = (await FindAsync(podcasts, feed)).FetchedUntil!.Value;

        _time.Advance(EpisodeLease.Duration / 3);
        Episode renewed = await Polling.ForAsync(async () =>
            await FindAsync(podcasts, feed) is { } episode && episode.FetchedUntil > until ? episode : null);
        await using PodcastsUnderTest other = podcasts.Beside(new FakeTimeProvider(until.AddMinutes(1)));
        Assert.Null(await other.Fetch.RunAsync(feed, renewed, isAnnounced: false, Stop));

        _rest.SetResult();
        Assert.Equal(EpisodeStatus.Stored, (await fetching)?.Status);
        Assert.Equal((EpisodeStatus.Stored, null), ((await FindAsync(podcasts, feed)).Status, (await FindAsync(podcasts, feed)).FetchedUntil));
        Assert.Single(podcasts.Server.Requests, request => request.Path == "/1.mp3");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Fetch_TakenOverOrForgotten_StopsAndStoresNothing(bool isForgotten)
    {
        await using PodcastsUnderTest podcasts = await PodcastsUnderTest.CreateAsync(emulator);
        await using PodcastsUnderTest one = podcasts.Beside(_time, ("StallLimit", "00:10:00"));
        (Feed feed, Task<Episode?> fetching) = await BeginAsync(podcasts, one);
        Episode taken = await FindAsync(podcasts, feed);
        if (isForgotten)
            await podcasts.Store.DeleteEpisodeAsync(taken, Stop);
        else
            await podcasts.Store.TryWriteAsync(taken with { FetchedBy = Elsewhere }, Stop);

        _time.Advance(EpisodeLease.Duration / 3);
        Assert.Null(await fetching); // the server still holds the rest

        Assert.Empty(await podcasts.BlobsAsync());
        Assert.Equal(isForgotten ? [] : [Elsewhere], (await podcasts.EpisodesAsync(feed)).Select(episode => episode.FetchedBy));
    }

    [Fact]
    public async Task Fetch_WhileItsFeedIsReadAnew_EndsWithWhatBothSay()
    {
        await using PodcastsUnderTest podcasts = await PodcastsUnderTest.CreateAsync(emulator);
        (Feed feed, Task<Episode?> fetching) = await BeginAsync(podcasts, podcasts);
        podcasts.Server.Serve("/feed", PodcastsUnderTest.FeedOf("Show", ("1", "One, anew", "1.mp3")));
        await podcasts.Updates.RunAsync(feed, isAnew: true, Stop);

        _rest.SetResult();
        Assert.Equal((EpisodeStatus.Stored, "One, anew"), ((await fetching)!.Status, (await fetching)!.Title));
        Assert.Equal((await fetching)!.BlobName, Assert.Single(await podcasts.BlobsAsync()).Name);
    }

    /// <summary>Begins to fetch an episode, of which half has come when this returns.</summary>
    private async Task<(Feed Feed, Task<Episode?> Fetching)> BeginAsync(PodcastsUnderTest podcasts, PodcastsUnderTest fetching)
    {
        podcasts.Server.Serve("/1.mp3", _ => new PodcastAnswer(200, PodcastsUnderTest.Audio(1)) { Hold = _rest.Task });
        podcasts.Server.Serve("/feed", PodcastsUnderTest.FeedOf("Show", ("1", "One", "1.mp3")));
        Feed feed = (await podcasts.Updates.RunAsync(await podcasts.FollowAsync("feed"), isAnew: false, Stop)).Feed;
        Task<Episode?> fetch = fetching.Fetch.RunAsync(feed, await FindAsync(podcasts, feed), isAnnounced: false, Stop);
        await Polling.UntilAsync(() => Task.FromResult(podcasts.Server.Requests.Any(request => request.Path == "/1.mp3")));
        return (feed, fetch);
    }

    private static async Task<Episode> FindAsync(PodcastsUnderTest podcasts, Feed feed) => Assert.Single(await podcasts.EpisodesAsync(feed));
}
