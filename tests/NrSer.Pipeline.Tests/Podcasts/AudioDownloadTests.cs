using System.Text;
using NrSer.Pipeline.Results;
using NrSer.Testing;

namespace NrSer.Pipeline.Tests.Podcasts;

/// <summary>What servers of strangers do to a download, one at a time.</summary>
public sealed class AudioDownloadTests(StorageEmulator emulator)
{
    private static readonly byte[] s_audio = PodcastsUnderTest.Audio(1, 2_500_000);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Run_ServerThatDrops_GoesOnWithAStrongETag()
    {
        (Episode episode, string? content, PodcastRequest[] requests) = await FetchAsync((request, number) => number == 0
            ? Dropped(s_audio, 1_700_000, "\"v1\"") : PodcastServer.Good(request, s_audio, "audio/mpeg"));

        Assert.Equal(EpisodeStatus.Stored, episode.Status);
        Assert.Equal(Convert.ToBase64String(s_audio), content);
        Assert.Equal(("\"v1\"", true), (requests[1].Header("If-Range"), requests[1].Start > 0));
    }

    [Theory]
    [InlineData("W/\"v1\"")]
    [InlineData(null)]
    public async Task Run_ServerThatDropsWithoutAStrongETag_BeginsAgain(string? etag)
    {
        (Episode episode, string? content, PodcastRequest[] requests) = await FetchAsync((_, number) => number == 0
            ? Dropped(s_audio, 1_700_000, etag) : new PodcastAnswer(200, s_audio));

        Assert.Equal(EpisodeStatus.Stored, episode.Status);
        Assert.Equal(Convert.ToBase64String(s_audio), content);
        Assert.Null(requests[1].Start);
    }

    // Another advertisement with every request: the same range holds other bytes, whatever the server says of it.
    [Theory]
    [InlineData("\"v2\"", 2_500_000)] // another ETag
    [InlineData("\"v1\"", 2_600_000)] // another length
    public async Task Run_ServerThatInsertsAdvertisements_IsNeverSpliced(string etag, int bytes)
    {
        byte[] other = PodcastsUnderTest.Audio(2, bytes);
        (Episode episode, string? content, _) = await FetchAsync((request, number) => number switch
        {
            0 => Dropped(s_audio, 1_700_000, "\"v1\""),
            1 => new PodcastAnswer(206, other[(int)request.Start!..])
            {
                Headers = { ["ETag"] = etag, ["Content-Range"] = $"bytes {request.Start}-{bytes - 1}/{bytes}" },
            },
            _ => new PodcastAnswer(200, other) { Headers = { ["ETag"] = etag } },
        });

        Assert.Equal(EpisodeStatus.Stored, episode.Status);
        Assert.Equal(Convert.ToBase64String(other), content);
    }

    [Fact]
    public async Task Run_ChunksWithoutTheLast_BeginAgain()
    {
        (Episode episode, string? content, PodcastRequest[] requests) = await FetchAsync((_, number) => number == 0
            ? new PodcastAnswer(200, s_audio[..1_700_000]) { End = PodcastAnswerEnd.NoLastChunk }
            : new PodcastAnswer(200, s_audio) { End = PodcastAnswerEnd.LastChunk });

        Assert.Equal((EpisodeStatus.Stored, 2), (episode.Status, requests.Length));
        Assert.Equal(Convert.ToBase64String(s_audio), content);
    }

    // Nothing but the connection's end says that it is all: the feed's length makes it worth another question, and no more.
    [Theory]
    [InlineData(1_700_000, 2_500_000, 2_500_000)] // it was cut off
    [InlineData(1_700_000, 1_700_000, 1_700_000)] // the feed is wrong
    public async Task Run_BodyThatEndsWithTheConnection_IsAskedForAgainWhereTheFeedSaysMore(int first, int second, int stored)
    {
        (Episode episode, _, PodcastRequest[] requests) = await FetchAsync((_, number) =>
            new PodcastAnswer(200, s_audio[..(number == 0 ? first : second)]) { End = PodcastAnswerEnd.Connection });

        Assert.Equal((EpisodeStatus.Stored, stored, 2), (episode.Status, episode.ContentBytes, requests.Length));
    }

    [Fact]
    public async Task Run_ServerThatAlwaysBreaksOff_IsPutOffAndLeavesNothing()
    {
        (Episode episode, string? content, PodcastRequest[] requests) = await FetchAsync((_, _) => Dropped(s_audio, 1_700_000, etag: null));

        Assert.Equal((EpisodeStatus.Listed, 1), (episode.Status, episode.Attempts));
        Assert.Contains("broke off", episode.Reason, StringComparison.Ordinal);
        Assert.Equal(5, requests.Length);
        Assert.Null(content);
    }

    [Theory]
    [InlineData(403, "403")]
    [InlineData(404, "404")]
    [InlineData(410, "410")]
    public async Task Run_ServerThatRefuses_FailsWithItsAnswer(int status, string says)
    {
        (Episode episode, _, PodcastRequest[] requests) = await FetchAsync((_, _) => new PodcastAnswer(status, []));
        Assert.Equal(EpisodeStatus.Failed, episode.Status);
        Assert.Contains(says, episode.Reason, StringComparison.Ordinal);
        Assert.Single(requests);
    }

    [Theory]
    [InlineData(429)]
    [InlineData(500)]
    [InlineData(503)]
    public async Task Run_ServerThatIsBusy_IsAskedAgain(int status)
    {
        (Episode episode, _, PodcastRequest[] requests) = await FetchAsync((_, number) =>
            number < 2 ? new PodcastAnswer(status, []) : new PodcastAnswer(200, s_audio));
        Assert.Equal(EpisodeStatus.Stored, episode.Status);
        Assert.Equal(3, requests.Length);
    }

    [Fact]
    public async Task Run_ServerThatWantsAnHour_IsLeftAloneForIt()
    {
        (Episode episode, _, PodcastRequest[] requests) = await FetchAsync((_, _) => new PodcastAnswer(429,
            [])
        { Headers = { ["Retry-After"] = "3600" } });
        Assert.Equal((EpisodeStatus.Listed, 0), (episode.Status, episode.Attempts));
        Assert.InRange(episode.NextAttemptAt!.Value - TimeProvider.System.GetUtcNow(), TimeSpan.FromMinutes(50), TimeSpan.FromMinutes(60));
        Assert.Single(requests);
    }

    [Theory]
    [InlineData("\n<!DOCTYPE html><html><body>Please log in</body></html>", "a web page")]
    [InlineData("#EXTM3U\nhttp://example.com/1.ts", "a playlist")]
    [InlineData("{\"error\":\"no\"}", "a JSON document")]
    [InlineData("<?xml version=\"1.0\"?><Error/>", "an XML document")]
    [InlineData("Not found, sorry.", "a text")]
    public async Task Run_WhatIsNoAudio_IsRefusedByWhatItIs(string text, string what)
    {
        (Episode episode, string? content, _) = await FetchAsync((_, _) =>
            new PodcastAnswer(200, Encoding.UTF8.GetBytes(text)) { Headers = { ["Content-Type"] = "audio/mpeg" } });
        Assert.Equal(EpisodeStatus.Failed, episode.Status);
        Assert.Contains($"no audio but {what}", episode.Reason, StringComparison.Ordinal);
        Assert.Null(content);
    }

    [Theory]
    [InlineData("http://169.254.169.254/latest/meta-data", "169.254.169.254", "link-local")]
    [InlineData("http://127.0.0.2/", "127.0.0.2", "this machine")]
    [InlineData("http://[::ffff:10.0.0.1]/", "10.0.0.1", "private network")]
    [InlineData("http://localhost/", "localhost", "this machine")]
    [InlineData("http://2130706433/", "127.0.0.1", null)] // the allowed host, by another spelling: whatever it is, it is no leak
    [InlineData("file:///etc/passwd", "/etc/passwd", "only http and https")]
    public async Task Run_RedirectIntoAPrivateNetwork_IsRefusedByName(string target, string name, string? says)
    {
        (Episode episode, _, _) = await FetchAsync((_, _) => new PodcastAnswer(302, []) { Headers = { ["Location"] = target } });
        Assert.NotEqual(EpisodeStatus.Stored, episode.Status);
        if (says is null)
            return;
        Assert.Equal(EpisodeStatus.Failed, episode.Status);
        Assert.Contains(name, episode.Reason, StringComparison.Ordinal);
        Assert.Contains(says, episode.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_RedirectsWithoutEnd_AreGivenUp()
    {
        (Episode episode, _, PodcastRequest[] requests) = await FetchAsync((_, number) =>
            new PodcastAnswer(302, []) { Headers = { ["Location"] = $"/1.mp3?{number}" } });
        Assert.Equal((EpisodeStatus.Failed, 11), (episode.Status, requests.Length));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Run_Credentials_DoNotFollowARedirect(bool isElsewhere)
    {
        await using PodcastsUnderTest podcasts = await PodcastsUnderTest.CreateAsync(emulator);
        await using var other = new PodcastServer();
        PodcastServer last = isElsewhere ? other : podcasts.Server;
        podcasts.Server.Serve("/1.mp3", _ => new PodcastAnswer(302, []) { Headers = { ["Location"] = $"{last.Url}cdn.mp3" } });
        last.Serve("/cdn.mp3", s_audio);
        podcasts.Server.Serve("/feed", PodcastsUnderTest.FeedOf("Show",
            ("1", "One", $"http://user:pass@127.0.0.1:{podcasts.Server.Url.Port}/1.mp3")));
        await podcasts.FollowAsync("feed");

        await podcasts.SyncAsync();

        Assert.Equal("Basic dXNlcjpwYXNz", podcasts.Server.Requests.Single(request => request.Path == "/1.mp3").Header("Authorization"));
        PodcastRequest redirected = last.Requests.Single(request => request.Path == "/cdn.mp3");
        Assert.Equal((null, null, null), (redirected.Header("Authorization"), redirected.Header("Referer"), redirected.Header("Cookie")));
        Assert.Single(await podcasts.BlobsAsync());
    }

    [Fact]
    public async Task Run_EpisodeBeyondTheLimit_IsRefusedBeforeItIsRead()
    {
        (Episode episode, string? content, _) = await FetchAsync((_, _) => new PodcastAnswer(200, s_audio), ("MaxEpisodeBytes", "1000000"));
        Assert.Equal(EpisodeStatus.Failed, episode.Status);
        Assert.Contains("MaxEpisodeBytes", episode.Reason, StringComparison.Ordinal);
        Assert.Null(content);
    }

    /// <summary>Promises all and sends a part.</summary>
    private static PodcastAnswer Dropped(byte[] content, int sent, string? etag)
    {
        var answer = new PodcastAnswer(200, content[..sent]) { PromisedBytes = content.Length };
        if (etag is not null)
            answer.Headers["ETag"] = etag;
        return answer;
    }

    private async Task<(Episode Episode, string? Content, PodcastRequest[] Requests)> FetchAsync(
        Func<PodcastRequest, int, PodcastAnswer> answer, params (string Name, string Value)[] settings)
    {
        await using PodcastsUnderTest podcasts = await PodcastsUnderTest.CreateAsync(emulator, settings);
        int number = -1;
        podcasts.Server.Serve("/1.mp3", request => answer(request, Interlocked.Increment(ref number)));
        podcasts.Server.Serve("/feed", Encoding.UTF8.GetBytes(
            $"<rss><channel><title>Show</title><item><guid>1</guid><enclosure url=\"1.mp3\" length=\"{s_audio.Length}\"/></item></channel></rss>"));
        Feed feed = await podcasts.FollowAsync("feed");
        await podcasts.SyncAsync();
        Episode episode = (await podcasts.EpisodesAsync(feed))[0];
        return (episode, (await podcasts.BlobsAsync()).Select(blob => blob.Content).SingleOrDefault(),
            [.. podcasts.Server.Requests.Where(request => request.Path == "/1.mp3")]);
    }
}
