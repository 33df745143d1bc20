using System.Collections.Concurrent;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using Microsoft.Extensions.Time.Testing;
using NrSer.Pipeline.Stages;
using NrSer.Pipeline.Storage;
using NrSer.Pipeline.Uploads;
using NrSer.Pipeline.Work;
using NrSer.Pipeline.Work.StorageQueues;
using NrSer.Testing;

namespace NrSer.Pipeline.Tests.Work;

public sealed class QueuePumpTests(StorageEmulator emulator) : IAsyncLifetime
{
    private static readonly QueueOptions s_options = new()
    {
        LockDuration = TimeSpan.FromMinutes(5), RetryDelay = TimeSpan.Zero, PollInterval = TimeSpan.FromMilliseconds(10),
    };

    private static readonly WorkMessage s_message = new("id/0/test", "{}", null);

    private StorageAccount _account = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _account = await StorageAccount.CreateAsync(emulator);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task Run_Success_CompletesInOrderOfArrival()
    {
        var handled = new ConcurrentQueue<string>();
        await QueueOf().SendAsync([.. Enumerable.Range(0, 10).Select(number => new WorkMessage($"{number}", "{}", null))], Stop);
        await using var running = await StartAsync((message, _) =>
        {
            handled.Enqueue(message.MessageId);
            return Task.CompletedTask;
        });
        await Polling.UntilAsync(async () => await CountAsync(StorageNames.ChunksQueue) == 0);
        Assert.Equal(Enumerable.Range(0, 10).Select(number => $"{number}"), handled);
    }

    [Fact]
    public async Task Run_Closed_TakesNoSecondMessageUntilItOpens()
    {
        var handled = new ConcurrentQueue<string>();
        bool isOpen = false;
        int asked = 0;
        await QueueOf().SendAsync([.. Enumerable.Range(0, 3).Select(number => new WorkMessage($"{number}", "{}", null))], Stop);
        using QueuePump pump = Pumps.Create(QueueOf(), (message, _) =>
        {
            handled.Enqueue(message.MessageId);
            return Task.CompletedTask;
        }, s_options, TimeProvider.System, isOpen: _ =>
        {
            Interlocked.Increment(ref asked);
            return Task.FromResult(Volatile.Read(ref isOpen));
        });
        await pump.StartAsync(Stop);
        await Polling.UntilAsync(() => Task.FromResult(Volatile.Read(ref asked) > 2));
        Assert.Equal(["0"], handled);
        Volatile.Write(ref isOpen, true);
        await Polling.UntilAsync(async () => await CountAsync(StorageNames.ChunksQueue) == 0);
        Assert.Equal(["0", "1", "2"], handled);
        await pump.StopAsync(Stop);
    }

    [Fact]
    public async Task Run_SeveralAtOnce_NeverExceedsItsConcurrency()
    {
        int now = 0, most = 0;
        await QueueOf().SendAsync([.. Enumerable.Range(0, 12).Select(number => new WorkMessage($"{number}", "{}", null))], Stop);
        var gate = new SemaphoreSlim(0);
        await using var running = await StartAsync(async (_, cancellationToken) =>
        {
            InterlockedMax(ref most, Interlocked.Increment(ref now));
            await gate.WaitAsync(cancellationToken);
            Interlocked.Decrement(ref now);
        }, concurrency: 3);
        await Polling.UntilAsync(() => Task.FromResult(Volatile.Read(ref now) == 3));
        gate.Release(12);
        await Polling.UntilAsync(async () => await CountAsync(StorageNames.ChunksQueue) == 0);
        Assert.Equal(3, most);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)] // a time-out of a request, not of the host
    public async Task Run_StageFailsFiveTimes_DeadLettersThenAndNotBefore(bool cancelled)
    {
        var poisonBefore = new ConcurrentQueue<int>();
        await QueueOf().SendAsync([s_message], Stop);
        await using var running = await StartAsync(async (_, _) =>
        {
            poisonBefore.Enqueue(await CountAsync(StorageNames.PoisonOf(StorageNames.ChunksQueue)));
            throw cancelled ? new TaskCanceledException("It took too long.\nat length") : new IOException("The disk is full.\r\nVery.");
        });
        (string body, string reason) = Assert.Single(await DeadLettersAsync());
        Assert.Equal([0, 0, 0, 0, 0], poisonBefore);
        Assert.Equal(("{}", cancelled ? "TaskCanceledException after 5 attempts: It took too long."
            : "IOException after 5 attempts: The disk is full."), (body, reason));
        await Polling.UntilAsync(async () => await CountAsync(StorageNames.ChunksQueue) == 0);
    }

    [Fact]
    public async Task Run_InvalidMessage_DeadLettersAtOnce()
    {
        int runs = 0;
        await QueueOf().SendAsync([s_message], Stop);
        await using var running = await StartAsync((_, _) =>
        {
            Interlocked.Increment(ref runs);
            throw new InvalidMessageException("It says nothing.");
        });
        Assert.Equal(("{}", "It says nothing."), Assert.Single(await DeadLettersAsync()));
        Assert.Equal(1, runs);
    }

    [Fact]
    public async Task Run_HandedOutTooOftenWithoutAnAnswer_DeadLettersWithoutTheStage()
    {
        await QueueOf().SendAsync([s_message], Stop);
        for (int i = 0; i < 10; i++)
            await DieWithAMessageAsync();
        int runs = 0;
        await using var running = await StartAsync((_, _) =>
        {
            Interlocked.Increment(ref runs);
            return Task.CompletedTask;
        });
        Assert.Contains("10 times", Assert.Single(await DeadLettersAsync()).Reason, StringComparison.Ordinal);
        Assert.Equal(0, runs);
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(1, true)] // as parallel loops throw it
    [InlineData(5, true)] // on the last attempt too
    public async Task StopAsync_StageAtWork_CancelsItAndGivesTheMessageBack(int attempt, bool wrapped)
    {
        await QueueOf().SendAsync([s_message], Stop);
        for (int i = 1; i < attempt; i++)
            await Assert.Single(await QueueOf().ReceiveAsync(1, Stop)).AbandonAsync(TimeSpan.Zero, Stop);
        var begun = new TaskCompletionSource();
        bool cancelled = false;
        await using (await StartAsync(async (_, cancellationToken) =>
        {
            begun.SetResult();
            try
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
            }
            catch (OperationCanceledException error)
            {
                cancelled = true;
                if (wrapped)
                    throw new AggregateException(error);
                throw;
            }
        }))
        {
            await begun.Task.WaitAsync(Stop);
        }

        Assert.True(cancelled);
        Assert.Equal(new Attempts(Failed: attempt - 1, GivenBack: 1, Unanswered: 0), Assert.Single(await QueueOf().ReceiveAsync(1, Stop)).Attempts);
        Assert.Equal(0, await CountAsync(StorageNames.PoisonOf(StorageNames.ChunksQueue)));
    }

    [Fact]
    public async Task StopAsync_StageDeafToIt_WaitsAndCompletes()
    {
        await QueueOf().SendAsync([s_message], Stop);
        var begun = new TaskCompletionSource();
        var end = new TaskCompletionSource();
        QueuePump pump = PumpOf((_, _) =>
        {
            begun.SetResult();
            return end.Task;
        }, s_options, TimeProvider.System, 1);
        await pump.StartAsync(Stop);
        await begun.Task.WaitAsync(Stop);
        Task stopping = pump.StopAsync(Stop);
        Assert.False(stopping.IsCompleted);
        end.SetResult();
        await stopping;
        Assert.Equal(0, await CountAsync(StorageNames.ChunksQueue));
    }

    [Fact]
    public async Task HandleAsync_LockLost_StopsTheWorkAndLeavesTheMessage()
    {
        var time = new FakeTimeProvider();
        var options = new QueueOptions { LockDuration = TimeSpan.FromSeconds(1) };
        bool cancelled = false;
        QueuePump pump = PumpOf(async (_, cancellationToken) =>
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancelled = true; // and returns as if all were well
        }, options, time, 1);
        await QueueOf(options).SendAsync([s_message], Stop);
        Task handling = pump.HandleAsync(Assert.Single(await QueueOf(options).ReceiveAsync(1, Stop)), Stop);

        WorkDelivery other = await Polling.ForAsync(async () => (await QueueOf().ReceiveAsync(1, Stop)).SingleOrDefault()); // the real lock ran out
        await Polling.UntilAsync(() =>
        {
            time.Advance(options.LockDuration / 2); // only now would the pump have renewed it
            return Task.FromResult(handling.IsCompleted);
        });
        await handling;
        Assert.True(cancelled);
        Assert.True(await other.RenewAsync(Stop));
    }

    [Fact]
    public async Task Run_QueueGoneForAWhile_GoesOn()
    {
        await _account.Queue(StorageNames.ChunksQueue).DeleteAsync(Stop);
        int runs = 0;
        await using var running = await StartAsync((_, _) =>
        {
            Interlocked.Increment(ref runs);
            return Task.CompletedTask;
        });
        await _account.Queue(StorageNames.ChunksQueue).CreateAsync(cancellationToken: Stop);
        await QueueOf().SendAsync([s_message], Stop);
        await Polling.UntilAsync(() => Task.FromResult(Volatile.Read(ref runs) == 1));
    }

    [Fact]
    public async Task Run_RandomBodies_AllEndInThePoisonQueue()
    {
        var random = new Random(1);
        string good = new BlobCreatedEvent("recordings", "a.wav", "1", 0).ToMessage(RecordingId.Parse("20260309-0123456789abcdef")).Body;
        for (int i = 0; i < 24; i++)
        {
            byte[] bytes = new byte[random.Next(200)];
            random.NextBytes(bytes);
            int at = random.Next(good.Length), length = random.Next(20);
            await _account.Queue(StorageNames.ChunksQueue).SendMessageAsync((i % 3) switch
            {
                0 => Convert.ToBase64String(bytes),
                1 => string.Concat(bytes.Select(value => (char)(' ' + (value % 95)))),
                _ => good.Remove(at, Math.Min(length + 1, good.Length - at)),
            }, Stop);
        }

        await QueueOf().SendAsync([new WorkMessage("good", good, null)], Stop);
        var parsed = new ConcurrentQueue<string>();
        await using var running = await StartAsync((message, _) =>
        {
            BlobCreatedEvent.Parse(message.Body);
            parsed.Enqueue(message.MessageId);
            return Task.CompletedTask;
        }, concurrency: 4);
        await Polling.UntilAsync(async () => await CountAsync(StorageNames.ChunksQueue) == 0);
        Assert.Contains("good", parsed);
        Assert.Equal(25, parsed.Count + await CountAsync(StorageNames.PoisonOf(StorageNames.ChunksQueue)));
    }

    /// <summary>As a host that is killed: the message comes back without an answer.</summary>
    private async Task DieWithAMessageAsync()
    {
        QueueClient queue = _account.Queue(StorageNames.ChunksQueue);
        QueueMessage message = (await queue.ReceiveMessageAsync(cancellationToken: Stop)).Value;
        await queue.UpdateMessageAsync(message.MessageId, message.PopReceipt, message.Body, TimeSpan.Zero, Stop);
    }

    private static void InterlockedMax(ref int most, int value)
    {
        int seen;
        while ((seen = Volatile.Read(ref most)) < value)
            Interlocked.CompareExchange(ref most, value, seen);
    }

    private StorageWorkQueue QueueOf(QueueOptions? options = null) => new(_account.Queues, StorageNames.ChunksQueue, options ?? s_options);

    private QueuePump PumpOf(Func<WorkMessage, CancellationToken, Task> stage, QueueOptions options, TimeProvider time, int concurrency) =>
        Pumps.Create(QueueOf(options), stage, options, time, concurrency);

    private async Task<RunningPump> StartAsync(Func<WorkMessage, CancellationToken, Task> stage, int concurrency = 1)
    {
        QueuePump pump = PumpOf(stage, s_options, TimeProvider.System, concurrency);
        await pump.StartAsync(Stop);
        return new RunningPump(pump);
    }

    private async Task<int> CountAsync(string queue) =>
        (await _account.Queue(queue).GetPropertiesAsync(Stop)).Value.ApproximateMessagesCount;

    private async Task<(string Body, string Reason)[]> DeadLettersAsync()
    {
        var poison = new StorageWorkQueue(_account.Queues, StorageNames.PoisonOf(StorageNames.ChunksQueue), s_options);
        return [.. (await Polling.ForAsync(async () => await poison.ReceiveAsync(32, Stop) is { Count: > 0 } letters ? letters : null))
            .Select(delivery => RecordFailure.Open(delivery.Message))];
    }
}
