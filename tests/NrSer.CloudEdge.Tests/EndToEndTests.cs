using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using NrSer.CloudEdge.Tests.Functions;
using NrSer.CloudEdge.Tests.Worker;
using NrSer.Pipeline;
using NrSer.Pipeline.Chunks;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;
using NrSer.Pipeline.Stages;
using NrSer.Pipeline.Storage;
using NrSer.Pipeline.Work;
using NrSer.Testing;

namespace NrSer.CloudEdge.Tests;

/// <summary>An upload's way through triggers, queues and the worker process, with the storage emulator and a broker for the services.</summary>
public sealed class EndToEndTests(StorageEmulator emulator)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Upload_ThroughFunctionsAndWorker_EndsAsRows()
    {
        await using CloudUnderTest cloud = await CloudUnderTest.CreateAsync(emulator);
        await using FunctionsRuntime functions = cloud.StartFunctions();
        RecordingId speech = await cloud.UploadAsync("interview.wav", await Recordings.ThreeChunksAsync());
        RecordingId text = await cloud.UploadAsync("text.wav", "Dear diary"u8.ToArray());
        await Polling.UntilAsync(() => Task.FromResult(cloud.Queues[StorageNames.EmotionsQueue].Count == 2)); // the third chunk is silent

        cloud.Settings["NrSer:Worker:ExitWhenIdleFor"] = WorkerProcess.BusyMachinesIdleTime;
        await using WorkerProcess worker = WorkerProcess.Start(cloud.Settings);
        Assert.Equal(0, await worker.ExitAsync()); // it drains the queue, and then there is nothing to do

        Recording completed = (await cloud.Account.Store.FindAsync(speech, Stop))!;
        Assert.Equal((RecordingStatus.Completed, 3), (completed.Status, completed.ExpectedChunks));
        Assert.Equal(RecordingStatus.Rejected, (await cloud.Account.Store.FindAsync(text, Stop))!.Status);
        List<Segment> segments = await cloud.Account.Store.TableSegmentsAsync(speech, Stop).ToListAsync(Stop);
        Assert.Contains(segments, segment => segment.Emotion is not null);
        Assert.Equal(["completed", "completed"], cloud.Queues[StorageNames.EmotionsQueue].Settlements);
        Assert.All(cloud.Queues.Values, queue => Assert.Equal((0, 0), (queue.Count, queue.Letters.Count)));
    }

    // What infra/hooks/smoke-test.sh sends to a deployment, and expects of it.
    [Fact]
    public async Task Samples_OfTheSmokeTest_HaveTheSegmentsItAsksFor()
    {
        await using CloudUnderTest cloud = await CloudUnderTest.CreateAsync(emulator);
        await using FunctionsRuntime functions = cloud.StartFunctions();
        var ids = new List<RecordingId>();
        foreach (string sample in new[] { "clean.wav", "clean.mp3", "noise-only.wav" })
        {
            ids.Add(await cloud.UploadAsync(
                $"smoke-test/x/{sample}", await File.ReadAllBytesAsync(Path.Combine(AppContext.BaseDirectory, "samples", sample), Stop)));
        }

        await using WorkerProcess worker = WorkerProcess.Start(cloud.Settings);
        var speech = new List<int?>();
        foreach (RecordingId id in ids)
        {
            Recording row = await Polling.ForAsync(async () =>
                await cloud.Account.Store.FindAsync(id, Stop) is { CompletedAt: not null } ended ? ended : null);
            Assert.Equal((RecordingStatus.Completed, ""), (row.Status, row.Reason ?? ""));
            speech.Add(row.SpeechSegmentCount);
        }

        Assert.True(speech[0] > 0 && speech[1] > 0, $"No speech in {speech[0]} and {speech[1]} segments.");
        Assert.Equal(0, speech[2]);
    }

    [Fact]
    public async Task Sweep_WhileAnotherReplicaIsAtIt_LeavesItToThatOne()
    {
        await using CloudUnderTest cloud = await CloudUnderTest.CreateAsync(emulator);
        cloud.Settings["NrSer:Sweep:LostEventAfter"] = "00:00:00";
        await using FunctionsRuntime functions = cloud.StartFunctions();
        await cloud.Account.Blobs.Container(StorageNames.Recordings).GetBlobClient("text.wav").UploadAsync(BinaryData.FromString("Dear diary"), Stop);
        await new BlobLease(cloud.Account.Blobs, TimeProvider.System, NullLogger<BlobLease>.Instance).RunAloneAsync(
            nameof(Sweep), _ => functions.TickAsync(), Stop);
        Assert.Empty(cloud.Queues[StorageNames.UploadsQueue].Settlements);

        await functions.TickAsync();
        await Polling.UntilAsync(() => Task.FromResult(cloud.Queues[StorageNames.UploadsQueue].Settlements.Count == 1));
    }

    [Fact]
    public async Task DeadLetter_OfAChunk_FailsItsRecordingWithTheReason()
    {
        await using CloudUnderTest cloud = await CloudUnderTest.CreateAsync(emulator);
        await using FunctionsRuntime functions = cloud.StartFunctions();
        RecordingId id = await cloud.UploadAsync("interview.wav", await Recordings.SpeechAsync());
        await cloud.DeadLetterNextAsync(StorageNames.EmotionsQueue, "MaxDeliveryCountExceeded",
            "Message could not be consumed after 5 delivery attempts.");
        Recording row = await Polling.ForAsync(async () =>
            await cloud.Account.Store.FindAsync(id, Stop) is { Status: RecordingStatus.Failed } failed ? failed : null);
        Assert.Contains("MaxDeliveryCountExceeded", row.Reason, StringComparison.Ordinal);
        await Polling.UntilAsync(() => Task.FromResult(cloud.Queues[StorageNames.EmotionsQueue].Letters.Count == 0)); // drained into the row
    }

    [Fact]
    public async Task BadMessages_InEveryQueue_AreDeadLetteredAndDrained()
    {
        await using CloudUnderTest cloud = await CloudUnderTest.CreateAsync(emulator);
        foreach (string queue in StorageNames.LaneQueues)
            await cloud.SendAsync(queue, "This is no message of ours.");
        await using FunctionsRuntime functions = cloud.StartFunctions();
        await using WorkerProcess worker = WorkerProcess.Start(cloud.Settings);
        foreach (string queue in StorageNames.LaneQueues)
            await Polling.UntilAsync(() => Task.FromResult(cloud.Queues[queue] is { Settlements: ["dead-lettered"], Count: 0, Letters.Count: 0 }));
    }

    [Fact]
    public async Task Podcast_Followed_IsFetchedByMessagesAndWhatIsGivenUpFails()
    {
        await using CloudUnderTest cloud = await CloudUnderTest.CreateAsync(emulator);
        await using var server = new PodcastServer();
        server.Serve("/1.wav", await Recordings.SilenceAsync(), "audio/wav");
        server.Serve("/2.wav", await Recordings.SpeechAsync(), "audio/wav");
        server.Serve("/feed", Encoding.UTF8.GetBytes("""
            <rss version="2.0"><channel><title>A Show</title>
            <item><title>One</title><guid>1</guid><enclosure url="1.wav" type="audio/wav"/></item>
            <item><title>Two</title><guid>2</guid><enclosure url="2.wav" type="audio/wav"/></item></channel></rss>
            """));
        cloud.Settings["NrSer:Podcasts:PrivateHosts"] = "127.0.0.1";
        cloud.Settings["NrSer:Podcasts:Pause"] = "00:00:00";
        var podcasts = new PodcastStore(cloud.Account.Tables);
        await podcasts.TryWriteAsync(new Feed { Id = "00000000000000ab", Url = new Uri(server.Url, "feed").AbsoluteUri }, Stop);
        var lost = new Episode { FeedId = "00000000000000ab", Key = "lost", Status = EpisodeStatus.Listed, Url = "http://127.0.0.1:1/3.wav" };
        await podcasts.TryWriteAsync(lost, Stop);
        await cloud.SendAsync(StorageNames.DownloadsQueue, WorkMessage.Fetch(lost.FeedId, lost.Key, TimeProvider.System.GetUtcNow()).Body);
        await cloud.DeadLetterNextAsync(StorageNames.DownloadsQueue, "MaxDeliveryCountExceeded", "Nobody answered.");

        await using FunctionsRuntime functions = cloud.StartFunctions();
        await Polling.UntilAsync(async () => await podcasts.CountAsync(lost.FeedId, EpisodeStatus.Failed, Stop) == 1);
        await functions.FollowAsync();
        await Polling.UntilAsync(async () => await podcasts.CountAsync(lost.FeedId, EpisodeStatus.Stored, Stop) == 2);
        Assert.Equal(2, (await cloud.Account.BlobsAsync(StorageNames.Recordings)).Count(blob => blob.Name.StartsWith("podcasts/a-show/",
            StringComparison.Ordinal)));
        Assert.Equal("MaxDeliveryCountExceeded: Nobody answered.", (await podcasts.FindEpisodeAsync(lost.FeedId, lost.Key, Stop))!.Reason);
    }

    [Fact]
    public async Task Upload_EventTwice_IsWorkedOnOnce()
    {
        await using CloudUnderTest cloud = await CloudUnderTest.CreateAsync(emulator);
        await using FunctionsRuntime functions = cloud.StartFunctions();
        RecordingId id = await cloud.UploadAsync("quiet.wav", await Recordings.SilenceAsync());
        await Polling.UntilAsync(async () => (await cloud.Account.Store.FindAsync(id, Stop))?.Status == RecordingStatus.Completed);
        await Polling.UntilAsync(() => Task.FromResult( // the note of open work goes after the status is written
            cloud.Queues[StorageNames.UploadsQueue].Settlements.Count == 1 && cloud.Queues[StorageNames.ChunksQueue].Settlements.Count == 1));
        string[] rows = await cloud.Account.RowsAsync();
        await cloud.SendAsync(StorageNames.UploadsQueue, new Pipeline.Uploads.BlobCreatedEvent(
            StorageNames.Recordings, "quiet.wav", (await cloud.Account.Store.FindAsync(id, Stop))!.BlobETag!, 0).ToMessage(id).Body);
        await cloud.SendAsync(StorageNames.ChunksQueue, WorkMessage.Enhance(new ChunkId(id, 0, 0), 0).Body);
        await Polling.UntilAsync(() => Task.FromResult(
            cloud.Queues[StorageNames.UploadsQueue].Settlements.Count == 2 && cloud.Queues[StorageNames.ChunksQueue].Settlements.Count == 2));
        Assert.Equal(rows, await cloud.Account.RowsAsync());
        Assert.All(cloud.Queues.Values, queue => Assert.DoesNotContain(queue.Settlements, settlement => settlement != "completed"));
    }
}
