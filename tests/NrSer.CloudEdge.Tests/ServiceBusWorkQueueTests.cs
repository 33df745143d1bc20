using Azure;
using Azure.Messaging.ServiceBus;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using NrSer.CloudEdge.Tests.Broker;
using NrSer.Pipeline;
using NrSer.Pipeline.Chunks;
using NrSer.Pipeline.Work;
using NrSer.ServiceBus;
using NrSer.Testing;

namespace NrSer.CloudEdge.Tests;

/// <summary>The contract of every work queue, kept through the real client library against <see cref="ServiceBusBroker"/>.</summary>
public sealed class ServiceBusWorkQueueTests : WorkQueueContract, IAsyncDisposable
{
    private readonly ServiceBusBroker _broker = new();
    private readonly ServiceBusClient _client;
    private readonly FakeTimeProvider _time = new(TimeProvider.System.GetUtcNow()); // the broker's
    private BrokerQueue? _queue;

    public ServiceBusWorkQueueTests() => _client = new ServiceBusClient(_broker.ConnectionString);

    public async ValueTask DisposeAsync()
    {
        await _client.DisposeAsync();
        _broker.Dispose();
    }

    [Fact]
    public async Task SendAsync_MoreThanABatchHolds_SendsAll()
    {
        IWorkQueue queue = await CreateAsync(LongLock);
        string body = $"\"{new string('x', 10_000)}\"";
        // 600 kB, and a batch holds 256
        await queue.SendAsync([.. Enumerable.Range(0, 60).Select(number => new WorkMessage($"{number}", body, null))], Stop);
        Assert.Equal(60, _queue!.Count);
        WorkDelivery delivery = await ReceiveOneAsync(queue);
        Assert.Equal(("0", body), (delivery.Message.MessageId, delivery.Message.Body));
    }

    [Fact]
    public async Task SendAsync_LargerThanTheQueueTakes_Throws()
    {
        IWorkQueue queue = await CreateAsync(LongLock);
        ArgumentException error =
            await Assert.ThrowsAsync<ArgumentException>(() => queue.SendAsync([new WorkMessage("huge", new string('x', 300_000), null)], Stop));
        Assert.Contains("huge", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SendAsync_TwiceAndAgainForARetry_ArrivesOncePerGeneration()
    {
        IWorkQueue queue = await CreateAsync(LongLock);
        _queue!.DetectsDuplicates = true;
        var chunk = new ChunkId(RecordingId.Parse("20260309-0123456789abcdef"), 0, 0);
        await queue.SendAsync([WorkMessage.Enhance(chunk, 0), WorkMessage.Enhance(chunk, 0)], Stop);
        await queue.SendAsync([WorkMessage.Enhance(chunk, 1), WorkMessage.Recognize(chunk, 1)], Stop);
        Assert.Equal(3, _queue.Count);
    }

    // Scale-ins and deployments stop hosts all the time: no message may die of that.
    [Fact]
    public async Task GiveBackAsync_MoreOftenThanThereAreAttempts_CountsNone()
    {
        IWorkQueue queue = await CreateAsync(LongLock);
        await queue.SendAsync([new WorkMessage("x", "{}", null)], Stop);
        for (int i = 0; i < 12; i++)
            await (await ReceiveOneAsync(queue)).GiveBackAsync(Stop);
        await (await ReceiveOneAsync(queue)).AbandonAsync(TimeSpan.Zero, Stop);
        Assert.Equal(new Attempts(Failed: 1, GivenBack: 12, Unanswered: 0), (await ReceiveOneAsync(queue)).Attempts);
    }

    [Fact]
    public async Task ReceiveAsync_TheServiceGaveItUp_FindsItsReasonInTheDeadLetterQueue()
    {
        IWorkQueue queue = await CreateAsync(LongLock);
        _queue!.MaxDeliveries = 2;
        await queue.SendAsync([new WorkMessage("x", "{}", null)], Stop);
        for (int i = 0; i < 2; i++)
            await (await ReceiveOneAsync(queue)).AbandonAsync(TimeSpan.Zero, Stop);
        Assert.Empty(await queue.ReceiveAsync(1, Stop));
        await using ServiceBusReceiver watcher = _client.CreateReceiver("chunks/$deadletterqueue");
        Assert.StartsWith("MaxDeliveryCountExceeded: ", ServiceBusDelivery.ReasonOf(await watcher.ReceiveMessageAsync(TimeSpan.FromMinutes(3), Stop)),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pump_AServiceIsDownForTwoHours_DeadLettersNothing()
    {
        var options = new QueueOptions { LockDuration = TimeSpan.FromMinutes(5) };
        IWorkQueue queue = await CreateAsync(options);
        await queue.SendAsync([.. Enumerable.Range(0, 3).Select(number => new WorkMessage($"{number}", "{}", null))], Stop);
        DateTimeOffset back = _time.GetUtcNow().AddHours(2);
        int tries = 0;
        var activity = new QueueActivity(_time);
        var settlement = new Settlement(Options.Create(options), activity, _time, NullLogger<Settlement>.Instance);
        using var pump = new QueuePump(
            new QueueHandler(queue, Stage, Concurrency: 3), settlement, activity, options, _time, NullLogger<QueuePump>.Instance);
        await pump.StartAsync(Stop);
        await Polling.UntilAsync(() =>
        {
            _time.Advance(TimeSpan.FromSeconds(15));
            return Task.FromResult(_queue!.Count == 0);
        });
        await pump.StopAsync(Stop);

        Assert.True(_time.GetUtcNow() >= back); // how soon after is SettlementTests' concern, whose clock waits for everybody
        Assert.InRange(tries, 3 * 100, 3 * 2 * 60 * 60);
        Assert.Empty(_queue!.Letters);
        Assert.InRange(_queue.Renewals, 3 * 20, 3 * 100);

        Task Stage(WorkMessage message, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref tries);
            return _time.GetUtcNow() < back ? throw new RequestFailedException(503, "Server busy") : Task.CompletedTask;
        }
    }

    protected override Task<IWorkQueue> CreateAsync(QueueOptions options)
    {
        _queue = _broker.Add("chunks", options.LockDuration, _time);
        return Task.FromResult<IWorkQueue>(new ServiceBusWorkQueue(_client, "chunks", TimeProvider.System));
    }

    protected override Task LetPassAsync(TimeSpan time)
    {
        _time.Advance(time);
        return Task.CompletedTask;
    }

    protected override Task<(string Body, string Reason)[]> DeadLettersAsync() =>
        Task.FromResult(_queue!.Letters.Select(letter => (letter.Body, letter.Description ?? "")).ToArray());
}
