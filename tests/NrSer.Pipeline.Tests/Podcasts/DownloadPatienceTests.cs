using System.Globalization;
using Microsoft.Extensions.Time.Testing;
using NrSer.Pipeline.Podcasts;
using NrSer.Pipeline.Results;
using NrSer.Testing;

namespace NrSer.Pipeline.Tests.Podcasts;

/// <summary>How long a download waits for a server, and a server for a download.</summary>
public sealed class DownloadPatienceTests(StorageEmulator emulator)
{
    private static readonly byte[] s_audio = PodcastsUnderTest.Audio(1, 2_500_000);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(429, false)]
    [InlineData(503, true)]
    public async Task Run_ServerThatWantsAMinute_IsAskedAgainAfterIt(int status, bool isDate)
    {
        var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        await using PodcastsUnderTest podcasts = await PodcastsUnderTest.CreateAsync(emulator);
        await using PodcastsUnderTest patient = podcasts.Beside(time, ("StallLimit", "00:10:00"));
        DateTimeOffset wanted = DateTimeOffset.MaxValue, asked = default;
        podcasts.Server.Serve("/1.mp3", _ =>
        {
            if (wanted < DateTimeOffset.MaxValue)
            {
                asked = time.GetUtcNow();
                return new PodcastAnswer(200, s_audio);
            }

            wanted = time.GetUtcNow() + TimeSpan.FromSeconds(59);
            return new PodcastAnswer(status, [])
            {
                Headers = { ["Retry-After"] = isDate ? (wanted + TimeSpan.FromSeconds(1)).ToString("R", CultureInfo.InvariantCulture) : "60" },
            };
        });
        podcasts.Server.Serve("/feed", PodcastsUnderTest.FeedOf("Show", ("1", "One", "1.mp3")));
        await podcasts.FollowAsync("feed");

        Task<List<SyncStep>> sync = patient.SyncAsync();
        await Polling.UntilAsync(() =>
        {
            time.Advance(TimeSpan.FromSeconds(1));
            return Task.FromResult(sync.IsCompleted);
        });

        Assert.Single(await podcasts.BlobsAsync());
        Assert.InRange(asked, wanted, DateTimeOffset.MaxValue);
    }

    [Fact]
    public async Task Run_ServerThatStalls_IsGivenUpAndTheRestIsAskedFor()
    {
        var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        await using PodcastsUnderTest podcasts = await PodcastsUnderTest.CreateAsync(emulator);
        await using PodcastsUnderTest waiting = podcasts.Beside(time);
        int number = 0, looks = 0;
        podcasts.Server.Serve("/1.mp3", request =>
        {
            PodcastAnswer answer = PodcastServer.Good(request, s_audio, "audio/mpeg");
            return Interlocked.Increment(ref number) == 1 ? answer with { Hold = Task.Delay(Timeout.Infinite, Stop) } : answer;
        });
        podcasts.Server.Serve("/feed", PodcastsUnderTest.FeedOf("Show", ("1", "One", "1.mp3")));
        await podcasts.FollowAsync("feed");

        Task<List<SyncStep>> sync = waiting.SyncAsync();
        await Polling.UntilAsync(() =>
        {
            // Now and then, so that the next attempt has the time to reach the server. The rest are pauses between attempts.
            bool isGivenUp = Volatile.Read(ref number) == 1 && ++looks % 100 == 1;
            time.Advance(isGivenUp ? TimeSpan.FromSeconds(31) : TimeSpan.FromMilliseconds(10));
            return Task.FromResult(sync.IsCompleted);
        });

        Assert.Equal(EpisodeStatus.Stored, Assert.Single(await sync, step => step.Episode is not null).Episode!.Status);
        Assert.Equal(Convert.ToBase64String(s_audio), Assert.Single(await podcasts.BlobsAsync()).Content);
    }

    [Fact]
    public async Task Run_Rate_HoldsADownloadBack()
    {
        var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        await using PodcastsUnderTest podcasts = await PodcastsUnderTest.CreateAsync(emulator);
        await using PodcastsUnderTest slow = podcasts.Beside(time, ("BytesPerSecond", "1000"), ("StallLimit", "00:10:00"));
        podcasts.Server.Serve("/1.mp3", PodcastsUnderTest.Audio(1, 60_000));
        podcasts.Server.Serve("/feed", PodcastsUnderTest.FeedOf("Show", ("1", "One", "1.mp3")));
        await podcasts.FollowAsync("feed");
        DateTimeOffset begun = time.GetUtcNow();

        Task<List<SyncStep>> sync = slow.SyncAsync();
        await Polling.UntilAsync(() =>
        {
            if (podcasts.Server.Requests.Any(request => request.Path == "/1.mp3"))
                time.Advance(TimeSpan.FromSeconds(1));
            return Task.FromResult(sync.IsCompleted);
        });

        Assert.Single(await podcasts.BlobsAsync());
        Assert.True(time.GetUtcNow() - begun >= TimeSpan.FromSeconds(60));
    }
}
