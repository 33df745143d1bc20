using System.Text;
using Azure.Storage.Queues.Models;
using NrSer.Pipeline.Stages;
using NrSer.Pipeline.Storage;
using NrSer.Pipeline.Work;
using NrSer.Pipeline.Work.StorageQueues;
using NrSer.Testing;

namespace NrSer.Pipeline.Tests.Work.StorageQueues;

public sealed class StorageWorkQueueTests(StorageEmulator emulator) : WorkQueueContract
{
    private StorageAccount? _account;

    [Fact]
    public async Task SendAsync_AMessage_NeverExpires()
    {
        IWorkQueue queue = await CreateAsync(LongLock);
        await queue.SendAsync([new WorkMessage("x", "{}", null)], Stop);
        QueueMessage[] messages = await _account!.Queue(queue.Name).ReceiveMessagesAsync(1, TimeSpan.FromMinutes(1), Stop);
        Assert.Equal(9999, Assert.Single(messages).ExpiresOn!.Value.Year); // how the service writes never
    }

    // Event Grid puts the bare event there, as Base64; people paste it as it is.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ReceiveAsync_BareEvent_PassesItOn(bool base64)
    {
        const string Event = """[{"eventType":"Microsoft.Storage.BlobCreated"}]""";
        IWorkQueue queue = await CreateAsync(LongLock);
        await _account!.Queue(queue.Name).SendMessageAsync(base64 ? Convert.ToBase64String(Encoding.UTF8.GetBytes(Event)) : Event, Stop);
        WorkMessage message = Assert.Single(await queue.ReceiveAsync(1, Stop)).Message;
        Assert.Equal(Event, message.Body);
        Assert.NotEmpty(message.MessageId);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("!")]
    [InlineData("////")]
    [InlineData("not base64 at all")]
    [InlineData("""{"messageId":null,"traceParent":null,"body":"x"}""")]
    [InlineData("""{"messageId":"x","traceParent":null,"body":{}}""")]
    public async Task ReceiveAsync_ForeignBody_LeavesTheOthersReadable(string body)
    {
        IWorkQueue queue = await CreateAsync(LongLock);
        await _account!.Queue(queue.Name).SendMessageAsync(body, Stop);
        await queue.SendAsync([new WorkMessage("good", "{}", null)], Stop);
        Assert.Contains(await queue.ReceiveAsync(32, Stop), delivery => delivery.Message.MessageId == "good");
    }

    [Fact]
    public async Task DeadLetterAsync_HugeBody_KeepsItsStart()
    {
        IWorkQueue queue = await CreateAsync(LongLock);
        await _account!.Queue(queue.Name).SendMessageAsync(new string('"', 60_000), Stop);
        await Assert.Single(await queue.ReceiveAsync(1, Stop)).DeadLetterAsync("huge", Stop);
        (string body, string reason) = Assert.Single(await DeadLettersAsync());
        Assert.StartsWith("\"\"\"", body, StringComparison.Ordinal);
        Assert.Equal("huge", reason);
    }

    protected override async Task<IWorkQueue> CreateAsync(QueueOptions options)
    {
        _account = await StorageAccount.CreateAsync(emulator);
        return new StorageWorkQueue(_account.Queues, StorageNames.ChunksQueue, options);
    }

    protected override Task LetPassAsync(TimeSpan time) => Task.Delay(time, TimeProvider.System, Stop); // the emulator's clock goes by itself

    protected override async Task<(string Body, string Reason)[]> DeadLettersAsync()
    {
        var poison = new StorageWorkQueue(_account!.Queues, StorageNames.PoisonOf(StorageNames.ChunksQueue), LongLock);
        return [.. (await poison.ReceiveAsync(32, Stop)).Select(delivery => RecordFailure.Open(delivery.Message))];
    }
}
