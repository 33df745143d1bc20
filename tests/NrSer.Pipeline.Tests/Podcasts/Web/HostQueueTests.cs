using Microsoft.Extensions.Time.Testing;
using NrSer.Pipeline.Podcasts.Web;
using NrSer.Pipeline.Results.Tables;
using NrSer.Testing;

namespace NrSer.Pipeline.Tests.Podcasts.Web;

/// <summary>Turns at hosts, on a clock that goes by hand and a real table.</summary>
public sealed class HostQueueTests(StorageEmulator emulator)
{
    private static readonly Uri s_host = new("https://example.com/1.mp3");

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Enter_TwoMachines_KeepThePauseTogether()
    {
        await using PodcastsUnderTest podcasts = await PodcastsUnderTest.CreateAsync(emulator);
        var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        await using PodcastsUnderTest one = podcasts.Beside(time, ("Pause", "00:00:10"), ("PerHost", "8"));
        await using PodcastsUnderTest other = podcasts.Beside(time, ("Pause", "00:00:10"), ("PerHost", "8"));

        await using IAsyncDisposable first = await one.Hosts.EnterAsync(s_host, Stop);
        Task<IAsyncDisposable> second = other.Hosts.EnterAsync(new Uri("http://example.com/2.mp3"), Stop); // one host, whatever the port
        await using IAsyncDisposable elsewhere = await other.Hosts.EnterAsync(new Uri("https://example.org/"), Stop); // no pause between hosts
        time.Advance(TimeSpan.FromSeconds(9));
        Assert.False(second.IsCompleted);

        await Polling.UntilAsync(() =>
        {
            time.Advance(TimeSpan.FromSeconds(1));
            return Task.FromResult(second.IsCompleted);
        });
        await (await second).DisposeAsync();
    }

    [Fact]
    public async Task Enter_MoreThanMayAsk_WaitUntilOneLeaves_OnAnyMachine()
    {
        await using PodcastsUnderTest podcasts = await PodcastsUnderTest.CreateAsync(emulator);
        await using PodcastsUnderTest one = podcasts.Beside(TimeProvider.System, ("PerHost", "1"));
        await using PodcastsUnderTest other = podcasts.Beside(TimeProvider.System, ("PerHost", "1"));

        IAsyncDisposable first = await one.Hosts.EnterAsync(s_host, Stop);
        Task<IAsyncDisposable> second = other.Hosts.EnterAsync(s_host, Stop);
        Task<IAsyncDisposable> third = one.Hosts.EnterAsync(s_host, Stop);
        Assert.Single((await podcasts.Get<HostTurnStore>().FindAsync("example.com", Stop)).Turns);
        Assert.False(second.IsCompleted || third.IsCompleted);
        await first.DisposeAsync();
        Task<IAsyncDisposable> next = await Task.WhenAny(second, third);
        Assert.Single((await podcasts.Get<HostTurnStore>().FindAsync("example.com", Stop)).Turns);
        await (await next).DisposeAsync();
        await (await (next == second ? third : second)).DisposeAsync();
        Assert.Empty((await podcasts.Get<HostTurnStore>().FindAsync("example.com", Stop)).Turns);
    }

    [Fact]
    public async Task Enter_TurnOfADeadProcess_IsFree()
    {
        await using PodcastsUnderTest podcasts = await PodcastsUnderTest.CreateAsync(emulator, ("PerHost", "1"));
        await podcasts.Get<HostTurnStore>().TryWriteAsync(new HostTurns("example.com", null,
            [new($"{Environment.MachineName}/999999999/1 1", TimeProvider.System.GetUtcNow().AddHours(1))]), Stop);
        await (await podcasts.Hosts.EnterAsync(s_host, Stop)).DisposeAsync();
    }

    [Fact]
    public async Task Enter_HostThatWantsMorePatienceThanARunHas_IsLeftAlone()
    {
        await using PodcastsUnderTest podcasts = await PodcastsUnderTest.CreateAsync(emulator);
        DateTimeOffset until = TimeProvider.System.GetUtcNow().AddHours(1);
        await podcasts.Hosts.PostponeAsync(s_host, until, Stop);

        PodcastException error = await Assert.ThrowsAsync<PodcastException>(() => podcasts.Hosts.EnterAsync(s_host, Stop));

        Assert.Equal((true, until), (error.IsPassing, error.NotBefore));
        Assert.Contains("example.com", error.Message, StringComparison.Ordinal);
    }
}
