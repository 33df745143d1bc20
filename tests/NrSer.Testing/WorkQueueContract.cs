using System.Diagnostics;
using NrSer.Pipeline.Work;

namespace NrSer.Testing;

/// <summary>What every <see cref="IWorkQueue"/> keeps.</summary>
public abstract class WorkQueueContract
{
    protected static readonly QueueOptions LongLock = new() { LockDuration = TimeSpan.FromMinutes(5) };

    private static readonly QueueOptions s_shortLock = new() { LockDuration = TimeSpan.FromSeconds(1) };
    private static readonly WorkMessage s_message = new(
        "id/0/test", """{"text":"Zoë 🎙 <&>\"\\"}""", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");

    protected static CancellationToken Stop => TestContext.Current.CancellationToken;

    protected abstract Task<IWorkQueue> CreateAsync(QueueOptions options);

    /// <summary>Lets time go by for the queue.</summary>
    protected abstract Task LetPassAsync(TimeSpan time);

    /// <summary>What was given up: body and reason.</summary>
    protected abstract Task<(string Body, string Reason)[]> DeadLettersAsync();

    [Fact]
    public async Task ReceiveAsync_NothingThere_IsEmpty() => Assert.Empty(await (await CreateAsync(LongLock)).ReceiveAsync(32, Stop));

    [Fact]
    public async Task ReceiveAsync_AfterSend_HasTheWholeMessage()
    {
        IWorkQueue queue = await CreateAsync(LongLock);
        await queue.SendAsync([s_message], Stop);
        WorkDelivery delivery = await ReceiveOneAsync(queue, max: 32);
        Assert.Equal((s_message, default), (delivery.Message, delivery.Attempts));
    }

    [Fact]
    public async Task ReceiveAsync_SeveralThere_TakesNoMoreThanAskedFor()
    {
        IWorkQueue queue = await CreateAsync(LongLock);
        await queue.SendAsync([.. Enumerable.Range(0, 5).Select(number => new WorkMessage($"{number}", "{}", null))], Stop);
        int taken = (await Polling.ForAsync(async () => await queue.ReceiveAsync(2, Stop) is { Count: > 0 } some ? some : null)).Count;
        Assert.InRange(taken, 1, 2);
        // a service may hand over what is at hand and keep the rest for the next call
        await Polling.UntilAsync(async () => (taken += (await queue.ReceiveAsync(32, Stop)).Count) >= 5);
        Assert.Equal(5, taken);
    }

    [Fact]
    public async Task ReceiveAsync_TakenByAnother_IsEmpty()
    {
        IWorkQueue queue = await CreateAsync(LongLock);
        await queue.SendAsync([s_message], Stop);
        await ReceiveOneAsync(queue);
        Assert.Empty(await queue.ReceiveAsync(1, Stop));
    }

    [Fact]
    public async Task CompleteAsync_AMessage_RemovesIt()
    {
        IWorkQueue queue = await CreateAsync(s_shortLock);
        await queue.SendAsync([s_message], Stop);
        WorkDelivery delivery = await ReceiveOneAsync(queue);
        await delivery.CompleteAsync(Stop);
        Assert.False(await delivery.RenewAsync(Stop));
        await LetPassAsync(1.5 * s_shortLock.LockDuration);
        Assert.Empty(await queue.ReceiveAsync(1, Stop));
    }

    [Fact]
    public async Task OldestSentAtAsync_SomeThere_IsTheFirstOnesTime()
    {
        IWorkQueue queue = await CreateAsync(LongLock);
        Assert.Null(await queue.OldestSentAtAsync(Stop));
        await queue.SendAsync([s_message], Stop);
        DateTimeOffset? first = await queue.OldestSentAtAsync(Stop);
        await LetPassAsync(TimeSpan.FromSeconds(1)); // what a service tells times by
        await queue.SendAsync([s_message], Stop);
        Assert.Equal(first, await queue.OldestSentAtAsync(Stop));
        Assert.Equal(first, (await ReceiveOneAsync(queue)).SentAt);
        Assert.NotNull(await queue.OldestSentAtAsync(Stop));
    }

    [Fact]
    public async Task ReceiveAsync_LockRanOut_ComesAgain()
    {
        IWorkQueue queue = await CreateAsync(s_shortLock);
        await queue.SendAsync([s_message], Stop);
        WorkDelivery first = await ReceiveOneAsync(queue);
        await LetPassAsync(1.5 * s_shortLock.LockDuration);
        WorkDelivery second = await ReceiveOneAsync(queue);
        Assert.Equal((s_message, new Attempts(Failed: 0, GivenBack: 0, Unanswered: 1)), (second.Message, second.Attempts));
        Assert.False(await first.RenewAsync(Stop));
        await first.CompleteAsync(Stop); // too late: settles nothing
        Assert.True(await second.RenewAsync(Stop));
    }

    [Fact]
    public async Task RenewAsync_InTime_KeepsItHidden()
    {
        // A busy machine may ask too late, which says nothing: it has longer with a longer lock.
        var options = new QueueOptions { LockDuration = TimeSpan.FromSeconds(10) };
        while (!await RenewInTimeAsync(options))
            options = new QueueOptions { LockDuration = 2 * options.LockDuration };
    }

    private async Task<bool> RenewInTimeAsync(QueueOptions options)
    {
        IWorkQueue queue = await CreateAsync(options);
        await queue.SendAsync([s_message], Stop);
        long taken = Stopwatch.GetTimestamp();
        WorkDelivery delivery = await ReceiveOneAsync(queue);
        await LetPassAsync(0.6 * options.LockDuration);
        long renewed = Stopwatch.GetTimestamp();
        bool isRenewed = await delivery.RenewAsync(Stop);
        if (Stopwatch.GetElapsedTime(taken) >= options.LockDuration)
            return false;
        Assert.True(isRenewed);
        await LetPassAsync(0.6 * options.LockDuration);
        IReadOnlyList<WorkDelivery> others = await queue.ReceiveAsync(1, Stop);
        if (Stopwatch.GetElapsedTime(renewed) >= options.LockDuration)
            return false;
        Assert.Empty(others); // longer after it was taken than the lock lasts
        Assert.True(await delivery.RenewAsync(Stop));
        await delivery.CompleteAsync(Stop); // with the receipt of the last renewal
        Assert.False(await delivery.RenewAsync(Stop));
        return true;
    }

    [Fact]
    public async Task AbandonAsync_NoDelay_IsThereAtOnce()
    {
        IWorkQueue queue = await CreateAsync(LongLock);
        await queue.SendAsync([s_message], Stop);
        await (await ReceiveOneAsync(queue)).AbandonAsync(TimeSpan.Zero, Stop);
        Assert.Equal(new Attempts(Failed: 1, GivenBack: 0, Unanswered: 0), (await ReceiveOneAsync(queue)).Attempts);
    }

    [Fact]
    public async Task GiveBackAsync_AMessage_IsThereAtOnceAndOnce()
    {
        IWorkQueue queue = await CreateAsync(LongLock);
        await queue.SendAsync([s_message], Stop);
        WorkDelivery first = await ReceiveOneAsync(queue);
        await first.GiveBackAsync(Stop);
        WorkDelivery second = await ReceiveOneAsync(queue, max: 32);
        Assert.Equal((s_message, new Attempts(Failed: 0, GivenBack: 1, Unanswered: 0)), (second.Message, second.Attempts));
        Assert.Empty(await queue.ReceiveAsync(32, Stop));
    }

    [Fact]
    public async Task AbandonAsync_ADelay_HidesItSoLong()
    {
        IWorkQueue queue = await CreateAsync(LongLock);
        await queue.SendAsync([s_message], Stop);
        await (await ReceiveOneAsync(queue)).AbandonAsync(TimeSpan.FromSeconds(1), Stop);
        Assert.Equal(1, (await ReceiveOneAsync(queue)).Attempts.Failed);
    }

    [Fact]
    public async Task DeadLetterAsync_AMessage_MovesItWithItsReason()
    {
        IWorkQueue queue = await CreateAsync(LongLock);
        await queue.SendAsync([s_message], Stop);
        WorkDelivery delivery = await ReceiveOneAsync(queue);
        await delivery.DeadLetterAsync("It is \"bad\".", Stop);
        Assert.False(await delivery.RenewAsync(Stop));
        Assert.Equal([(s_message.Body, "It is \"bad\".")], await DeadLettersAsync());
    }

    [Fact]
    public async Task DeadLetterAsync_LockLost_LeavesItToTheOther()
    {
        IWorkQueue queue = await CreateAsync(s_shortLock);
        await queue.SendAsync([s_message], Stop);
        WorkDelivery first = await ReceiveOneAsync(queue);
        await LetPassAsync(1.5 * s_shortLock.LockDuration);
        await ReceiveOneAsync(queue);
        await first.DeadLetterAsync("late", Stop);
        Assert.Empty(await DeadLettersAsync());
    }

    [Fact]
    public async Task DeadLetterAsync_LongReason_FitsTheQueue()
    {
        IWorkQueue queue = await CreateAsync(LongLock);
        await queue.SendAsync([s_message], Stop);
        await (await ReceiveOneAsync(queue)).DeadLetterAsync(new string('ü', 100_000), Stop);
        Assert.Equal(s_message.Body, Assert.Single(await DeadLettersAsync()).Body);
    }

    protected static async Task<WorkDelivery> ReceiveOneAsync(IWorkQueue queue, int max = 1) =>
        await Polling.ForAsync(async () => (await queue.ReceiveAsync(max, Stop)).SingleOrDefault());
}
