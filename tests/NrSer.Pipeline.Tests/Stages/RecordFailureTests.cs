using NrSer.Pipeline.Chunks;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Stages;
using NrSer.Pipeline.Storage;
using NrSer.Pipeline.Uploads;
using NrSer.Pipeline.Work;
using NrSer.Testing;

namespace NrSer.Pipeline.Tests.Stages;

public sealed class RecordFailureTests(StorageEmulator emulator)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task RunAsync_Upload_FailsTheRecording()
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        (RecordingId id, BlobCreatedEvent upload) = await pipeline.UploadAsync(await Recordings.SpeechAsync());
        await pipeline.Failure.RunAsync(StorageNames.UploadsQueue, upload.ToMessage(id).Body, "ffmpeg is missing.", Stop);
        Recording row = await pipeline.RowAsync(id);
        Assert.Equal((RecordingStatus.Failed, "ffmpeg is missing.", upload.BlobName, upload.ETag),
            (row.Status, row.Reason, row.BlobName, row.BlobETag));

        await pipeline.Store.RequestRetryAsync([id], Stop);
        await pipeline.Sweep.RunAsync(Stop);
        await pipeline.DrainAsync();
        Assert.Equal(RecordingStatus.Completed, (await pipeline.RowAsync(id)).Status);
    }

    [Fact]
    public async Task RunAsync_ReplacedOrDeletedUpload_LeavesNoRow()
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        (RecordingId id, BlobCreatedEvent upload) = await pipeline.UploadAsync(await Recordings.SpeechAsync());
        await pipeline.UploadAsync(await Recordings.SilenceAsync());
        await pipeline.Failure.RunAsync(StorageNames.UploadsQueue, upload.ToMessage(id).Body, "boom", Stop);
        await pipeline.Upload(upload.BlobName).DeleteAsync(cancellationToken: Stop);
        await pipeline.Failure.RunAsync(StorageNames.UploadsQueue, upload.ToMessage(id).Body, "boom", Stop);
        Assert.Empty(await pipeline.SnapshotAsync());
    }

    [Fact]
    public async Task RunAsync_TheSameLetterAgain_ChangesNothing()
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        RecordingId id = await pipeline.IngestAsync(await Recordings.SpeechAsync());
        WorkMessage[] messages = await pipeline.TakeAsync(StorageNames.ChunksQueue);
        foreach (WorkMessage message in messages)
            await pipeline.Failure.RunAsync(StorageNames.ChunksQueue, message.Body, "boom", Stop);
        string[] before = await pipeline.SnapshotAsync();
        Assert.Equal(RecordingStatus.Failed, (await pipeline.RowAsync(id)).Status);
        pipeline.Time.Advance(TimeSpan.FromMinutes(1));
        await Task.WhenAll(messages.Select(message => pipeline.Failure.RunAsync(StorageNames.ChunksQueue, message.Body, "boom again", Stop)));
        Assert.Equal(before, await pipeline.SnapshotAsync());
    }

    [Fact]
    public async Task RunAsync_ChunkOfARejectedRecording_DoesNotComeBack()
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        RecordingId id = await pipeline.IngestAsync(await Recordings.SpeechAsync());
        await pipeline.Rejection.RunAsync(id, 0, "It is damaged.", Stop);
        foreach (WorkMessage message in await pipeline.TakeAsync(StorageNames.ChunksQueue))
            await pipeline.Failure.RunAsync(StorageNames.ChunksQueue, message.Body, "boom", Stop);
        Assert.Empty(await pipeline.ChunkRowsAsync(id));
    }

    [Fact]
    public async Task RunAsync_LateUpload_LeavesACompletedRecording()
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        (RecordingId id, BlobCreatedEvent upload) = await pipeline.UploadAsync(await Recordings.SilenceAsync());
        await pipeline.Queue(StorageNames.UploadsQueue).SendAsync([upload.ToMessage(id)], Stop);
        WorkMessage[] messages = await pipeline.DrainAsync();
        string[] before = await pipeline.SnapshotAsync();
        await pipeline.Failure.RunAsync(StorageNames.UploadsQueue, messages[0].Body, "late", Stop);
        await pipeline.Failure.RunAsync(StorageNames.ChunksQueue, messages[1].Body, "late", Stop);
        await pipeline.Failure.RunAsync(StorageNames.EmotionsQueue, WorkMessage.Recognize(new ChunkId(id, 0, 0), 0).Body, "late", Stop);
        Assert.Equal(before, await pipeline.SnapshotAsync());
    }

    [Theory]
    [InlineData(StorageNames.ChunksQueue)]
    [InlineData(StorageNames.EmotionsQueue)]
    public async Task RunAsync_TheOnlyChunk_FailsTheRecording(string queue)
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        RecordingId id = await pipeline.IngestAsync(await Recordings.SpeechAsync());
        var chunk = new ChunkId(id, 0, 0);
        await pipeline.Failure.RunAsync(queue,
            (queue == StorageNames.ChunksQueue ? WorkMessage.Enhance(chunk, 0) : WorkMessage.Recognize(chunk, 0)).Body, "boom", Stop);
        Recording row = await pipeline.RowAsync(id);
        Assert.Equal((RecordingStatus.Failed, pipeline.Time.GetUtcNow()), (row.Status, row.CompletedAt));
        Assert.EndsWith("boom", row.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunAsync_LetterOfAnEarlierGeneration_HidesNoNewerOne()
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        RecordingId id = await pipeline.IngestAsync(await Recordings.ThreeChunksAsync());
        await pipeline.Failure.RunAsync(StorageNames.ChunksQueue, WorkMessage.Enhance(new ChunkId(id, 0, 0), 1).Body, "new", Stop);
        await pipeline.Failure.RunAsync(StorageNames.ChunksQueue, WorkMessage.Enhance(new ChunkId(id, 0, 0), 0).Body, "old", Stop);
        Chunk row = (await pipeline.ChunkRowsAsync(id))[0];
        Assert.Equal((1, "new"), (row.FailedGeneration, row.FailureReason));
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("\ud800")]
    [InlineData("""{"recordingId":"x","generation":0,"channel":0,"index":0}""")]
    [InlineData("""{"recordingId":"20260309-0123456789abcdef","generation":0,"channel":0,"index":0}""")]
    [InlineData("""{"type":"Microsoft.Storage.BlobCreated","subject":"/blobServices/default/containers/recordings/blobs/x","data":{"eTag":"1"}}""")]
    public async Task RunAsync_LeadsToNoRow_IsDropped(string body)
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        foreach (string queue in StorageNames.Queues)
            await pipeline.Failure.RunAsync(queue, body, "boom", Stop);
        Assert.Empty(await pipeline.SnapshotAsync());
    }

    [Theory]
    [InlineData("""{"messageId":"x","body":"{}","reason":"why"}""", "{}", "why")]
    [InlineData("""{"body":"{}"}""", """{"body":"{}"}""", "Found in the poison queue without a reason.")]
    [InlineData("nonsense", "nonsense", "Found in the poison queue without a reason.")]
    public void Open_AnyLetter_KeepsItsBody(string letter, string body, string reason) =>
        Assert.Equal((body, reason), RecordFailure.Open(new WorkMessage("x", letter, null)));
}
