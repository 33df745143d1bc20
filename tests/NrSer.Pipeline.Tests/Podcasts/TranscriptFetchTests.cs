using System.Diagnostics;
using System.Globalization;
using System.Text;
using NrSer.Core.Segmentation;
using NrSer.Pipeline.Forgetting;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;
using NrSer.Pipeline.Storage;
using NrSer.Pipeline.Tests.Stages;
using NrSer.Pipeline.Transcripts;
using NrSer.Pipeline.Uploads;
using NrSer.Testing;

namespace NrSer.Pipeline.Tests.Podcasts;

public sealed class TranscriptFetchTests(StorageEmulator emulator)
{
    private const string Words = "Tea and biscuits, please.";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Sync_TranscriptThatFits_IsJoinedToSegmentsAndForgottenWithThem()
    {
        await using PodcastsUnderTest podcasts = await PodcastsUnderTest.CreateAsync(emulator, ("Transcripts", "true"));
        Episode episode = await SyncAsync(podcasts, server => server.Serve("/words.vtt", Transcript(), "text/vtt"));
        Assert.Equal((EpisodeStatus.Stored, ""), (episode.Status, episode.Reason));

        await using PipelineUnderTest pipeline = PipelineUnderTest.On(podcasts.Account);
        await pipeline.DrainAsync(copies: 2);
        Recording row = Assert.Single(await pipeline.Store.ListAsync(
            new RecordingFilter(DateOnly.MinValue, DateOnly.MaxValue, RecordingStatus.Completed), Stop).ToArrayAsync(Stop));
        Assert.Equal(Words, string.Join(' ', (await pipeline.SegmentsAsync(row.Id)).Select(segment => segment.Text).OfType<string>()));
        Assert.Equal(Words, string.Join(' ', (await pipeline.Store.SegmentsAsync(row, Stop).ToArrayAsync(Stop)).Select(segment => segment.Text)
            .OfType<string>()));
        string stored = TranscriptBlobs.NameOf(UploadIndex.KeyTextOf(row.BlobName!));
        Assert.Contains(stored, (await podcasts.Account.BlobsAsync(StorageNames.Results)).Select(blob => blob.Name));

        ForgetPlan plan = await podcasts.Get<ForgetTargets>().FindAsync([row.BlobName!], [], Stop);
        await podcasts.Get<ForgetRequests>().RequestAsync(plan.Requests, Stop);
        await podcasts.Get<ForgetRecordings>().RunAsync(Stop);
        Assert.Empty(await Search.FindAsync(podcasts.Account, Words, "biscuits", "transcripts/"));
    }

    // Whoever fetches it dies as soon as its audio is there, and before it can say so to anybody: what takes the audio in does not wait for it.
    [Fact]
    public async Task Sync_DeathBehindTheCommit_LosesNoWords()
    {
        await using PodcastsUnderTest podcasts = await PodcastsUnderTest.CreateAsync(emulator, ("Transcripts", "true"));
        using var death = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        int written = 0; // its one block, then the list of blocks
        using ActivityListener listener = CountedRequests.Hear(podcasts.Account, request =>
        {
            if (request.StartsWith("PUT recordings/podcasts/", StringComparison.Ordinal) && ++written == 2)
                death.Cancel();
        });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            SyncAsync(podcasts, server => server.Serve("/words.vtt", Transcript(), "text/vtt"), cancellationToken: death.Token));
        podcasts.Server.Requests.Clear();

        await using PipelineUnderTest pipeline = PipelineUnderTest.On(podcasts.Account);
        await foreach (Upload upload in pipeline.Listing.ListAsync(Stop)) // as the pump or Event Grid
            await pipeline.Uploads.AnnounceAsync(upload, Stop);
        await pipeline.DrainAsync(copies: 1);
        Recording row = Assert.Single(await pipeline.Store.ListAsync(
            new RecordingFilter(DateOnly.MinValue, DateOnly.MaxValue, RecordingStatus.Completed), Stop).ToArrayAsync(Stop));
        Assert.Equal(Words, string.Join(' ', (await pipeline.SegmentsAsync(row.Id)).Select(segment => segment.Text).OfType<string>()));

        await podcasts.SyncAsync();
        Feed feed = await podcasts.Store.FeedsAsync(Stop).SingleAsync(Stop);
        Assert.Equal(EpisodeStatus.Stored, Assert.Single(await podcasts.EpisodesAsync(feed)).Status);
        Assert.DoesNotContain(podcasts.Server.Requests, request => request.Path is "/1.wav" or "/words.vtt");
    }

    // Its audio never came, so no recording leads to its words.
    [Fact]
    public async Task ForgetFeed_EpisodeWithoutItsAudio_LeavesNoWords()
    {
        await using PodcastsUnderTest podcasts = await PodcastsUnderTest.CreateAsync(emulator, ("Transcripts", "true"));
        using var death = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        using ActivityListener listener = CountedRequests.Hear(podcasts.Account, request =>
        {
            if (request.StartsWith("PUT results/transcripts/", StringComparison.Ordinal))
                death.Cancel();
        });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            SyncAsync(podcasts, server => server.Serve("/words.vtt", Transcript(), "text/vtt"), cancellationToken: death.Token));
        Assert.Empty(await podcasts.BlobsAsync());
        Assert.NotEmpty(await Search.FindAsync(podcasts.Account, Words));

        await podcasts.Get<ForgetFeed>().RunAsync(new ForgetFeedRequest((await podcasts.Store.FeedsAsync(Stop).SingleAsync(Stop)).Id), Stop);
        Assert.Empty(await Search.FindAsync(podcasts.Account, Words, "transcripts/"));
    }

    [Theory]
    [InlineData("false", "/words.vtt", "")] // unless somebody wants them
    [InlineData("true", "/gone.vtt", "answered 404")]
    [InlineData("true", "/login", "has no times")]
    [InlineData("true", "/inside", "link-local")]
    [InlineData("true", "/endless", "is longer than")]
    public async Task Sync_TranscriptThatIsNotWantedOrCannotBeHad_LosesNoEpisode(string wanted, string path, string says)
    {
        await using PodcastsUnderTest podcasts = await PodcastsUnderTest.CreateAsync(emulator, ("Transcripts", wanted));
        Episode episode = await SyncAsync(podcasts, server =>
        {
            server.Serve("/words.vtt", Transcript(), "text/vtt");
            server.Serve("/login", "<html><body>Sign in</body></html>"u8.ToArray(), "text/vtt");
            server.Serve("/inside", _ => new PodcastAnswer(302, []) { Headers = { ["Location"] = "http://169.254.169.254/latest" } });
            server.Serve("/endless", new byte[4_000_001], "text/vtt");
        }, path);

        Assert.Equal(EpisodeStatus.Stored, episode.Status);
        Assert.Contains(says, episode.Reason, StringComparison.Ordinal);
        Assert.Equal(wanted == "true", podcasts.Server.Requests.Any(request => request.Path == path));
        Assert.Empty(await podcasts.Account.BlobsAsync(StorageNames.Results));
    }

    private static byte[] Transcript() => Encoding.UTF8.GetBytes($"WEBVTT\n\n00:00.500 --> 00:01.500\n<v Ada>{Words}\n");

    private static async Task<Episode> SyncAsync(
        PodcastsUnderTest podcasts, Action<PodcastServer> serve, string path = "/words.vtt", CancellationToken? cancellationToken = null)
    {
        byte[] speech = await Recordings.SpeechAsync();
        double seconds = (await Recordings.SamplesAsync(speech)).Length / (double)SegmentGrid.SampleRateHz;
        podcasts.Server.Serve("/1.wav", speech);
        podcasts.Server.Serve("/feed", Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture,
            $"""
            <rss xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd" xmlns:podcast="https://podcastindex.org/namespace/1.0"><channel>
            <title>A show</title><item><title>One</title><guid>a</guid><itunes:duration>{seconds}</itunes:duration>
            <enclosure url="1.wav" type="audio/wav"/><podcast:transcript url="{path}" type="text/vtt"/></item></channel></rss>
            """)));
        serve(podcasts.Server);
        Feed feed = await podcasts.FollowAsync("feed");
        await podcasts.SyncAsync(cancellationToken: cancellationToken);
        return Assert.Single(await podcasts.EpisodesAsync(feed));
    }
}
