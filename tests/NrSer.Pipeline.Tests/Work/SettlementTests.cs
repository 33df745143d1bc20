using Microsoft.Extensions.Logging.Abstractions;
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
        var delivery = new ForgetfulDelivery(0, attempt);
        await RunAsync(delivery, (_, _) => throw new IOException(), options, TimeProvider.System);
        Assert.Equal($"abandoned for {seconds} s", delivery.Settlement);
    }

    private static Task RunAsync(WorkDelivery delivery, Func<WorkMessage, CancellationToken, Task> stage, QueueOptions options, TimeProvider time) =>
        new Settlement(Options.Create(options), new QueueActivity(time), time, NullLogger<Settlement>.Instance)
            .RunAsync("test", delivery, stage, retryWithoutLimit: false, Stop);

    /// <summary>Moves the clock on, step by step, giving others the time to notice each.</summary>
    private static Task AdvanceUntilAsync(FakeTimeProvider time, TimeSpan step, Func<bool> condition) => Polling.UntilAsync(() =>
    {
        time.Advance(step);
        return Task.FromResult(condition());
    });

    /// <summary>A delivery whose first renewals fail; remembers how it was settled.</summary>
    private sealed class ForgetfulDelivery(int failures, long deliveryCount = 1)
        : WorkDelivery(new WorkMessage("id/0/test", "{}", null), deliveryCount, sentAt: null)
    {
        private int _renewals;

        public int Renewals => Volatile.Read(ref _renewals);

        public string? Settlement { get; private set; }

        public override Task<bool> RenewAsync(CancellationToken cancellationToken) =>
            Interlocked.Increment(ref _renewals) <= failures ? throw new IOException("No route to host.") : Task.FromResult(true);

        public override Task CompleteAsync(CancellationToken cancellationToken) => SettleAsync("completed");

        public override Task AbandonAsync(TimeSpan delay, CancellationToken cancellationToken) =>
            SettleAsync($"abandoned for {delay.TotalSeconds} s");

        public override Task DeadLetterAsync(string reason, CancellationToken cancellationToken) => SettleAsync("dead");

        private Task SettleAsync(string how)
        {
            Settlement = how;
            return Task.CompletedTask;
        }
    }
}
