using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using NrSer.Pipeline.Work;
using NrSer.Worker;

namespace NrSer.CloudEdge.Tests.Worker;

public sealed class QueueHealthCheckTests
{
    private readonly FakeTimeProvider _time = new();

    [Theory]
    [InlineData(299, false, HealthStatus.Healthy)]
    [InlineData(300, false, HealthStatus.Unhealthy)]
    [InlineData(2099, true, HealthStatus.Healthy)] // at work: it does not ask
    [InlineData(2100, true, HealthStatus.Unhealthy)] // 5 min after it was cancelled at 30
    public async Task CheckHealthAsync_Silence_IsUnhealthyAfterFiveMinutesUnlessAtWork(int seconds, bool busy, HealthStatus expected)
    {
        var activity = new QueueActivity(_time);
        if (busy)
            activity.Begin();
        _time.Advance(TimeSpan.FromSeconds(seconds));
        HealthCheckResult result = await new QueueHealthCheck(activity, Options.Create(new QueueOptions()))
            .CheckHealthAsync(new HealthCheckContext(), TestContext.Current.CancellationToken);
        Assert.Equal(expected, result.Status);
    }

    [Fact]
    public async Task CheckHealthAsync_AServiceIsDown_IsDegradedFromFiveMinutesOnUntilItIsBack()
    {
        var activity = new QueueActivity(_time);
        var check = new QueueHealthCheck(activity, Options.Create(new QueueOptions()));
        activity.Begin(); // a message waits for the service, and its lock is held
        for (int minutes = 0; minutes <= 120; minutes++)
        {
            activity.FoundUnavailable();
            Assert.Equal(minutes < 5 ? HealthStatus.Healthy : HealthStatus.Degraded, await StatusAsync());
            _time.Advance(TimeSpan.FromMinutes(1));
        }

        activity.FoundAvailable();
        Assert.Equal(HealthStatus.Healthy, await StatusAsync());

        async Task<HealthStatus> StatusAsync() =>
            (await check.CheckHealthAsync(new HealthCheckContext(), TestContext.Current.CancellationToken)).Status;
    }

    [Fact]
    public void IdleFor_AfterWork_CountsFromItsEnd()
    {
        var activity = new QueueActivity(_time);
        activity.Begin();
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(TimeSpan.Zero, activity.IdleFor);
        activity.End();
        _time.Advance(TimeSpan.FromSeconds(2));
        activity.Answered();
        Assert.Equal((TimeSpan.FromSeconds(2), TimeSpan.Zero), (activity.IdleFor, activity.SilentFor));
    }
}
