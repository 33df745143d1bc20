using Azure.Storage.Blobs;
using NrSer.Pipeline.Forgetting;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;
using NrSer.Pipeline.Storage;
using NrSer.Pipeline.Tests.Forgetting;
using NrSer.Pipeline.Tests.Stages;
using NrSer.Testing;

namespace NrSer.Pipeline.Tests.Podcasts;

/// <summary>Podcasts that were forgotten, and what comes of them after the proof.</summary>
public sealed class ForgottenFeedsTests(StorageEmulator emulator)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    // Whoever forgets dies with the proof written, before it can say so; meanwhile somebody adds the podcast again, and may ask again.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task RunAsync_AddedAgainAfterTheProofAndADeath_IsForgottenAgainOnlyWhereThatIsAskedFor(bool isAskedAgain)
    {
        await using PodcastsUnderTest podcasts = await PodcastsUnderTest.CreateAsync(emulator);
        Feed feed = await ListedAsync(podcasts, "One");
        using (var death = new CancellationTokenSource())
        using (var dying = new BeforeRequest(
            podcasts.Account, (verb, target) => verb == HttpMethod.Delete && target.StartsWith("forgotten(", StringComparison.Ordinal),
            death.CancelAsync))
        {
            await podcasts.Get<ForgetRequests>().RequestAsync(new ForgetFeedRequest(feed.Id), death.Token);
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => podcasts.Get<ForgetRecordings>().RunAsync(death.Token));
        }

        Assert.NotNull(await podcasts.Get<ProofChain>().FindAsync(1, Stop));
        await ListedAsync(podcasts, "Two");
        if (isAskedAgain)
            await podcasts.Get<ForgetRequests>().RequestAsync(new ForgetFeedRequest(feed.Id), Stop);

        await using PipelineUnderTest pipeline = PipelineUnderTest.On(podcasts.Account);
        await pipeline.Get<ForgetRecordings>().SweepAsync(Stop);

        Assert.Equal(isAskedAgain, await podcasts.Store.FindFeedAsync(feed.Id, Stop) is null);
        Assert.Equal(isAskedAgain ? [] : ["Two"], (await podcasts.EpisodesAsync(feed)).Select(episode => episode.Title));
        Assert.Equal(isAskedAgain, await podcasts.Get<ProofChain>().FindAsync(2, Stop) is not null);
        Assert.False(await pipeline.Get<ForgottenStore>().HasRequestsAsync(Stop));
        Assert.Equal(isAskedAgain ? 2 : 1, (await pipeline.Get<ForgottenFeedStore>().WatchedAsync(Stop).ToListAsync(Stop)).Single().Proof);

        // Nor do the later looks take it.
        pipeline.Time.Advance(TimeSpan.FromDays(1));
        await pipeline.Get<ForgetRecordings>().SweepAsync(Stop);
        pipeline.Time.Advance(TimeSpan.FromMinutes(2));
        await pipeline.Get<ForgetRecordings>().SweepAsync(Stop);
        Assert.Empty(await pipeline.Get<ForgottenFeedStore>().WatchedAsync(Stop).ToListAsync(Stop));
        Assert.Equal(isAskedAgain ? [] : ["Two"], (await podcasts.EpisodesAsync(feed)).Select(episode => episode.Title));
    }

    [Fact]
    public async Task ApplyRules_ForgottenBeforeTheyAreWritten_SaysSoAndLeavesNothing()
    {
        await using PodcastsUnderTest podcasts = await PodcastsUnderTest.CreateAsync(emulator);
        Feed feed = await ListedAsync(podcasts, "One");
        using var forgetting = new BeforeRequest(
            podcasts.Account, (verb, target) => verb == HttpMethod.Put && target.StartsWith("feeds(", StringComparison.Ordinal), async () =>
            {
                await podcasts.Get<ForgetRequests>().RequestAsync(new ForgetFeedRequest(feed.Id), Stop);
                await podcasts.Get<ForgetRecordings>().RunAsync(Stop);
            });

        Assert.False(await podcasts.Updates.ApplyRulesAsync(feed with { Match = "O" }, Stop));

        Assert.True(forgetting.IsDone);
        Assert.Null(forgetting.Error);
        Assert.Empty(await podcasts.EpisodesAsync(feed));
        Assert.Null(await podcasts.Store.FindFeedAsync(feed.Id, Stop));
    }

    // Something else takes the proof's number: nothing was proved yet.
    [Fact]
    public async Task RunAsync_DeathBeforeTheProofAndAnotherOfItsNumber_ProvesItAnew()
    {
        await using PodcastsUnderTest podcasts = await PodcastsUnderTest.CreateAsync(emulator);
        Feed feed = await ListedAsync(podcasts, "One");
        using (var death = new CancellationTokenSource())
        using (var dying = new BeforeRequest(
            podcasts.Account, (verb, target) => verb == HttpMethod.Put && target.StartsWith("results/forgotten/", StringComparison.Ordinal),
            death.CancelAsync))
        {
            await podcasts.Get<ForgetRequests>().RequestAsync(new ForgetFeedRequest(feed.Id), death.Token);
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => podcasts.Get<ForgetRecordings>().RunAsync(death.Token));
        }

        await podcasts.Get<ProofChain>().AppendAsync((number, previous) => Task.FromResult(new ProofV1
        {
            Number = number, Kind = nameof(ProofKind.Verified), At = TimeProvider.System.GetUtcNow(), Recordings = [], Removed = RemovedV1.None,
            Previous = previous,
        }), Stop);
        Assert.Equal(2, Assert.Single((await podcasts.Get<ForgetRecordings>().RunAsync(Stop))!).Proof.Number);
        Assert.False(await podcasts.Get<ForgottenStore>().HasRequestsAsync(Stop));
    }

    // Whoever reads the feed looks before it is forgotten, writes episodes after that, and dies before looking again. One was even fetched.
    [Fact]
    public async Task SweepAsync_EpisodesWrittenLateByWhoeverDied_AreFoundByTheNextLook()
    {
        await using PodcastsUnderTest podcasts = await PodcastsUnderTest.CreateAsync(emulator);
        podcasts.Server.Serve("/feed", PodcastsUnderTest.FeedOf("A show", ("a", "One", $"{podcasts.Server.Url}1.mp3")));
        Feed feed = await podcasts.FollowAsync("feed");
        using var death = new CancellationTokenSource();
        bool isForgotten = false;
        using (var forgetting = new BeforeRequest(
            podcasts.Account, (verb, target) => verb == HttpMethod.Post && target.StartsWith("$batch", StringComparison.Ordinal), async () =>
            {
                await podcasts.Get<ForgetRequests>().RequestAsync(new ForgetFeedRequest(feed.Id), Stop);
                await podcasts.Get<ForgetRecordings>().RunAsync(Stop);
                isForgotten = true;
            }))
        using (var dying = new BeforeRequest(
            podcasts.Account, (verb, target) => isForgotten && verb == HttpMethod.Get && target.StartsWith("feeds(", StringComparison.Ordinal),
            death.CancelAsync))
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => podcasts.Updates.RunAsync(feed, isAnew: true, death.Token));
            Assert.Null(forgetting.Error);
            Assert.True(dying.IsDone);
        }

        Episode late = Assert.Single(await podcasts.EpisodesAsync(feed));
        string name = $"{feed.NamePrefix}late.mp3";
        BlobClient blob = podcasts.Account.Blobs.Container(StorageNames.Recordings).GetBlobClient(name);
        await blob.UploadAsync(BinaryData.FromBytes(PodcastsUnderTest.Audio(1)), Stop);
        await podcasts.Store.AddAsync([late with { Key = "ffffffffffffffff", Status = EpisodeStatus.Stored, BlobName = name }], Stop);

        await using PipelineUnderTest pipeline = PipelineUnderTest.On(podcasts.Account);
        pipeline.Time.SetUtcNow(TimeProvider.System.GetUtcNow() + TimeSpan.FromHours(1));
        ProofV1 verified = Assert.Single(await pipeline.Get<LookAgain>().RunAsync(Stop));
        Assert.Equal((nameof(ProofKind.Verified), RemovedV1.None with { Episodes = 2 }), (verified.Kind, verified.Removed));
        Assert.Equal([1], verified.Of);
        Assert.Empty(await podcasts.EpisodesAsync(feed));
        await pipeline.Get<ForgetRecordings>().SweepAsync(Stop); // what was fetched was asked for
        Assert.Empty(await podcasts.BlobsAsync());
        Assert.Single(await Search.TombstonesAsync(podcasts.Account));

        // And again at the last look, though this time there was a first.
        await podcasts.Store.AddAsync([late], Stop);
        pipeline.Time.Advance(TimeSpan.FromDays(1));
        Assert.Contains(await pipeline.Get<LookAgain>().RunAsync(Stop), proof => proof.Removed.Episodes == 1);
        Assert.Empty(await podcasts.EpisodesAsync(feed));
        pipeline.Time.Advance(TimeSpan.FromDays(1));
        Assert.Contains(await pipeline.Get<LookAgain>().RunAsync(Stop), proof => proof.Kind == nameof(ProofKind.Final));
        pipeline.Time.Advance(TimeSpan.FromDays(1));
        await pipeline.Get<LookAgain>().RunAsync(Stop);
        Assert.Empty(await Search.FindAsync(podcasts.Account, feed.Id, "One", "late.mp3"));
        Assert.Empty(await pipeline.Get<ProofChain>().VerifyAsync(Stop).ToListAsync(Stop));
    }

    /// <summary>A podcast with one episode, which is listed.</summary>
    private static async Task<Feed> ListedAsync(PodcastsUnderTest podcasts, string title)
    {
        podcasts.Server.Serve("/feed", PodcastsUnderTest.FeedOf("A show", (title, title, $"{podcasts.Server.Url}{title}.mp3")));
        Feed feed = await podcasts.FollowAsync("feed");
        await podcasts.Updates.RunAsync(feed, isAnew: true, Stop);
        return (await podcasts.Store.FindFeedAsync(feed.Id, Stop))!;
    }
}
