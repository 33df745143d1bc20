using System.Text.Json.Nodes;
using Azure;
using Azure.Core;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using Microsoft.Extensions.Options;
using NrSer.Cli.Local;
using NrSer.Cli.Tests.Processes;
using NrSer.Emulator;
using NrSer.Pipeline;
using NrSer.Pipeline.Storage;
using NrSer.Pipeline.Uploads;
using NrSer.Pipeline.Work;
using NrSer.Pipeline.Work.StorageQueues;

namespace NrSer.Cli.Tests.Local;

/// <summary>An emulator was killed after it had saved which blobs and messages there are, and before it had saved in which files.</summary>
public sealed class EmulatorFilesTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task Relist_FilesAreInNoList_BlobsAndMessagesAreReadAgain(int kept)
    {
        using var scratch = new Scratch();
        string folder = scratch["azurite"];
        for (int run = 0; run < 2; run++) // each has files of its own
            await OnEmulatorAsync(folder, connection => WriteAsync(connection, $"run {run}"));
        Assert.Equal(0, EmulatorFiles.Relist(folder));
        int cut = Cut(Path.Combine(folder, "__azurite_db_blob_extent__.json"), kept)
            + Cut(Path.Combine(folder, "__azurite_db_queue_extent__.json"), kept);
        Assert.Equal(4 - (2 * kept), cut);
        await OnEmulatorAsync(folder, async connection =>
        {
            Assert.Equal(500, (await Assert.ThrowsAsync<RequestFailedException>(() => ReadAsync(connection, "run 1"))).Status);
            Assert.Equal(500, (await Assert.ThrowsAsync<RequestFailedException>(() => MessagesAsync(connection))).Status);
        });

        Assert.Equal(cut, EmulatorFiles.Relist(folder));
        Assert.Equal(0, EmulatorFiles.Relist(folder));
        Assert.Equal(0, EmulatorLoss.Of(folder).DamagedFiles);

        await OnEmulatorAsync(folder, async connection =>
        {
            await WriteAsync(connection, "run 2");
            foreach (string run in new[] { "run 0", "run 1", "run 2" })
                Assert.Equal(run, await ReadAsync(connection, run));
            Assert.Equal(["run 0", "run 1", "run 2"], await MessagesAsync(connection));
        });
        Assert.Equal(new EmulatorLoss(0, 0), EmulatorLoss.Of(folder));
    }

    [Fact]
    public async Task WaitingMessages_OfSeveralQueues_AreThoseThatWouldBeReceived()
    {
        using var scratch = new Scratch();
        string folder = scratch["azurite"];
        Assert.Empty(EmulatorFiles.WaitingMessages(folder, TimeProvider.System.GetUtcNow()));
        await OnEmulatorAsync(folder, _ => Task.CompletedTask);
        Assert.Empty(EmulatorFiles.WaitingMessages(folder, TimeProvider.System.GetUtcNow()));
        await OnEmulatorAsync(folder, async connection =>
        {
            foreach (string text in new[] { "held", "deleted", "für später" })
                await WriteAsync(connection, text);
            await new QueueServiceClient(connection).CreateQueueAsync("another", cancellationToken: Stop);
            await new QueueServiceClient(connection).GetQueueClient("another").SendMessageAsync("elsewhere", Stop);
            QueueMessage[] received = await Queue(connection).ReceiveMessagesAsync(2, TimeSpan.FromHours(1), Stop);
            await Queue(connection).DeleteMessageAsync(received[1].MessageId, received[1].PopReceipt, Stop);
        });

        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        Assert.Equal([("another", "elsewhere"), ("queue", "für später")], EmulatorFiles.WaitingMessages(folder, now).Order());
        Assert.Equal(
            [("another", "elsewhere"), ("queue", "für später"), ("queue", "held")], EmulatorFiles.WaitingMessages(folder, now.AddHours(2)).Order());
        foreach (FileInfo file in new DirectoryInfo(Path.Combine(folder, "__queuestorage__")).EnumerateFiles())
            file.Delete();
        Assert.Empty(EmulatorFiles.WaitingMessages(folder, now));
    }

    [Fact]
    public async Task EventsInLine_AsStagesSendThem_AreThoseOfUploads()
    {
        using var scratch = new Scratch();
        RecordingId id = RecordingId.Parse("20260309-0123456789abcdef");
        WorkMessage upload = new BlobCreatedEvent("recordings", "a.wav", "0x1", 2).ToMessage(id);
        await OnEmulatorAsync(scratch["azurite"], async connection =>
        {
            var account = new StorageQueueAccount(Options.Create(new StorageOptions { ConnectionString = connection }));
            foreach ((string queue, WorkMessage message) in new[]
            {
                (StorageNames.UploadsQueue, upload), (StorageNames.BulkOf(StorageNames.UploadsQueue), upload with { MessageId = "bulk" }),
                (StorageNames.PoisonOf(StorageNames.UploadsQueue), upload with { MessageId = "given up" }),
                (StorageNames.ChunksQueue, upload with { MessageId = "chunk" }),
            })
            {
                await new QueueServiceClient(connection).CreateQueueAsync(queue, cancellationToken: Stop);
                await new StorageWorkQueue(account, queue, new QueueOptions()).SendAsync([message], Stop);
            }
        });

        IReadOnlySet<string> inLine = LocalStack.EventsInLine(scratch["azurite"], TimeProvider.System.GetUtcNow());
        Assert.Equal([BlobCreatedEvent.MessageIdOf(id, 2), "bulk"], inLine.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Blobs_OfAContainer_AreThoseThatTheServiceWouldList()
    {
        using var scratch = new Scratch();
        string folder = scratch["azurite"];
        Assert.Empty(EmulatorFiles.Blobs(folder, "container"));
        BlobProperties overwritten = null!;
        await OnEmulatorAsync(folder, async connection =>
        {
            foreach (string name in new[] { "a", "deleted", "folder/größer" })
                await WriteAsync(connection, name);
            await Container(connection).GetBlobClient("a").CreateSnapshotAsync(cancellationToken: Stop);
            await Container(connection).GetBlobClient("a").UploadAsync(BinaryData.FromString("longer"), overwrite: true, Stop);
            await Container(connection).DeleteBlobAsync("deleted", cancellationToken: Stop);
            await Container(connection).GetBlockBlobClient("begun").StageBlockAsync("AAAA", new MemoryStream([1]), cancellationToken: Stop);
            BlobContainerClient another = new BlobServiceClient(connection).GetBlobContainerClient("another");
            await another.CreateAsync(cancellationToken: Stop);
            await another.UploadBlobAsync("b", BinaryData.FromString("b"), Stop);
            overwritten = await Container(connection).GetBlobClient("a").GetPropertiesAsync(cancellationToken: Stop);
        });

        var blobs = EmulatorFiles.Blobs(folder, "container").OrderBy(blob => blob.Name, StringComparer.Ordinal).ToArray();

        Assert.Equal(["a", "folder/größer"], blobs.Select(blob => blob.Name));
        Assert.Equal(("a", overwritten.ETag, overwritten.ContentLength), (blobs[0].Name, new ETag(blobs[0].ETag), blobs[0].Bytes));
        Assert.Equal(overwritten.CreatedOn.ToUnixTimeSeconds(), blobs[0].CreatedOn.ToUnixTimeSeconds());
    }

    private static async Task OnEmulatorAsync(string folder, Func<string, Task> work)
    {
        await using AzuriteProcess emulator =
            await AzuriteProcess.StartAsync(await AzuriteInstallation.EnsureAsync(_ => { }, Stop), folder, Stop);
        await work(emulator.ConnectionString);
        Assert.True(await emulator.StopAsync() || OperatingSystem.IsWindows());
    }

    /// <summary>Leaves but the first of the listed files.</summary>
    /// <returns>How many are gone.</returns>
    private static int Cut(string list, int kept)
    {
        JsonNode database = JsonNode.Parse(File.ReadAllText(list))!;
        JsonNode collection = database["collections"]!.AsArray().Single()!;
        JsonArray data = collection["data"]!.AsArray();
        int before = data.Count;
        while (data.Count > kept)
            data.RemoveAt(data.Count - 1);
        collection["maxId"] = kept;
        collection["binaryIndices"]!["id"]!["values"] = new JsonArray([.. Enumerable.Range(0, kept).Select(at => JsonValue.Create(at))]);
        File.WriteAllText(list, database.ToJsonString());
        return before - kept;
    }

    private static async Task WriteAsync(string connection, string text)
    {
        BlobContainerClient container = Container(connection);
        await container.CreateIfNotExistsAsync(cancellationToken: Stop);
        await container.GetBlobClient(text).UploadAsync(BinaryData.FromString(text), Stop);
        await Queue(connection).CreateIfNotExistsAsync(cancellationToken: Stop);
        await Queue(connection).SendMessageAsync(text, Stop);
    }

    private static async Task<string> ReadAsync(string connection, string name) =>
        (await Container(connection).GetBlobClient(name).DownloadContentAsync(Stop)).Value.Content.ToString();

    private static async Task<string[]> MessagesAsync(string connection) =>
        [.. (await Queue(connection).PeekMessagesAsync(32, Stop)).Value.Select(message => $"{message.Body}")];

    private static BlobContainerClient Container(string connection) =>
        new BlobServiceClient(connection, Once(new BlobClientOptions())).GetBlobContainerClient("container");

    private static QueueClient Queue(string connection) => new QueueServiceClient(connection, Once(new QueueClientOptions())).GetQueueClient("queue");

    private static T Once<T>(T options)
        where T : ClientOptions
    {
        options.Retry.MaxRetries = 0;
        return options;
    }
}
