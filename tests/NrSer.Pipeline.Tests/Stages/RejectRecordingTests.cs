using Azure;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Storage;
using NrSer.Pipeline.Tests.Forgetting;
using NrSer.Pipeline.Uploads;
using NrSer.Pipeline.Work;
using NrSer.Testing;

namespace NrSer.Pipeline.Tests.Stages;

public sealed class RejectRecordingTests(StorageEmulator emulator)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task RunAsync_AfterEveryStage_LeavesItsRowAlone()
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        RecordingId id = await pipeline.IngestAsync(await Recordings.ThreeChunksAsync());
        WorkMessage[] chunks = await pipeline.TakeAsync(StorageNames.ChunksQueue);
        foreach (WorkMessage message in chunks)
            await pipeline.Enhance.RunAsync(message, Stop);
        WorkMessage[] emotions = await pipeline.TakeAsync(StorageNames.EmotionsQueue);
        await pipeline.Recognize.RunAsync(emotions[0], Stop);
        Assert.NotEmpty(await pipeline.SegmentsAsync(id));

        await pipeline.Rejection.RunAsync(id, 0, "cut off", Stop);
        await AssertRejectedAsync(pipeline, id);
        foreach (WorkMessage late in chunks.Concat(emotions))
            await pipeline.RunAsync(late);
        await AssertRejectedAsync(pipeline, id);
        Assert.Empty(await pipeline.TakeAsync(StorageNames.EmotionsQueue));
    }

    // However the two interleave: the status is written before anything is deleted, and read after anything is written.
    [Fact]
    public async Task RunAsync_WhileAStageIsAtIt_LeavesNothing()
    {
        for (int round = 0; round < 8; round += 2)
        {
            await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
            RecordingId id = await pipeline.IngestAsync(await Recordings.ThreeChunksAsync());
            WorkMessage[] chunks = await pipeline.TakeAsync(StorageNames.ChunksQueue);
            Task first = RunAsync(pipeline, chunks[0]);
            int delayed = round;
            Task second = Task.Run(
                async () =>
                {
                    for (int request = 0; request < delayed; request++) // each a round trip later
                        await pipeline.RowAsync(id);
                    await pipeline.Rejection.RunAsync(id, 0, "cut off", Stop);
                },
                Stop);
            await Task.WhenAll(first, second);
            await AssertRejectedAsync(pipeline, id);
        }
    }

    [Fact]
    public async Task DeleteResultsAsync_RetriedMeanwhile_LeavesWhatTheRetryWrote()
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        RecordingId id = await pipeline.IngestAsync(await Recordings.ThreeChunksAsync());
        await pipeline.Store.DeleteResultsAsync(id, Stop); // as one that saw the rejection of an earlier generation, and was slow
        Assert.Equal(3, (await pipeline.ChunkRowsAsync(id)).Length);
    }

    [Fact]
    public async Task RunAsync_OlderGeneration_ChangesNothing()
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        RecordingId id = await pipeline.IngestAsync(await Recordings.SpeechAsync());
        await pipeline.Store.AdvanceAsync(new Recording { Id = id, Generation = 1 }, Stop);
        string[] before = await pipeline.SnapshotAsync();
        await pipeline.Rejection.RunAsync(id, 0, "cut off", Stop);
        Assert.Equal(before, await pipeline.SnapshotAsync());
    }

    // The one that rejected it died before it could delete; its message comes again.
    [Fact]
    public async Task IngestAgain_DiedWhileRejecting_Deletes()
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        (RecordingId id, BlobCreatedEvent upload) = await pipeline.UploadAsync(await Recordings.SpeechAsync());
        await pipeline.Ingest.RunAsync(upload.ToMessage(id), Stop);
        await pipeline.Store.AdvanceAsync(new Recording { Id = id, Status = RecordingStatus.Rejected, Reason = "cut off" }, Stop);
        await pipeline.Ingest.RunAsync(upload.ToMessage(id), Stop);
        await AssertRejectedAsync(pipeline, id);
    }

    // Whoever withdrew it has deleted segments and not yet chunks when the upload is there again: those would say that all of it was recognised.
    [Theory]
    [InlineData(StorageNames.ChunksTable + "()")]
    [InlineData(StorageNames.Enhanced + "?")]
    public async Task DiscardIfVoidAsync_UploadedAgainMeanwhile_LeavesAllToTheNewRun(string before)
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        (RecordingId id, BlobCreatedEvent upload) = await pipeline.UploadAsync(await Recordings.SpeechAsync());
        await pipeline.Ingest.RunAsync(upload.ToMessage(id), Stop);
        await pipeline.DrainAsync();
        Segment[] whole = await pipeline.SegmentsAsync(id);
        await pipeline.Store.AdvanceAsync(new Recording { Id = id, Generation = 1, Status = RecordingStatus.Withdrawn }, Stop);
        using var again = new BeforeRequest(
            pipeline.Account, (verb, path) => verb == HttpMethod.Get && path.StartsWith(before, StringComparison.Ordinal),
            () => pipeline.Ingest.RunAsync(upload.ToMessage(id), Stop));

        await pipeline.Rejection.DiscardIfVoidAsync(id, Stop);

        Assert.True(again.IsDone);
        Assert.Null(again.Error);
        await pipeline.DrainAsync();
        Assert.Equal(RecordingStatus.Completed, (await pipeline.RowAsync(id)).Status);
        Assert.Equal(whole.Select(segment => (segment.StartSeconds, segment.Emotion)),
            (await pipeline.SegmentsAsync(id)).Select(segment => (segment.StartSeconds, segment.Emotion)));
        Assert.Contains(whole, segment => segment.Emotion is not null);
    }

    [Fact]
    public async Task RestartedAfterARejectionThatDied_IsMadeAnew()
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        (RecordingId id, BlobCreatedEvent upload) = await pipeline.UploadAsync(await Recordings.SpeechAsync());
        await pipeline.Ingest.RunAsync(upload.ToMessage(id), Stop);
        await pipeline.DrainAsync();
        await pipeline.Store.AdvanceAsync(new Recording { Id = id, Generation = 1, Status = RecordingStatus.Rejected, Reason = "cut off" }, Stop);
        foreach (Segment segment in await pipeline.SegmentsAsync(id)) // then it died
            await pipeline.Account.Tables.Segments.DeleteEntityAsync(id.Value, segment.Key, cancellationToken: Stop);

        await pipeline.Store.RequestRetryAsync([id], Stop);
        await pipeline.Sweep.RunAsync(Stop);
        await pipeline.DrainAsync();

        Assert.Equal(RecordingStatus.Completed, (await pipeline.RowAsync(id)).Status);
        Segment[] segments = await pipeline.SegmentsAsync(id);
        Assert.NotEmpty(segments);
        Assert.All(segments, segment => Assert.Equal(segment.IsSpeech, segment.Emotion is not null));
    }

    private static async Task AssertRejectedAsync(PipelineUnderTest pipeline, RecordingId id)
    {
        Assert.Equal((RecordingStatus.Rejected, "cut off"), ((await pipeline.RowAsync(id)).Status, (await pipeline.RowAsync(id)).Reason));
        Assert.Single(await pipeline.SnapshotAsync());
    }

    /// <summary>As the queue would: a run that finds its chunk gone half-way fails, and comes again.</summary>
    private static async Task RunAsync(PipelineUnderTest pipeline, WorkMessage message)
    {
        try
        {
            await pipeline.RunAsync(message);
        }
        catch (Exception gone) when (gone is RequestFailedException { Status: 404 } or InvalidMessageException)
        {
            await pipeline.RunAsync(message);
        }
    }
}
