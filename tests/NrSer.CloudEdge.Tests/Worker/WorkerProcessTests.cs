using NrSer.CloudEdge.Tests.Functions;
using NrSer.Pipeline;
using NrSer.Pipeline.Chunks;
using NrSer.Pipeline.Storage;
using NrSer.Pipeline.Work;
using NrSer.Testing;

namespace NrSer.CloudEdge.Tests.Worker;

public sealed class WorkerProcessTests(StorageEmulator emulator)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Start_NothingToDo_EndsWhenItIsAJob()
    {
        await using CloudUnderTest cloud = await CloudUnderTest.CreateAsync(emulator);
        cloud.Settings["NrSer:Worker:ExitWhenIdleFor"] = WorkerProcess.BusyMachinesIdleTime;
        await using WorkerProcess worker = WorkerProcess.Start(cloud.Settings);
        Assert.Equal(0, await worker.ExitAsync());
    }

    [Fact]
    public async Task Start_QueueOutOfReach_EndsAsFailedWhenItIsAJob()
    {
        await using CloudUnderTest cloud = await CloudUnderTest.CreateAsync(emulator);
        cloud.Settings["NrSer:Worker:ExitWhenIdleFor"] = "00:00:02";
        cloud.Settings["ServiceBus:ConnectionString"] =
            "Endpoint=sb://127.0.0.1:9;SharedAccessKeyName=any;SharedAccessKey=any;UseDevelopmentEmulator=true;";
        await using WorkerProcess worker = WorkerProcess.Start(cloud.Settings);
        Assert.Equal(1, await worker.ExitAsync());
    }

    [Fact]
    public async Task Start_AsAnApp_AnswersHealthChecksUntilItIsStopped()
    {
        await using CloudUnderTest cloud = await CloudUnderTest.CreateAsync(emulator);
        await using WorkerProcess worker = WorkerProcess.Start(cloud.Settings);
        Uri address = await Polling.ForAsync(() => Task.FromResult(worker.Address));
        using var http = new HttpClient();
        Assert.Equal("Healthy", await http.GetStringAsync(new Uri(address, "/healthz"), Stop));
        await worker.SignalAsync("TERM");
        Assert.Equal(0, await worker.ExitAsync());
    }

    [Fact]
    public async Task Sigterm_ChunkInWork_LeavesNothingLocked()
    {
        await using CloudUnderTest cloud = await CloudUnderTest.CreateAsync(emulator);
        WorkMessage chunk = await EnhancedChunkAsync(cloud);
        for (int copy = 0; copy < 200; copy++) // the stage may run as often as it likes, so there is always something in work
            await cloud.SendAsync(StorageNames.EmotionsQueue, chunk.Body);
        await using WorkerProcess worker = WorkerProcess.Start(cloud.Settings);
        await Polling.UntilAsync(() => Task.FromResult(cloud.Queues[StorageNames.EmotionsQueue].Settlements.Count > 0));
        await worker.SignalAsync("TERM");
        Assert.Equal(0, await worker.ExitAsync());
        Assert.InRange(cloud.Queues[StorageNames.EmotionsQueue].Count, 1, 200); // it stopped while there was work left
        // what it said last may still be on its way to the broker
        await Polling.UntilAsync(() => Task.FromResult(cloud.Queues[StorageNames.EmotionsQueue].InWork == 0));
        Assert.Empty(cloud.Queues[StorageNames.EmotionsQueue].Letters);
    }

    [Fact]
    public async Task Sigkill_ChunkInWork_IsFinishedByAnother()
    {
        await using CloudUnderTest cloud = await CloudUnderTest.CreateAsync(emulator, lockDuration: TimeSpan.FromSeconds(2));
        WorkMessage chunk = await EnhancedChunkAsync(cloud);
        await cloud.SendAsync(StorageNames.EmotionsQueue, chunk.Body);
        await using (WorkerProcess first = WorkerProcess.Start(cloud.Settings))
        {
            await Polling.UntilAsync(() => Task.FromResult(cloud.Queues[StorageNames.EmotionsQueue].InWork > 0));
            await first.SignalAsync("KILL");
            Assert.Equal(137, await first.ExitAsync());
        }

        await using WorkerProcess second = WorkerProcess.Start(cloud.Settings);
        await Polling.UntilAsync(() => Task.FromResult(cloud.Queues[StorageNames.EmotionsQueue].Count == 0));
        await Polling.ForAsync(() => Task.FromResult(second.Address)); // the first may have been done just before it was killed
        await second.SignalAsync("TERM");
        Assert.Equal(0, await second.ExitAsync());
        Assert.Equal(0, cloud.Queues[StorageNames.EmotionsQueue].Count);
        Assert.True(RecordingId.TryParse(chunk.MessageId.Split('/')[0], out RecordingId id));
        Assert.Equal(RecordingStatus.Completed, (await cloud.Account.Store.FindAsync(id, Stop))!.Status);
    }

    [Theory]
    [InlineData("NrSer:Models:ExecutionProvider", "Cuda", "CUDA")]
    [InlineData("NrSer:Models:CatalogPath", "/nowhere/catalog.json", "/nowhere/catalog.json")]
    [InlineData("ServiceBus:ConnectionString", "", "FullyQualifiedNamespace")]
    [InlineData("ServiceBus:ConnectionString", "Endpoint=sb://name.servicebus.windows.net;SharedAccessKeyName=a;SharedAccessKey=b",
        "use an identity")]
    [InlineData("NrSer:Worker:ExitWhenIdleFor", "2.00:00:00", "ExitWhenIdleFor")]
    public async Task Start_WrongSetting_EndsWithTheReasonAndTakesNoMessage(string setting, string value, string reason)
    {
        await using CloudUnderTest cloud = await CloudUnderTest.CreateAsync(emulator);
        await cloud.SendAsync(StorageNames.EmotionsQueue, "{}");
        cloud.Settings[setting] = value;
        await using WorkerProcess worker = WorkerProcess.Start(cloud.Settings);
        Assert.Equal(3, await worker.ExitAsync());
        Assert.Contains(reason, worker.Log, StringComparison.Ordinal);
        Assert.Empty(cloud.Queues[StorageNames.EmotionsQueue].Settlements);
    }

    /// <summary>A chunk that waits for its emotions.</summary>
    private static async Task<WorkMessage> EnhancedChunkAsync(CloudUnderTest cloud)
    {
        RecordingId id;
        await using (FunctionsRuntime functions = cloud.StartFunctions())
        {
            id = await cloud.UploadAsync("interview.wav", await Recordings.SpeechAsync());
            await Polling.UntilAsync(() => Task.FromResult(cloud.Queues[StorageNames.EmotionsQueue].Count == 1));
        }

        return WorkMessage.Recognize(new ChunkId(id, 0, 0), 0);
    }
}
