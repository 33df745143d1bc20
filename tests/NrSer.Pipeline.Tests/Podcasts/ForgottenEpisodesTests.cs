using Azure.Storage.Blobs;
using NrSer.Pipeline.Forgetting;
using NrSer.Pipeline.Lake;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;
using NrSer.Pipeline.Storage;
using NrSer.Testing;

namespace NrSer.Pipeline.Tests.Podcasts;

public sealed class ForgottenEpisodesTests(StorageEmulator emulator)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task SyncAsync_ForgottenEpisode_IsNeverFetchedAgainWhateverItsFeedSays()
    {
        await using PodcastsUnderTest podcasts = await PodcastsUnderTest.CreateAsync(emulator);
        Feed feed = await TwoEpisodesAsync(podcasts);
        Episode first = (await podcasts.EpisodesAsync(feed))[0];
        RemovedV1 removed = await ForgetAsync(podcasts, [first.BlobName!]);
        Assert.Equal((1, 1), (removed.Uploads, removed.Episodes));
        Assert.Equal("Two", Assert.Single(await podcasts.EpisodesAsync(feed)).Title);

        await podcasts.SyncAsync(isAnew: true);
        podcasts.Server.Serve("/feed", PodcastsUnderTest.FeedOf("A show", ("another id", "One, anew", $"{podcasts.Server.Url}1.mp3?token=2"),
            ("b", "Two", $"{podcasts.Server.Url}2.mp3")));
        await podcasts.SyncAsync(isAnew: true);
        Assert.Equal("Two", Assert.Single(await podcasts.EpisodesAsync(feed)).Title);
        Assert.Single(await podcasts.BlobsAsync());
        Assert.DoesNotContain(await Search.FindAsync(podcasts.Account, first.BlobName!, first.Key, first.Sha256!, "One"), IsNoNote);
    }

    [Fact]
    public async Task RunAsync_WholeFeed_NothingOfItIsKnownAndNothingIsFetchedAgain()
    {
        await using PodcastsUnderTest podcasts = await PodcastsUnderTest.CreateAsync(emulator);
        Feed feed = await TwoEpisodesAsync(podcasts);
        ForgetPlan plan = await podcasts.Get<ForgetTargets>().OfFeedAsync(feed, Stop);
        Assert.Equal(2, plan.Requests.Count);
        foreach (ForgetRequest request in plan.Requests)
        {
            DateOnly day = DateOnly.ParseExact(request.Id.Day, "yyyyMMdd", System.Globalization.CultureInfo.InvariantCulture);
            await GeneratedResults.StoreAsync(podcasts.Account, GeneratedResults.Recording(0, day, 3) with
            {
                Id = request.Id,
                BlobName = request.BlobName,
            }, Stop);
        }

        await podcasts.Get<LakeCompactor>().CompactAsync(Stop);
        Assert.Equal(["A show|One", "A show|Two"], await InLakeAsync(podcasts));
        await podcasts.Get<ForgetRecordings>().RequestAsync(plan.Requests, Stop);
        await podcasts.Get<ForgetRecordings>().RunAsync(Stop);
        await podcasts.Get<ForgetFeed>().RunAsync(feed, Stop);
        Assert.Empty(await InLakeAsync(podcasts));
        Assert.Null(await podcasts.Store.FindFeedAsync(feed.Id, Stop));
        Assert.DoesNotContain(await Search.FindAsync(podcasts.Account, feed.Id, "A show", "a-show", ".mp3"), IsNoNote);

        await podcasts.FollowAsync("feed");
        await podcasts.SyncAsync(isAnew: true);
        Assert.Empty(await podcasts.BlobsAsync());
        Assert.Empty(await podcasts.EpisodesAsync(feed));
    }

    [Fact]
    public async Task SyncAsync_ForgottenWhileItIsFetched_TakesItBack()
    {
        await using PodcastsUnderTest podcasts = await PodcastsUnderTest.CreateAsync(emulator);
        podcasts.Server.Serve("/feed", PodcastsUnderTest.FeedOf("A show", ("a", "One", $"{podcasts.Server.Url}1.mp3")));
        podcasts.Server.Serve("/1.mp3", PodcastsUnderTest.Audio(1));
        Feed feed = await podcasts.FollowAsync("feed");
        await podcasts.Updates.RunAsync((await podcasts.Store.FindFeedAsync(feed.Id, Stop))!, isAnew: true, Stop);
        Episode listed = Assert.Single(await podcasts.EpisodesAsync(feed));

        // Fetched by somebody who has just committed the blob, and has not said so yet.
        Episode fetching = (await podcasts.Store.TryWriteAsync(listed with
        {
            Status = EpisodeStatus.Fetching,
            FetchedBy = "another/1",
            FetchedUntil = TimeProvider.System.GetUtcNow().AddMinutes(15),
        }, Stop))!;
        await podcasts.Get<EpisodeErasure>().RunAsync([fetching], Stop);
        BlobClient blob = podcasts.Account.Blobs.Container(StorageNames.Recordings).GetBlobClient("podcasts/a-show/late.mp3");
        await blob.UploadAsync(
            BinaryData.FromBytes(await Recordings.SpeechAsync()),
            new Azure.Storage.Blobs.Models.BlobUploadOptions
            {
                Metadata = new Dictionary<string, string>(StringComparer.Ordinal) { ["feedId"] = fetching.FeedId, ["episodeKey"] = fetching.Key },
            }, Stop);

        // Whoever finds it finds out: it is forgotten as well.
        await using Stages.PipelineUnderTest pipeline = Stages.PipelineUnderTest.On(podcasts.Account);
        await pipeline.Uploads.AnnounceAsync(await pipeline.ListedUploadAsync(), Stop);
        Assert.Single(await pipeline.DrainAsync());
        pipeline.Time.Advance(TimeSpan.FromMinutes(2));
        await pipeline.Sweep.RunAsync(Stop);
        Assert.Empty(await podcasts.BlobsAsync());
        Assert.Single(await Search.TombstonesAsync(podcasts.Account));
    }

    /// <summary>Feeds and episodes that the lake knows.</summary>
    private static Task<string[]> InLakeAsync(PodcastsUnderTest podcasts) => Search.InLakeAsync(
        podcasts.Account, "SELECT f.Title, e.Title FROM feeds f FULL JOIN episodes e USING (FeedId) ORDER BY ALL");

    private static bool IsNoNote(string found) => !found.StartsWith("forgotten: ", StringComparison.Ordinal);

    private static async Task<Feed> TwoEpisodesAsync(PodcastsUnderTest podcasts)
    {
        podcasts.Server.Serve("/feed", PodcastsUnderTest.FeedOf("A show", ("a", "One", $"{podcasts.Server.Url}1.mp3"),
            ("b", "Two", $"{podcasts.Server.Url}2.mp3")));
        podcasts.Server.Serve("/1.mp3", PodcastsUnderTest.Audio(1));
        podcasts.Server.Serve("/2.mp3", PodcastsUnderTest.Audio(2));
        Feed feed = await podcasts.FollowAsync("feed");
        await podcasts.SyncAsync();
        Assert.All(await podcasts.EpisodesAsync(feed), episode => Assert.Equal(EpisodeStatus.Stored, episode.Status));
        return (await podcasts.Store.FindFeedAsync(feed.Id, Stop))!;
    }

    private static async Task<RemovedV1> ForgetAsync(PodcastsUnderTest podcasts, string[] names)
    {
        ForgetPlan plan = await podcasts.Get<ForgetTargets>().FindAsync(names, [], Stop);
        await podcasts.Get<ForgetRecordings>().RequestAsync(plan.Requests, Stop);
        return (await podcasts.Get<ForgetRecordings>().RunAsync(Stop))![^1].Proof.Removed;
    }
}
