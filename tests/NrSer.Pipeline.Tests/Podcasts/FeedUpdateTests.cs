using System.IO.Compression;
using NrSer.Pipeline.Podcasts;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;
using NrSer.Testing;

namespace NrSer.Pipeline.Tests.Podcasts;

public sealed class FeedUpdateTests(StorageEmulator emulator)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(301, true)]
    [InlineData(308, true)]
    [InlineData(302, false)]
    [InlineData(307, false)]
    public async Task Run_Redirect_IsKeptForNextTimeOnlyWhereItIsForGood(int status, bool isKept)
    {
        await using PodcastsUnderTest podcasts = await PodcastsUnderTest.CreateAsync(emulator);
        podcasts.Server.Serve("/old", _ => new PodcastAnswer(status, []) { Headers = { ["Location"] = "/new" } });
        podcasts.Server.Serve("/new", PodcastsUnderTest.FeedOf("Show"));
        Feed feed = await podcasts.FollowAsync("old");

        FeedUpdateResult read = await podcasts.Updates.RunAsync(feed, isAnew: false, Stop);

        Assert.Equal(FeedUpdateOutcome.Read, read.Outcome);
        Assert.Equal(new Uri(podcasts.Server.Url, isKept ? "new" : "old").AbsoluteUri, read.Feed.Url);
    }

    [Theory]
    [InlineData("ETag", "W/\"a b\"", "If-None-Match")]
    [InlineData("Last-Modified", "Wed, 01 Apr 2020 07:00:00 GMT", "If-Modified-Since")]
    [InlineData("Last-Modified", "2020-04-01 07:00", "If-Modified-Since")] // which is no date of HTTP
    public async Task Run_SecondLook_AsksWithWhatTheServerSaidVerbatim(string header, string value, string condition)
    {
        await using PodcastsUnderTest podcasts = await PodcastsUnderTest.CreateAsync(emulator);
        podcasts.Server.Serve("/feed", request => request.Header(condition) == value ? new PodcastAnswer(304, [])
            : new PodcastAnswer(200, PodcastsUnderTest.FeedOf("Show")) { Headers = { [header] = value } });
        FeedUpdateResult first = await podcasts.Updates.RunAsync(await podcasts.FollowAsync("feed"), isAnew: false, Stop);

        FeedUpdateResult second = await podcasts.Updates.RunAsync(first.Feed, isAnew: false, Stop);
        FeedUpdateResult third = await podcasts.Updates.RunAsync(second.Feed, isAnew: false, Stop);

        Assert.Equal(
            (FeedUpdateOutcome.Read, FeedUpdateOutcome.Unchanged, FeedUpdateOutcome.Unchanged), (first.Outcome, second.Outcome, third.Outcome));
        Assert.Equal([null, value, value], podcasts.Server.Requests.Select(request => request.Header(condition)));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Run_PackedFeed_IsRead(bool isBrotli)
    {
        await using PodcastsUnderTest podcasts = await PodcastsUnderTest.CreateAsync(emulator);
        using var packed = new MemoryStream();
        await using (Stream stream = isBrotli ? new BrotliStream(packed, CompressionLevel.Fastest, leaveOpen: true)
            : new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
            await stream.WriteAsync(PodcastsUnderTest.FeedOf("Show", ("1", "One", "1.mp3")), Stop);
        string packing = isBrotli ? "br" : "gzip";
        podcasts.Server.Serve("/feed", _ => new PodcastAnswer(200, packed.ToArray()) { Headers = { ["Content-Encoding"] = packing } });

        FeedUpdateResult read = await podcasts.Updates.RunAsync(await podcasts.FollowAsync("feed"), isAnew: false, Stop);

        Assert.Equal((1, "Show"), (read.NewEpisodes, read.Feed.Title));
        Assert.Contains("gzip", Assert.Single(podcasts.Server.Requests).Header("Accept-Encoding"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_FeedThatSaysItMoved_IsAskedForThereTheNextTime()
    {
        await using PodcastsUnderTest podcasts = await PodcastsUnderTest.CreateAsync(emulator);
        podcasts.Server.Serve("/old", System.Text.Encoding.UTF8.GetBytes(
            "<rss xmlns:itunes=\"http://www.itunes.com/dtds/podcast-1.0.dtd\"><channel><title>Show</title>"
            + $"<itunes:new-feed-url>{podcasts.Server.Url}new</itunes:new-feed-url>"
            + "<item><guid>1</guid><enclosure url=\"1.mp3\"/></item></channel></rss>"));
        podcasts.Server.Serve("/new", PodcastsUnderTest.FeedOf("Show", ("1", "One", "elsewhere/1.mp3"), ("2", "Two", "2.mp3")));

        FeedUpdateResult old = await podcasts.Updates.RunAsync(await podcasts.FollowAsync("old"), isAnew: false, Stop);
        FeedUpdateResult moved = await podcasts.Updates.RunAsync(old.Feed, isAnew: false, Stop);

        Assert.Equal(new Uri(podcasts.Server.Url, "new").AbsoluteUri, moved.Feed.Url);
        Assert.Equal([("/old", null), ("/new", null)], podcasts.Server.Requests.Select(request => (request.Path, request.Header("If-None-Match"))));
        Assert.Equal((1, 1), (old.NewEpisodes, moved.NewEpisodes)); // the first is the same at its new place
    }

    // Names need not even be known here: whoever is asked instead looks them up.
    [Fact]
    public async Task Run_ConfiguredProxy_IsAskedInstead()
    {
        await using var proxy = new PodcastServer();
        await using PodcastsUnderTest podcasts = await PodcastsUnderTest.CreateAsync(emulator, ("Proxy", proxy.Url.AbsoluteUri));
        proxy.Serve("http://show.example/feed", PodcastsUnderTest.FeedOf("Show", ("1", "One", "1.mp3")));

        FeedUpdateResult read = await podcasts.Updates.RunAsync(await podcasts.FollowAsync("http://show.example/feed"), isAnew: false, Stop);

        Assert.Equal((1, "http://show.example/feed"), (read.NewEpisodes, Assert.Single(proxy.Requests).Target));
    }

    [Fact]
    public async Task Run_PagesAndArchives_AreReadToTheOldest_AndNotAgain()
    {
        await using PodcastsUnderTest podcasts = await PodcastsUnderTest.CreateAsync(emulator);
        Page("/feed", "2", "page2");
        Page("/page2", "1", "page3");
        Page("/page3", "0", null);
        Feed feed = await podcasts.FollowAsync("feed");

        FeedUpdateResult first = await podcasts.Updates.RunAsync(feed, isAnew: false, Stop);
        Assert.Equal(3, first.NewEpisodes);
        podcasts.Server.Requests.Clear();
        FeedUpdateResult second = await podcasts.Updates.RunAsync(first.Feed, isAnew: true, Stop);

        Assert.Equal(0, second.NewEpisodes);
        Assert.Single(podcasts.Server.Requests);

        void Page(string path, string item, string? older) => podcasts.Server.Serve(path, System.Text.Encoding.UTF8.GetBytes(
            $"<rss xmlns:atom=\"http://www.w3.org/2005/Atom\"><channel><title>Show</title>"
            + $"{(older is null ? "" : $"<atom:link rel=\"next\" href=\"/{older}\"/>")}"
            + $"<item><guid>{item}</guid><enclosure url=\"/{item}.mp3\"/></item></channel></rss>"), "application/rss+xml");
    }

    [Fact]
    public async Task Run_FeedOfTheWebThatNamesAFile_ReadsNothingOfThisMachine()
    {
        await using PodcastsUnderTest podcasts = await PodcastsUnderTest.CreateAsync(emulator);
        string page = Path.GetTempFileName();
        await File.WriteAllBytesAsync(page, PodcastsUnderTest.FeedOf("Secret", ("2", "Two", "2.mp3")), Stop);
        podcasts.Server.Serve("/feed", System.Text.Encoding.UTF8.GetBytes(
            "<rss xmlns:atom=\"http://www.w3.org/2005/Atom\"><channel><title>Show</title>"
            + $"<atom:link rel=\"next\" href=\"{new Uri(page).AbsoluteUri}\"/>"
            + "<item><guid>1</guid><enclosure url=\"/1.mp3\"/></item></channel></rss>"), "application/rss+xml");
        Feed feed = await podcasts.FollowAsync("feed");

        FeedUpdateResult read = await podcasts.Updates.RunAsync(feed, isAnew: false, Stop);

        File.Delete(page);
        Assert.Equal((FeedUpdateOutcome.Read, 1), (read.Outcome, read.NewEpisodes));
        Assert.Contains(read.Remarks, remark => remark.Contains("names a file", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Run_FeedThatBreaksOff_IsReadWholeTheNextTime()
    {
        await using PodcastsUnderTest podcasts = await PodcastsUnderTest.CreateAsync(emulator);
        byte[] whole = PodcastsUnderTest.FeedOf("Show", ("1", "One", "1.mp3"), ("2", "Two", "2.mp3"));
        podcasts.Server.Serve("/feed", whole[..^60]);
        Feed feed = await podcasts.FollowAsync("feed");

        FeedUpdateResult broken = await podcasts.Updates.RunAsync(feed, isAnew: false, Stop);
        Assert.Null(broken.Feed.HttpETag);
        podcasts.Server.Serve("/feed", whole);
        FeedUpdateResult read = await podcasts.Updates.RunAsync(broken.Feed, isAnew: false, Stop);

        Assert.Equal((1, 1), (broken.NewEpisodes, read.NewEpisodes));
        Assert.Contains(broken.Remarks, remark => remark.Contains("breaks off", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Run_ServerThatSaysHowLongAFeedIsFresh_IsNotAskedBefore()
    {
        await using PodcastsUnderTest podcasts = await PodcastsUnderTest.CreateAsync(emulator);
        podcasts.Server.Serve("/feed", request =>
        {
            PodcastAnswer answer = PodcastServer.Good(request, PodcastsUnderTest.FeedOf("Show"), "application/rss+xml");
            answer.Headers["Cache-Control"] = "public, max-age=3600";
            return answer;
        });
        FeedUpdateResult first = await podcasts.Updates.RunAsync(await podcasts.FollowAsync("feed"), isAnew: false, Stop);

        Assert.Equal(FeedUpdateOutcome.NotDue, (await podcasts.Updates.RunAsync(first.Feed, isAnew: false, Stop)).Outcome);
        Assert.Single(podcasts.Server.Requests);
    }

    // As if the line were dead: who reads must not wait for ever.
    [Fact]
    public async Task Run_FeedThatStalls_IsGivenUpAndReadTheNextTime()
    {
        await using PodcastsUnderTest podcasts = await PodcastsUnderTest.CreateAsync(emulator, ("StallLimit", "00:00:05"));
        await using PodcastsUnderTest later = podcasts.Beside(TimeProvider.System);
        byte[] content = PodcastsUnderTest.FeedOf("A show", ("a", "One", "1.mp3"));
        podcasts.Server.Serve("/feed", _ => new PodcastAnswer(200, content[..50])
        {
            PromisedBytes = content.Length, Stall = TimeSpan.FromMinutes(10),
        });
        Feed feed = await podcasts.FollowAsync("feed");
        FeedUpdateResult stalled = await podcasts.Updates.RunAsync(feed, isAnew: false, Stop);
        Assert.Equal((FeedUpdateOutcome.Failed, false), (stalled.Outcome, stalled.IsForGood));
        Assert.Contains("nothing came for 5 s", stalled.Feed.Reason, StringComparison.Ordinal);

        podcasts.Server.Serve("/feed", content);
        Assert.Equal(1, (await later.Updates.RunAsync(stalled.Feed, isAnew: false, Stop)).NewEpisodes);
    }

    [Theory]
    [InlineData(PodcastAnswerEnd.NoLastChunk, null)]
    [InlineData(PodcastAnswerEnd.Length, null)]
    [InlineData(PodcastAnswerEnd.LastChunk, "gzip")] // which it is not
    public async Task Run_LineThatBreaks_IsNoReasonToGiveAFeedUp(PodcastAnswerEnd end, string? packed)
    {
        await using PodcastsUnderTest podcasts = await PodcastsUnderTest.CreateAsync(emulator);
        byte[] content = PodcastsUnderTest.FeedOf("Show", ("1", "One", "1.mp3"));
        podcasts.Server.Serve("/feed", _ =>
        {
            var answer = new PodcastAnswer(200, content[..^60]) { End = end, PromisedBytes = content.Length };
            if (packed is not null)
                answer.Headers["Content-Encoding"] = packed;
            return answer;
        });

        FeedUpdateResult broken = await podcasts.Updates.RunAsync(await podcasts.FollowAsync("feed"), isAnew: false, Stop);

        Assert.Equal((FeedUpdateOutcome.Failed, false), (broken.Outcome, broken.IsForGood));
        Assert.Contains("broke off", broken.Feed.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_FeedThatIsAPage_FailsWithWhatItIs_AndKeepsItsEpisodes()
    {
        await using PodcastsUnderTest podcasts = await PodcastsUnderTest.CreateAsync(emulator);
        podcasts.Server.Serve("/feed", PodcastsUnderTest.FeedOf("Show", ("1", "One", "1.mp3")));
        FeedUpdateResult read = await podcasts.Updates.RunAsync(await podcasts.FollowAsync("feed"), isAnew: false, Stop);
        podcasts.Server.Serve("/feed", "<html><body>Sold</body></html>"u8.ToArray(), "text/html");

        FeedUpdateResult failed = await podcasts.Updates.RunAsync(read.Feed, isAnew: true, Stop);

        Assert.Equal(FeedUpdateOutcome.Failed, failed.Outcome);
        Assert.Contains("<html>", failed.Feed.Reason, StringComparison.Ordinal);
        Assert.Single(await podcasts.EpisodesAsync(read.Feed));
    }

    [Fact]
    public async Task Run_WhatTheLakeHasOfAStoredEpisode_IsTakenInAgainWhenItChangesAndElseIsNot()
    {
        await using PodcastsUnderTest podcasts = await PodcastsUnderTest.CreateAsync(emulator);
        podcasts.Server.Serve("/feed", PodcastsUnderTest.FeedOf("Show", ("1", "One", "1.mp3"), ("2", "Two", "2.mp3")));
        podcasts.Server.Serve("/1.mp3", PodcastsUnderTest.Audio(1));
        podcasts.Server.Serve("/2.mp3", PodcastsUnderTest.Audio(2));
        Feed feed = await podcasts.FollowAsync("feed");
        await podcasts.SyncAsync();
        Assert.Empty(await WaitingAsync());

        podcasts.Server.Serve("/feed", PodcastsUnderTest.FeedOf("Show", ("1", "One, anew", "1.mp3"), ("2", "Two", "2.mp3")));
        await podcasts.SyncAsync(isAnew: true);
        await podcasts.SyncAsync(isAnew: true);

        Episode retold = (await podcasts.EpisodesAsync(feed))[0];
        Assert.Equal("One, anew", retold.Title);
        Assert.Equal([(await podcasts.Get<UploadIndex>().FindAsync(retold.BlobName!, Stop))!.RecordingId], await WaitingAsync());

        ValueTask<RecordingId[]> WaitingAsync() => podcasts.Get<LakeMarkers>().ListAsync(Stop).Select(marker => marker.Id).ToArrayAsync(Stop);
    }
}
