using NrSer.Pipeline.Podcasts;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Uploads;
using NrSer.Testing;

namespace NrSer.Pipeline.Tests.Podcasts;

public sealed class PodcastSyncTests(StorageEmulator emulator)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Sync_Feed_StoresEveryEpisodeUnderItsNameWithItsDate()
    {
        await using PodcastsUnderTest podcasts = await PodcastsUnderTest.CreateAsync(emulator);
        byte[][] audio = [.. Enumerable.Range(0, 5).Select(number => PodcastsUnderTest.Audio(number, 3_000_000 - number))]; // three blocks
        for (int number = 0; number < audio.Length; number++)
            podcasts.Server.Serve($"/{number}.mp3", audio[number]);
        podcasts.Server.Serve("/feed", PodcastsUnderTest.FeedOf(
            "The Größe Show!", [.. Enumerable.Range(0, 5).Select(number =>
                ((string?)$"g{number}", $"Episode {number}", $"{number}.mp3?token=secret"))]));
        Feed feed = await podcasts.FollowAsync("feed");

        await podcasts.SyncAsync();

        Episode[] episodes = await podcasts.EpisodesAsync(feed);
        (string Name, string Content)[] blobs = await podcasts.BlobsAsync();
        Assert.All(episodes, episode => Assert.Equal(EpisodeStatus.Stored, episode.Status));
        Assert.All(Enumerable.Range(0, 5), number =>
        {
            Assert.Equal($"podcasts/the-größe-show/2020-04-{number + 1:D2}-{episodes[number].Key}.mp3", episodes[number].BlobName);
            Assert.Equal(Convert.ToBase64String(audio[number]), blobs.Single(blob => blob.Name == episodes[number].BlobName).Content);
        });
        Assert.Equal(5, blobs.Length);
        Assert.InRange(podcasts.Server.MostAtOnce, 1, 2);
        Assert.False((await podcasts.Store.FindFeedAsync(feed.Id, Stop))!.HasWork);
    }

    [Fact]
    public async Task Sync_Again_AsksEachFeedOnceWithConditions_AndForNoEpisode()
    {
        await using PodcastsUnderTest podcasts = await PodcastsUnderTest.CreateAsync(emulator, ("PerHost", "8"));
        for (int number = 0; number < 50; number++)
        {
            podcasts.Server.Serve($"/{number}.mp3", PodcastsUnderTest.Audio(number));
            podcasts.Server.Serve($"/feed{number}", PodcastsUnderTest.FeedOf($"Show {number}", ($"{number}", "One", $"{number}.mp3")));
            await podcasts.FollowAsync($"feed{number}");
        }

        await podcasts.SyncAsync();
        Assert.Equal(50, (await podcasts.BlobsAsync()).Length);
        podcasts.Server.Requests.Clear();
        await podcasts.SyncAsync();

        Assert.Equal(50, podcasts.Server.Requests.Count);
        Assert.All(podcasts.Server.Requests, request => Assert.Equal("\"v1\"", request.Header("If-None-Match")));
        Assert.All(podcasts.Server.Requests, request => Assert.StartsWith("/feed", request.Path, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Sync_ChangedTitlesAndQueries_DownloadNothing()
    {
        await using PodcastsUnderTest podcasts = await PodcastsUnderTest.CreateAsync(emulator);
        podcasts.Server.Serve("/1.mp3", PodcastsUnderTest.Audio(1));
        podcasts.Server.Serve("/2.mp3", PodcastsUnderTest.Audio(2));
        podcasts.Server.Serve("/feed", PodcastsUnderTest.FeedOf("Show", ("1", "One", "1.mp3?t=1"), (null, "Two", "2.mp3?t=1")));
        Feed feed = await podcasts.FollowAsync("feed");
        await podcasts.SyncAsync();
        podcasts.Server.Serve("/feed", PodcastsUnderTest.FeedOf("Show", ("1", "First", "1.mp3?t=2"), ("new", "Second", "2.mp3?t=2")));
        podcasts.Server.Requests.Clear();

        await podcasts.SyncAsync(isAnew: true);

        Assert.Equal(["/feed"], podcasts.Server.Requests.Select(request => request.Path));
        Assert.Equal(["First", "Second"], (await podcasts.EpisodesAsync(feed)).Select(episode => episode.Title));
    }

    [Fact]
    public async Task Sync_SameContentTwice_StoresItOnceAndPointsThere()
    {
        await using PodcastsUnderTest podcasts = await PodcastsUnderTest.CreateAsync(emulator);
        podcasts.Server.Serve("/1.mp3", PodcastsUnderTest.Audio(1));
        podcasts.Server.Serve("/elsewhere/1.mp3", PodcastsUnderTest.Audio(1));
        podcasts.Server.Serve("/feed", PodcastsUnderTest.FeedOf("Show", ("1", "One", "1.mp3"), ("2", "Again", "elsewhere/1.mp3")));
        Feed feed = await podcasts.FollowAsync("feed");

        await podcasts.SyncAsync();

        Episode[] episodes = await podcasts.EpisodesAsync(feed);
        Assert.Equal(
            [EpisodeStatus.Stored, EpisodeStatus.Duplicate], episodes.Select(episode => episode.Status).Order());
        Assert.Equal(episodes[0].BlobName, episodes[1].BlobName);
        Assert.Single(await podcasts.BlobsAsync());
    }

    // What a machine left that died after it committed the blob and before it said so.
    [Fact]
    public async Task Sync_AfterADeathBehindTheCommit_FindsTheBlobAndAsksNobody()
    {
        await using PodcastsUnderTest podcasts = await PodcastsUnderTest.CreateAsync(emulator);
        podcasts.Server.Serve("/1.mp3", PodcastsUnderTest.Audio(1));
        podcasts.Server.Serve("/feed", PodcastsUnderTest.FeedOf("Show", ("1", "One", "1.mp3")));
        Feed feed = await podcasts.FollowAsync("feed");
        await podcasts.SyncAsync();
        Episode stored = (await podcasts.EpisodesAsync(feed))[0];
        await podcasts.Store.ChangeFeedAsync(feed.Id, standing => standing with { HasWork = true }, Stop);
        await podcasts.Store.TryWriteAsync(stored with
        {
            Status = EpisodeStatus.Fetching,
            StoredAt = null,
            FetchedBy = $"{Environment.MachineName}/999999999/1",
            FetchedUntil = TimeProvider.System.GetUtcNow().AddHours(1),
        }, Stop);
        podcasts.Server.Requests.Clear();

        await podcasts.SyncAsync();

        Assert.DoesNotContain(podcasts.Server.Requests, request => request.Path == "/1.mp3");
        Assert.Equal(EpisodeStatus.Stored, (await podcasts.EpisodesAsync(feed))[0].Status);
        Assert.Single(await podcasts.BlobsAsync());
    }

    [Fact]
    public async Task Sync_WhatAnotherMachineFetches_IsLeftToIt()
    {
        await using PodcastsUnderTest podcasts = await PodcastsUnderTest.CreateAsync(emulator);
        podcasts.Server.Serve("/feed", PodcastsUnderTest.FeedOf("Show", ("1", "One", "1.mp3")));
        Feed feed = await podcasts.FollowAsync("feed");
        await podcasts.Updates.RunAsync(feed, isAnew: false, Stop);
        Episode listed = (await podcasts.EpisodesAsync(feed))[0];
        await podcasts.Store.TryWriteAsync(listed with
        {
            Status = EpisodeStatus.Fetching,
            FetchedBy = "elsewhere/1/1",
            FetchedUntil = TimeProvider.System.GetUtcNow().AddHours(1),
        }, Stop);

        await podcasts.SyncAsync();

        Assert.DoesNotContain(podcasts.Server.Requests, request => request.Path == "/1.mp3");
        Assert.True((await podcasts.Store.FindFeedAsync(feed.Id, Stop))!.HasWork);
    }

    [Fact]
    public async Task Sync_TwoMachinesAtOnce_FetchEveryEpisodeOnce()
    {
        await using PodcastsUnderTest podcasts = await PodcastsUnderTest.CreateAsync(emulator, ("PerHost", "16")); // nobody waits for turns
        await using PodcastsUnderTest other = podcasts.Beside(TimeProvider.System, ("PerHost", "16"));
        for (int number = 0; number < 4; number++)
            podcasts.Server.Serve($"/{number}.mp3", PodcastsUnderTest.Audio(number));
        podcasts.Server.Serve("/feed", PodcastServer.Feed(4));
        Feed feed = await podcasts.FollowAsync("feed");

        await Task.WhenAll(podcasts.SyncAsync(), other.SyncAsync());

        Assert.All(await podcasts.EpisodesAsync(feed), episode => Assert.Equal(EpisodeStatus.Stored, episode.Status));
        Assert.Equal(4, (await podcasts.BlobsAsync()).Length);
        Assert.Distinct(podcasts.Server.Requests.Select(request => request.Path).Where(path => path != "/feed"));
    }

    [Fact]
    public async Task Sync_EnoughRecordingsUnfinished_WaitsForOne()
    {
        await using PodcastsUnderTest podcasts = await PodcastsUnderTest.CreateAsync(emulator, ("InFlight", "1"));
        podcasts.Server.Serve("/1.mp3", PodcastsUnderTest.Audio(1));
        podcasts.Server.Serve("/2.mp3", PodcastsUnderTest.Audio(2));
        podcasts.Server.Serve("/feed", PodcastsUnderTest.FeedOf("Show", ("1", "One", "1.mp3"), ("2", "Two", "2.mp3")));
        Feed feed = await podcasts.FollowAsync("feed");

        var waits = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Task sync = podcasts.Get<PodcastSync>().RunAsync([feed], new SyncSettings(IsAnew: false, IsDry: false, IsAnnounced: true), step =>
        {
            if (step.IsWaiting)
                waits.TrySetResult();
        }, Stop);
        Recording first = await Polling.ForAsync(async () => await podcasts.Account.Store
            .ListAsync(new NrSer.Pipeline.Results.Tables.RecordingFilter(DateOnly.MinValue, DateOnly.MaxValue), Stop).FirstOrDefaultAsync(Stop));
        await Polling.UntilAsync(() => Task.FromResult(waits.Task.IsCompleted));
        Assert.Single(await podcasts.BlobsAsync());
        await podcasts.Account.Store.AdvanceAsync(new Recording { Id = first.Id, Status = RecordingStatus.Completed }, Stop);
        await sync;

        Assert.All(await podcasts.EpisodesAsync(feed), episode => Assert.Equal(EpisodeStatus.Stored, episode.Status));
    }

    [Theory]
    [InlineData("feed", "1.mp3?source=feed", true)]
    [InlineData("feed", "1.mp3?token=abc", false)]
    [InlineData("feed?auth=abc", "1.mp3", false)]
    public async Task Sync_Episode_SaysWhereItCanBeHeardUnlessThatMayHoldAToken(string path, string file, bool isSaid)
    {
        await using PodcastsUnderTest podcasts = await PodcastsUnderTest.CreateAsync(emulator);
        podcasts.Server.Serve("/1.mp3", PodcastsUnderTest.Audio(1));
        podcasts.Server.Serve("/feed", PodcastsUnderTest.FeedOf("Show", ("1", "One", file)));
        Feed feed = await podcasts.FollowAsync(path);

        await podcasts.SyncAsync();

        Episode stored = Assert.Single(await podcasts.EpisodesAsync(feed));
        Upload upload = (await podcasts.Get<UploadStore>().FindAsync(stored.BlobName!, Stop))!;
        Assert.Equal(isSaid ? new Uri(podcasts.Server.Url, "1.mp3").AbsoluteUri : null, upload.ListenUrl);
    }
}
