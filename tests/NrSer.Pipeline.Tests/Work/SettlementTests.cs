using System.Net.Sockets;
using Azure;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using NrSer.Pipeline.Work;
using NrSer.Testing;

namespace NrSer.Pipeline.Tests.Work;

/// <summary>What Settlement does by itself, whatever queue and host it serves.</summary>
public sealed class SettlementTests
{
    private static readonly QueueOptions s_options = new() { LockDuration = TimeSpan.FromMinutes(5), RetryDelay = TimeSpan.Zero };

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task RunAsync_LongWork_RenewsEvenAfterFailures()
    {
        var time = new FakeTimeProvider();
        var end = new TaskCompletionSource();
        var delivery = new ForgetfulDelivery(failures: 2);
        Task handling = RunAsync(delivery, (_, _) => end.Task, s_options, time);
        // two that fail, soon tried again, and two that do not
        await AdvanceUntilAsync(time, s_options.LockDuration / 10, () => delivery.Renewals >= 4);
        end.SetResult();
        await handling;
        Assert.Equal("completed", delivery.Settlement);
    }

    [Fact]
    public async Task RunAsync_NoRenewalForAWholeLock_TakesItForLost()
    {
        var time = new FakeTimeProvider();
        var delivery = new ForgetfulDelivery(failures: int.MaxValue);
        Task handling = RunAsync(delivery, (_, cancellationToken) => Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken), s_options, time);
        await AdvanceUntilAsync(time, s_options.LockDuration / 10, () => handling.IsCompleted);
        await handling;
        Assert.Null(delivery.Settlement); // whoever has it now will settle it
    }

    [Fact]
    public async Task RunAsync_StageHangs_IsCancelledAndTriedAgain()
    {
        var time = new FakeTimeProvider();
        var options =
            new QueueOptions { LockDuration = TimeSpan.FromMinutes(5), LongestWork = TimeSpan.FromMinutes(20), RetryDelay = TimeSpan.FromSeconds(3) };
        var delivery = new ForgetfulDelivery(failures: 0);
        Task handling = RunAsync(delivery, (_, cancellationToken) => Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken), options, time);
        await AdvanceUntilAsync(time, TimeSpan.FromMinutes(2.5), () => handling.IsCompleted);
        await handling;
        Assert.Equal("abandoned for 3 s", delivery.Settlement);
    }

    [Theory]
    [InlineData(1, 60)]
    [InlineData(3, 240)]
    [InlineData(40, 600)]
    [InlineData(99, 600)]
    public async Task RunAsync_Failure_WaitsLongerEachTimeWithinReason(int attempt, int seconds)
    {
        var options = new QueueOptions { RetryDelay = TimeSpan.FromMinutes(1), MaxDeliveries = 100 };
        var delivery = new ForgetfulDelivery(0, failed: attempt - 1);
        await RunAsync(delivery, (_, _) => throw new IOException(), options, TimeProvider.System);
        Assert.Equal($"abandoned for {seconds} s", delivery.Settlement);
    }

    public static TheoryData<Exception, bool> Errors => new()
    {
        { new RequestFailedException("No connection could be made."), true },
        { new RequestFailedException(503, "Busy"), true },
        { new RequestFailedException(404, "Gone", "ContainerNotFound", null), true },
        { new RequestFailedException(404, "Gone", "BlobNotFound", null), false },
        { new RequestFailedException(412, "Changed"), false },
        { new AggregateException("Retry failed after 4 tries.", new TaskCanceledException(), new TaskCanceledException()), true },
        { new InvalidOperationException("It failed.", new SocketException()), true },
        { new InvalidMessageException("It is none.", new SocketException()), false },
        { new IOException("No space left on device", 28), true },
        { new IOException("It ends early."), false },
        { new ServiceUnavailableException("There is no verdict yet."), true },
        { new TaskCanceledException(), false },
    };

    [Theory]
    [MemberData(nameof(Errors), DisableDiscoveryEnumeration = true)]
    public async Task RunAsync_AnyError_CountsUnlessAServiceIsUnavailable(Exception error, bool unavailable)
    {
        var time = new FakeTimeProvider();
        var delivery = new ForgetfulDelivery(failures: 0);
        int tries = 0;
        Task handling = RunAsync(delivery, (_, _) => ++tries == 1 ? throw error : Task.CompletedTask, s_options, time);
        await AdvanceUntilAsync(time, TimeSpan.FromSeconds(1), () => handling.IsCompleted);
        await handling;
        string expected = unavailable ? "completed" : error is InvalidMessageException ? "dead" : "abandoned for 0 s";
        Assert.Equal((expected, unavailable ? 2 : 1), (delivery.Settlement, tries));
    }

    [Fact]
    public async Task RunAsync_ServiceDownForTwoHours_KeepsTheLockAndSaysSoOnceAMinute()
    {
        var time = new FakeTimeProvider();
        var activity = new QueueActivity(time);
        var log = new FakeLogger<Settlement>();
        var delivery = new ForgetfulDelivery(failures: 0);
        DateTimeOffset begun = time.GetUtcNow(), back = begun.AddHours(2);
        int tries = 0;
        Task Stage(WorkMessage message, CancellationToken cancellationToken)
        {
            tries++;
            return time.GetUtcNow() < back ? throw new RequestFailedException(503, "Server busy") : Task.CompletedTask;
        }

        var settlement = new Settlement(Options.Create(new QueueOptions { LockDuration = TimeSpan.FromMinutes(5) }), activity, time, log);
        Task handling = settlement.RunAsync("test", delivery, Stage, retryWithoutLimit: false, Stop);
        await AdvanceUntilAsync(time, TimeSpan.FromSeconds(10), () => handling.IsCompleted || time.GetUtcNow() >= begun.AddMinutes(119));
        Assert.InRange(activity.UnavailableFor, TimeSpan.FromMinutes(118), TimeSpan.FromMinutes(120));
        Assert.Null(delivery.Settlement);
        await AdvanceUntilAsync(time, TimeSpan.FromSeconds(10), () => handling.IsCompleted);
        await handling;
        Assert.Equal(("completed", TimeSpan.Zero), (delivery.Settlement, activity.UnavailableFor));
        Assert.InRange(time.GetUtcNow() - back, TimeSpan.Zero, TimeSpan.FromSeconds(30));
        Assert.InRange(delivery.Renewals, 40, 50);
        Assert.InRange(log.Collector.GetSnapshot().Count(line => line.Level == LogLevel.Warning), 60, 121);
        Assert.InRange(tries, 2 * 60 * 2, 2 * 60 * 60);
    }

    [Fact]
    public async Task RunAsync_StoppedWhileAServiceIsDown_GivesTheMessageBack()
    {
        var time = new FakeTimeProvider();
        using var stopping = new CancellationTokenSource();
        var delivery = new ForgetfulDelivery(failures: 0);
        var settlement = new Settlement(Options.Create(s_options), new QueueActivity(time), time, NullLogger<Settlement>.Instance);
        Task handling = settlement.RunAsync("test", delivery, (_, _) => throw new SocketException(), retryWithoutLimit: false, stopping.Token);
        await stopping.CancelAsync();
        await AdvanceUntilAsync(time, TimeSpan.FromSeconds(1), () => handling.IsCompleted);
        await handling;
        Assert.Equal("given back", delivery.Settlement);
    }

    [Fact]
    public async Task RunAsync_StoppedAndTheQueueIsDownToo_LeavesTheMessageToItsLock()
    {
        using var stopping = new CancellationTokenSource();
        var delivery = new ForgetfulDelivery(failures: 0) { Answer = token => Task.Delay(Timeout.Infinite, token) };
        var settlement = new Settlement(
            Options.Create(s_options), new QueueActivity(TimeProvider.System), TimeProvider.System, NullLogger<Settlement>.Instance);
        Task handling = settlement.RunAsync(
            "test", delivery, (_, token) => Task.Delay(Timeout.Infinite, token), retryWithoutLimit: false, stopping.Token);
        await stopping.CancelAsync();
        await handling.WaitAsync(TimeSpan.FromMinutes(1), Stop);
        Assert.Null(delivery.Settlement);
    }

    [Fact]
    public async Task RunAsync_StageTakesLongerToStopThanLastWordsMay_IsSettledAllTheSame()
    {
        using var stopping = new CancellationTokenSource();
        var delivery = new ForgetfulDelivery(failures: 0) { Answer = token => Task.Delay(TimeSpan.FromMilliseconds(100), token) };
        await new Settlement(
            Options.Create(s_options), new QueueActivity(TimeProvider.System), TimeProvider.System, NullLogger<Settlement>.Instance)
                .RunAsync("test", delivery, EndLateAsync, retryWithoutLimit: false, stopping.Token);
        Assert.Equal("completed", delivery.Settlement);

        async Task EndLateAsync(WorkMessage message, CancellationToken cancellationToken)
        {
            await stopping.CancelAsync();
            await Task.Delay(TimeSpan.FromSeconds(6), Stop); // it looks at its token between pieces of work
        }
    }

    [Theory]
    [InlineData(9, "completed")]
    [InlineData(10, "dead")]
    public async Task RunAsync_HandedOutWithoutAnAnswer_GivesUpAtTwiceTheAttempts(int unanswered, string expected)
    {
        var delivery = new ForgetfulDelivery(failures: 0, unanswered: unanswered);
        await RunAsync(delivery, (_, _) => Task.CompletedTask, s_options, TimeProvider.System);
        Assert.Equal(expected, delivery.Settlement);
    }

    private static Task RunAsync(WorkDelivery delivery, Func<WorkMessage, CancellationToken, Task> stage, QueueOptions options, TimeProvider time) =>
        new Settlement(Options.Create(options), new QueueActivity(time), time, NullLogger<Settlement>.Instance)
            .RunAsync("test", delivery, stage, retryWithoutLimit: false, Stop);

    /// <summary>Moves the clock on, step by step, giving others the time to notice each.</summary>
    private static Task AdvanceUntilAsync(FakeTimeProvider time, TimeSpan step, Func<bool> condition) => Polling.UntilAsync(
        () =>
        {
            time.Advance(step);
            return Task.FromResult(condition());
        },
        limit: TimeSpan.FromMinutes(10)); // the longest has 700 steps

    /// <summary>A delivery whose first renewals fail; remembers how it was settled.</summary>
    private sealed class ForgetfulDelivery(int failures, int failed = 0, int unanswered = 0)
        : WorkDelivery(new WorkMessage("id/0/test", "{}", null), new Attempts(failed, 0, unanswered), sentAt: null)
    {
        private int _renewals;

        public int Renewals => Volatile.Read(ref _renewals);

        public string? Settlement { get; private set; }

        /// <summary>How the queue takes what becomes of it.</summary>
        public Func<CancellationToken, Task> Answer { get; init; } = _ => Task.CompletedTask;

        public override Task<bool> RenewAsync(CancellationToken cancellationToken) =>
            Interlocked.Increment(ref _renewals) <= failures ? throw new IOException("No route to host.") : Task.FromResult(true);

        public override Task CompleteAsync(CancellationToken cancellationToken) => SettleAsync("completed", cancellationToken);

        public override Task AbandonAsync(TimeSpan delay, CancellationToken cancellationToken) =>
            SettleAsync($"abandoned for {delay.TotalSeconds} s", cancellationToken);

        public override Task GiveBackAsync(CancellationToken cancellationToken) => SettleAsync("given back", cancellationToken);

        public override Task DeadLetterAsync(string reason, CancellationToken cancellationToken) => SettleAsync("dead", cancellationToken);

        private async Task SettleAsync(string how, CancellationToken cancellationToken)
        {
            await Answer(cancellationToken);
            Settlement = how;
        }
    }
}
