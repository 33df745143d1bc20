using Azure.Messaging.ServiceBus;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using NrSer.CloudEdge.Tests.Broker;
using NrSer.CloudEdge.Tests.Functions;
using NrSer.Pipeline;
using NrSer.Pipeline.Storage;
using NrSer.Testing;

namespace NrSer.CloudEdge.Tests;

/// <summary>Storage and queues as Azure has them, and the settings that point the hosts there.</summary>
internal sealed class CloudUnderTest : IAsyncDisposable
{
    private readonly ServiceBusBroker _broker = new();
    private readonly ServiceBusClient _client;

    private CloudUnderTest(StorageAccount account, TimeSpan lockDuration)
    {
        Account = account;
        Queues = StorageNames.ServiceBusQueues
            .ToDictionary(name => name, name => _broker.Add(name, lockDuration), StringComparer.Ordinal);
        _client = new ServiceBusClient(_broker.ConnectionString);
        Settings = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["NrSer:Storage:ConnectionString"] = account.ConnectionString,
            ["ServiceBus:ConnectionString"] = _broker.ConnectionString,
            ["NrSer:Queues:LockDuration"] = lockDuration.ToString(),
            ["NrSer:Queues:RetryDelay"] = "00:00:00",
            ["NrSer:Segmentation:MaxChunk"] = "00:00:10",
        };
    }

    public StorageAccount Account { get; }

    public IReadOnlyDictionary<string, BrokerQueue> Queues { get; }

    public Dictionary<string, string?> Settings { get; }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public static async Task<CloudUnderTest> CreateAsync(StorageEmulator emulator, TimeSpan? lockDuration = null) =>
        new(await StorageAccount.CreateAsync(emulator), lockDuration ?? TimeSpan.FromMinutes(5));

    public FunctionsRuntime StartFunctions() => FunctionsRuntime.Start(Settings, _client);

    /// <summary>Uploads a recording and delivers the event that Event Grid would.</summary>
    /// <param name="blobName">Its name.</param>
    /// <param name="content">Its content.</param>
    public async Task<RecordingId> UploadAsync(string blobName, byte[] content)
    {
        BlobClient blob = Account.Blobs.Container(StorageNames.Recordings).GetBlobClient(blobName);
        await blob.UploadAsync(BinaryData.FromBytes(content), overwrite: true, Stop);
        BlobProperties properties = await blob.GetPropertiesAsync(cancellationToken: Stop);
        string etag = properties.ETag.ToString().Trim('"');
        await SendAsync(StorageNames.UploadsQueue, $$"""
            {"specversion":"1.0","id":"831e1650-001e-001b-66ab-eeb76e069631",
             "source":"/subscriptions/x/resourceGroups/y/providers/Microsoft.Storage/storageAccounts/z",
             "type":"Microsoft.Storage.BlobCreated",
             "subject":"/blobServices/default/containers/recordings/blobs/{{blobName}}","time":"2026-06-28T18:41:00.9584103Z",
             "data":{"api":"PutBlob","eTag":"{{etag}}","contentType":"audio/wav","contentLength":{{content.Length}},
             "blobType":"BlockBlob","url":"https://z/recordings/{{blobName}}"}
            }
            """);
        return RecordingId.Of(properties.CreatedOn, StorageNames.Recordings, blobName, etag);
    }

    /// <summary>Puts a text into a queue.</summary>
    public async Task SendAsync(string queue, string body)
    {
        await using ServiceBusSender sender = _client.CreateSender(queue);
        await sender.SendMessageAsync(new ServiceBusMessage(body), Stop);
    }

    /// <summary>Takes the next message and gives it up, as the service does after too many attempts.</summary>
    public async Task DeadLetterNextAsync(string queue, string reason, string description)
    {
        await Polling.UntilAsync(() => Task.FromResult(Queues[queue].Count > 0)); // whoever sends it may take long
        await using ServiceBusReceiver receiver = _client.CreateReceiver(queue);
        ServiceBusReceivedMessage message = await receiver.ReceiveMessageAsync(TimeSpan.FromMinutes(3), Stop);
        await receiver.DeadLetterMessageAsync(message, reason, description, Stop);
    }

    public async ValueTask DisposeAsync()
    {
        await _client.DisposeAsync();
        _broker.Dispose();
    }
}
