using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Specialized;
using NrSer.Pipeline.Forgetting;
using NrSer.Pipeline.Lake;
using NrSer.Pipeline.Podcasts;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;
using NrSer.Pipeline.Storage;
using NrSer.Pipeline.Tests.Forgetting;
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
        ForgetPlan plan = await podcasts.Get<ForgetTargets>().OfFeedAsync(feed.Id, Stop);
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
        await podcasts.Get<ForgetRequests>().RequestAsync(new ForgetFeedRequest(feed.Id) { Reason = "case 7" }, Stop);
        ProofV1 proof = Assert.Single((await podcasts.Get<ForgetRecordings>().RunAsync(Stop))!).Proof;
        Assert.Equal(("case 7", 2, 2, 1), (proof.Reason, proof.Recordings.Count, proof.Removed.Episodes, proof.Removed.Podcasts));
        Assert.Empty(await InLakeAsync(podcasts));
        Assert.Null(await podcasts.Store.FindFeedAsync(feed.Id, Stop));
        Assert.DoesNotContain(await Search.FindAsync(podcasts.Account, feed.Id, "A show", "a-show", ".mp3"), IsNoNote);

        await podcasts.FollowAsync("feed");
        await podcasts.SyncAsync(isAnew: true);
        Assert.Empty(await podcasts.BlobsAsync());
        Assert.Empty(await podcasts.EpisodesAsync(feed));
    }

    // Whoever asked dies just before: recordings are noted, an episode's row goes, the podcast's, what the lake says of it; proof; request.
    [Theory]
    [InlineData("POST", "$batch")]
    [InlineData("DELETE", "episodes(")]
    [InlineData("DELETE", "feeds(")]
    [InlineData("PUT", "results/lake/")]
    [InlineData("PUT", "results/forgotten/")]
    [InlineData("DELETE", "forgotten(")]
    public async Task RunAsync_WholeFeedAndADeathInBetween_WhoeverComesNextGoesOn(string method, string path)
    {
        await using PodcastsUnderTest podcasts = await PodcastsUnderTest.CreateAsync(emulator);
        Feed feed = await TwoEpisodesAsync(podcasts);
        DateOnly day = DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().UtcDateTime);
        await GeneratedResults.StoreAsync(podcasts.Account, GeneratedResults.Recording(0, day, 3) with { BlobName = "talk.wav" }, Stop); // for a lake
        await podcasts.Get<LakeCompactor>().CompactAsync(Stop);
        using var death = new CancellationTokenSource();
        using var dying = new BeforeRequest(
            podcasts.Account, (verb, target) => verb.Method == method && target.StartsWith(path, StringComparison.Ordinal), death.CancelAsync);
        try
        {
            await podcasts.Get<ForgetRequests>().RequestAsync(new ForgetFeedRequest(feed.Id), death.Token);
            await podcasts.Get<ForgetRecordings>().RunAsync(death.Token);
        }
        catch (OperationCanceledException)
        {
            // As said.
        }

        Assert.True(dying.IsDone);
        await using Stages.PipelineUnderTest pipeline = Stages.PipelineUnderTest.On(podcasts.Account);
        await pipeline.Get<ForgetRecordings>().SweepAsync(Stop);
        Assert.Null(await podcasts.Store.FindFeedAsync(feed.Id, Stop));
        Assert.DoesNotContain("A show|", await InLakeAsync(podcasts));
        Assert.DoesNotContain(await Search.FindAsync(podcasts.Account, feed.Id, "A show", "a-show", ".mp3"), IsNoNote);
        Assert.False(await pipeline.Get<ForgottenStore>().HasRequestsAsync(Stop));
        Assert.NotNull(await pipeline.Get<ProofChain>().FindAsync(1, Stop));
        Assert.Empty(await pipeline.Get<ProofChain>().VerifyAsync(Stop).ToListAsync(Stop));
    }

    // Erasing recordings takes minutes, and whoever fetches knows of nothing: what comes meanwhile goes, too.
    [Fact]
    public async Task RunAsync_WholeFeedWhileAnEpisodeIsFetched_TakesThatWithIt()
    {
        await using PodcastsUnderTest podcasts = await PodcastsUnderTest.CreateAsync(emulator);
        Feed feed = await TwoEpisodesAsync(podcasts);
        await podcasts.Get<ForgetRequests>().RequestAsync(new ForgetFeedRequest(feed.Id), Stop);
        string name = $"{feed.NamePrefix}latecomer.mp3";
        using var fetched = new BeforeRequest(
            podcasts.Account,
            (verb, target) => verb == HttpMethod.Delete && target.StartsWith($"{StorageNames.Recordings}/", StringComparison.Ordinal), async () =>
            {
                await podcasts.Account.Blobs.Container(StorageNames.Recordings).GetBlobClient(name)
                    .UploadAsync(BinaryData.FromBytes(PodcastsUnderTest.Audio(3)), Stop);
                await podcasts.Store.TryWriteAsync(
                    new Episode
                    {
                        FeedId = feed.Id, Key = "ffffffffffffffff", Status = EpisodeStatus.Stored, Title = "Latecomer", BlobName = name,
                    }, Stop);
            });

        IReadOnlyList<(ProofV1 Proof, ProofHead Head)> proofs = (await podcasts.Get<ForgetRecordings>().RunAsync(Stop))!;

        Assert.True(fetched.IsDone);
        Assert.Null(fetched.Error);
        Assert.Equal((3, 1), (proofs.Sum(link => link.Proof.Recordings.Count), proofs.Sum(link => link.Proof.Removed.Podcasts)));
        Assert.Empty(await podcasts.BlobsAsync());
        Assert.DoesNotContain(await Search.FindAsync(podcasts.Account, feed.Id, "Latecomer", "latecomer", "a-show"), IsNoNote);
    }

    [Fact]
    public async Task RunAsync_WholeFeedBesideAnUploadThatIsHeld_DoesNotWaitForThat()
    {
        await using PodcastsUnderTest podcasts = await PodcastsUnderTest.CreateAsync(emulator);
        Feed feed = await TwoEpisodesAsync(podcasts);
        BlobClient held = podcasts.Account.Blobs.Container(StorageNames.Recordings).GetBlobClient("held.wav");
        await held.UploadAsync(BinaryData.FromString("held"), Stop);
        await held.GetBlobLeaseClient().AcquireAsync(BlobLeaseClient.InfiniteLeaseDuration, cancellationToken: Stop);
        await podcasts.Get<ForgetRequests>().RequestAsync((await podcasts.Get<ForgetTargets>().FindAsync(["held.wav"], [], Stop)).Requests, Stop);
        await podcasts.Get<ForgetRequests>().RequestAsync(new ForgetFeedRequest(feed.Id), Stop);

        await Assert.ThrowsAsync<ForgetException>(() => podcasts.Get<ForgetRecordings>().RunAsync(Stop));

        Assert.Null(await podcasts.Store.FindFeedAsync(feed.Id, Stop));
        Assert.DoesNotContain(await Search.FindAsync(podcasts.Account, feed.Id, "A show", "a-show"), IsNoNote);
        Assert.True(await held.ExistsAsync(Stop));
    }

    // Nor is an older one in the place of one that was among the latest.
    [Theory]
    [InlineData(null)]
    [InlineData(2)]
    public async Task SyncAsync_RowsKeptLongEnough_NothingIsKnownOfTheEpisodeAndItIsNotFetchedAgain(int? limit)
    {
        await using PodcastsUnderTest podcasts = await PodcastsUnderTest.CreateAsync(emulator);
        Feed feed = await TwoEpisodesAsync(podcasts);
        foreach (ForgetRequest upload in (await podcasts.Get<ForgetTargets>().OfFeedAsync(feed.Id, Stop)).Requests)
        {
            await podcasts.Account.Store.AdvanceAsync(
                new Recording
                {
                    Id = upload.Id, BlobName = upload.BlobName, BlobETag = upload.BlobETag, Status = RecordingStatus.Completed,
                }, Stop);
        }

        await using Stages.PipelineUnderTest nobody = Stages.PipelineUnderTest.On(podcasts.Account);
        await nobody.TakeAsync(StorageNames.BulkOf(StorageNames.UploadsQueue)); // they have ended, it says
        await using Stages.PipelineUnderTest pipeline = nobody.WithSettings(Enum.GetNames<RetentionStore>()
            .Select(store => KeyValuePair.Create($"NrSer:Retention:{store}", (string?)"30.00:00:00")));
        pipeline.Time.SetUtcNow(TimeProvider.System.GetUtcNow());
        await pipeline.Get<Retention>().SweepAsync(Stop); // reports
        pipeline.Time.Advance(TimeSpan.FromDays(29));
        await pipeline.Get<Retention>().SweepAsync(Stop);
        Assert.Equal(2, (await podcasts.EpisodesAsync(feed)).Length);
        pipeline.Time.Advance(TimeSpan.FromDays(3));
        await pipeline.Get<Retention>().SweepAsync(Stop);
        Assert.Empty(await podcasts.EpisodesAsync(feed));
        Assert.Empty(await Search.FindAsync(podcasts.Account, "One", "Two", "a-show/"));

        await podcasts.Store.ChangeFeedAsync(feed.Id, standing => standing with { Limit = limit }, Stop);
        podcasts.Server.Serve("/feed", PodcastsUnderTest.FeedOf("A show", ("z", "Older", $"{podcasts.Server.Url}3.mp3"),
            ("a", "One", $"{podcasts.Server.Url}1.mp3"), ("b", "Two", $"{podcasts.Server.Url}2.mp3")));
        podcasts.Server.Serve("/3.mp3", PodcastsUnderTest.Audio(3));
        await using PodcastsUnderTest later = podcasts.Beside(TimeProvider.System); // which reads the key anew
        await later.SyncAsync(isAnew: true);
        Episode older = Assert.Single(await podcasts.EpisodesAsync(feed));
        Assert.Equal(("Older", limit is null ? EpisodeStatus.Stored : EpisodeStatus.Skipped), (older.Title, older.Status));
        Assert.Equal(limit is null ? 1 : 0, (await podcasts.BlobsAsync()).Length);
        Assert.Empty(await Search.TombstonesAsync(podcasts.Account)); // nobody forgot anything
    }

    [Fact]
    public async Task RunAsync_FeedWithoutRecordings_HasAProof()
    {
        await using PodcastsUnderTest podcasts = await PodcastsUnderTest.CreateAsync(emulator);
        podcasts.Server.Serve("/feed", PodcastsUnderTest.FeedOf("A show", ("a", "One", $"{podcasts.Server.Url}1.mp3")));
        Feed feed = await podcasts.FollowAsync("feed");
        await podcasts.Updates.RunAsync((await podcasts.Store.FindFeedAsync(feed.Id, Stop))!, isAnew: true, Stop);
        await podcasts.Get<ForgetRequests>().RequestAsync(new ForgetFeedRequest(feed.Id), Stop);
        ProofV1 proof = Assert.Single((await podcasts.Get<ForgetRecordings>().RunAsync(Stop))!).Proof;
        Assert.Empty(proof.Recordings);
        Assert.Equal((false, RemovedV1.None with { Episodes = 1, Podcasts = 1 }), (proof.IsRefused, proof.Removed));
        Assert.DoesNotContain(await Search.FindAsync(podcasts.Account, feed.Id, "A show", "1.mp3"), IsNoNote);
    }

    // Before it is said that something waits, with the episodes, and before the feed is said to have been read.
    [Theory]
    [InlineData("PUT", "feeds(", "One")]
    [InlineData("POST", "$batch", "One")]
    [InlineData("PUT", "feeds(", null)]
    public async Task Update_FeedForgottenBeforeItWrites_TakesBackWhatItWrites(string method, string path, string? episode)
    {
        await using PodcastsUnderTest podcasts = await PodcastsUnderTest.CreateAsync(emulator);
        podcasts.Server.Serve("/feed", PodcastsUnderTest.FeedOf(
            "A show", episode is null ? [] : [("a", episode, $"{podcasts.Server.Url}1.mp3")]));
        Feed feed = await podcasts.FollowAsync("feed");
        using var forgetting = new BeforeRequest(
            podcasts.Account, (verb, target) => verb.Method == method && target.StartsWith(path, StringComparison.Ordinal), async () =>
            {
                await podcasts.Get<ForgetRequests>().RequestAsync(new ForgetFeedRequest(feed.Id), Stop);
                await podcasts.Get<ForgetRecordings>().RunAsync(Stop);
            });

        FeedUpdateResult result = await podcasts.Updates.RunAsync((await podcasts.Store.FindFeedAsync(feed.Id, Stop))!, isAnew: true, Stop);

        Assert.True(forgetting.IsDone);
        Assert.Null(forgetting.Error);
        Assert.Equal(FeedUpdateOutcome.Forgotten, result.Outcome);
        Assert.DoesNotContain(await Search.FindAsync(podcasts.Account, feed.Id, "A show", "One", "1.mp3"), IsNoNote);
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
        await podcasts.Get<ForgetRequests>().RequestAsync(plan.Requests, Stop);
        return (await podcasts.Get<ForgetRecordings>().RunAsync(Stop))![^1].Proof.Removed;
    }
}
