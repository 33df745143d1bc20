using Azure.Messaging.ServiceBus;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using NrSer.Functions;
using NrSer.Pipeline;
using NrSer.Pipeline.Work;
using NrSer.ServiceBus;
using NrSer.Testing;

namespace NrSer.CloudEdge.Tests.Functions;

public sealed class TriggerSettlementTests
{
    private const string Queue = "chunks";

    private static readonly ServiceBusReceivedMessage s_message = Received(deliveryCount: 1);

    private readonly FakeTimeProvider _time = new();
    private readonly RecordedActions _actions = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task RunAsync_Success_CompletesOnceAndAfterTheStage()
    {
        await SettlementOf().RunAsync(Queue, s_message, _actions, (_, _) => NoteAsync("stage"), Stop);
        Assert.Equal(["stage", "completed"], _actions.Calls);
    }

    [Fact]
    public async Task RunAsync_TheStage_GetsBodyIdAndTrace()
    {
        WorkMessage? seen = null;
        await SettlementOf().RunAsync(Queue, s_message, _actions, (message, _) =>
        {
            seen = message;
            return Task.CompletedTask;
        }, Stop);
        Assert.Equal(new WorkMessage("id/0/0-0/enhance", "{}", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"), seen);
    }

    [Fact]
    public async Task RunAsync_BadMessage_DeadLettersWithItsReason()
    {
        await SettlementOf().RunAsync(Queue, s_message, _actions, (_, _) => throw new InvalidMessageException("It says nothing."), Stop);
        Assert.Equal(["dead-lettered StageGaveUp: It says nothing."], _actions.Calls);
    }

    [Theory]
    [InlineData(1, 20)]
    [InlineData(2, 40)]
    [InlineData(4, 60)] // the longest that a trigger waits
    public async Task RunAsync_Failure_AbandonsAfterADelay(int attempt, int seconds)
    {
        Task running = SettlementOf().RunAsync(Queue, Received(attempt), _actions, (_, _) => throw new IOException("The disk is full."), Stop);
        await AdvanceUntilAsync(TimeSpan.FromSeconds(seconds - 1), () => true);
        Assert.Empty(_actions.Calls);
        await AdvanceUntilAsync(TimeSpan.FromSeconds(1), () => running.IsCompleted);
        await running;
        Assert.Equal([$"abandoned after failure {attempt}"], _actions.Calls);
    }

    [Fact]
    public async Task RunAsync_FailureOnTheLastAttempt_DeadLettersWithTheError()
    {
        await SettlementOf().RunAsync(Queue, Received(5), _actions, (_, _) => throw new IOException("The disk is full."), Stop);
        Assert.Equal(["dead-lettered StageGaveUp: IOException after 5 attempts: The disk is full."], _actions.Calls);
    }

    [Fact]
    public async Task RunAsync_HostStops_AbandonsAtOnce()
    {
        using var stopping = new CancellationTokenSource();
        await SettlementOf().RunAsync(Queue, s_message, _actions, async (_, cancellationToken) =>
        {
            await stopping.CancelAsync();
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
        }, stopping.Token);
        Assert.Equal(["given back, for the 1. time"], _actions.Calls);
    }

    [Fact]
    public async Task RunAsync_HostStopsWhileAFailureWaits_AbandonsAtOnce()
    {
        using var stopping = new CancellationTokenSource();
        Task running = SettlementOf().RunAsync(Queue, s_message, _actions, (_, _) => throw new IOException(), stopping.Token);
        Assert.False(running.IsCompleted);
        await stopping.CancelAsync();
        await running;
        // the latter if it had not begun to wait
        Assert.Contains(Assert.Single(_actions.Calls), new[] { "abandoned after failure 1", "given back, for the 1. time" });
    }

    [Fact]
    public async Task RunAsync_StageSlowerThanTheLock_RenewsUntilItEnds()
    {
        var end = new TaskCompletionSource();
        Task running = SettlementOf().RunAsync(Queue, s_message, _actions, (_, _) => end.Task, Stop);
        await AdvanceUntilAsync(TimeSpan.FromMinutes(2.5), () => _actions.Calls.Count == 4); // 10 min under a lock of 5
        end.SetResult();
        await running;
        Assert.Equal(["renewed", "renewed", "renewed", "renewed", "completed"], _actions.Calls);
    }

    [Fact]
    public async Task RunAsync_SettlingFails_LeavesTheMessageToItsLock()
    {
        _actions.Failure = new InvalidOperationException("RPC failed.");
        await SettlementOf().RunAsync(Queue, s_message, _actions, (_, _) => NoteAsync("stage"), Stop);
        Assert.Equal(["stage", "completed"], _actions.Calls);
    }

    [Theory]
    [InlineData("StageGaveUp", "It says nothing.", "It says nothing.")]
    [InlineData("MaxDeliveryCountExceeded", "Message could not be consumed after 5 delivery attempts.",
        "MaxDeliveryCountExceeded: Message could not be consumed after 5 delivery attempts.")]
    [InlineData("TTLExpiredException", null, "TTLExpiredException")]
    [InlineData(null, null, "Found in the dead-letter queue without a reason.")]
    public void ReasonOf_ALetter_SaysWhatIsKnown(string? reason, string? description, string expected)
    {
        var properties = new Dictionary<string, object>(StringComparer.Ordinal);
        if (reason is not null)
            properties["DeadLetterReason"] = reason;
        if (description is not null)
            properties["DeadLetterErrorDescription"] = description;
        Assert.Equal(expected, ServiceBusDelivery.ReasonOf(ServiceBusModelFactory.ServiceBusReceivedMessage(properties: properties)));
    }

    private static ServiceBusReceivedMessage Received(int deliveryCount) => ServiceBusModelFactory.ServiceBusReceivedMessage(
        BinaryData.FromString("{}"), messageId: "id/0/0-0/enhance", deliveryCount: deliveryCount, enqueuedTime: DateTimeOffset.UnixEpoch,
        properties: new Dictionary<string, object>(
            StringComparer.Ordinal)
        {
            ["Diagnostic-Id"] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", ["NrSerFailed"] = deliveryCount - 1,
        });

    private Task NoteAsync(string call)
    {
        _actions.Calls.Add(call);
        return Task.CompletedTask;
    }

    /// <summary>As the Functions host registers it, but for the clock.</summary>
    private TriggerSettlement SettlementOf()
    {
        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["NrSer:Storage:ConnectionString"] = "UseDevelopmentStorage=true", // not reached
            ["NrSer:Queues:LockDuration"] = "00:05:00",
            ["NrSer:Queues:RetryDelay"] = "00:00:20",
        }).Build());
        services.AddLogging(logging => logging.SetMinimumLevel(LogLevel.None));
        services.AddSingleton<TimeProvider>(_time);
        services.AddNrSerPipeline().AddNrSerStorageQueues();
        services.AddSingleton<TriggerSettlement>();
        return services.BuildServiceProvider().GetRequiredService<TriggerSettlement>();
    }

    /// <summary>Moves the clock on, again and again, as long as it takes others to notice.</summary>
    private async Task AdvanceUntilAsync(TimeSpan step, Func<bool> condition) => await Polling.UntilAsync(() =>
    {
        _time.Advance(step);
        return Task.FromResult(condition());
    });

    private sealed class RecordedActions : ServiceBusMessageActions
    {
        public List<string> Calls { get; } = [];

        public Exception? Failure { get; set; }

        public override Task CompleteMessageAsync(ServiceBusReceivedMessage message, CancellationToken cancellationToken = default) =>
            CallAsync("completed");

        public override Task AbandonMessageAsync(
            ServiceBusReceivedMessage message, IDictionary<string, object>? propertiesToModify = null,
            CancellationToken cancellationToken = default) =>
            CallAsync(propertiesToModify!.TryGetValue("NrSerFailed", out object? failed) ? $"abandoned after failure {failed}"
                : $"given back, for the {propertiesToModify["NrSerGivenBack"]}. time");

        public override Task DeadLetterMessageAsync(
            ServiceBusReceivedMessage message, Dictionary<string, object>? propertiesToModify = null, string? deadLetterReason = null,
            string? deadLetterErrorDescription = null, CancellationToken cancellationToken = default) =>
            CallAsync($"dead-lettered {deadLetterReason}: {deadLetterErrorDescription}");

        public override Task RenewMessageLockAsync(ServiceBusReceivedMessage message, CancellationToken cancellationToken = default) =>
            CallAsync("renewed");

        private Task CallAsync(string what)
        {
            Calls.Add(what);
            return Failure is null ? Task.CompletedTask : Task.FromException(Failure);
        }
    }
}
