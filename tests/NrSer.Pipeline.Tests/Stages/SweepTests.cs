using Azure.Data.Tables;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;
using NrSer.Pipeline.Storage;
using NrSer.Pipeline.Uploads;
using NrSer.Pipeline.Work;
using NrSer.Testing;

namespace NrSer.Pipeline.Tests.Stages;

public sealed class SweepTests(StorageEmulator emulator)
{
    private static readonly TimeSpan s_lost = TimeSpan.FromDays(1); // a day later everything is looked through
    private static readonly TimeSpan s_stuck = TimeSpan.FromHours(7); // beyond StuckAfter

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task RunAsync_UploadWithoutARow_GetsItsEventOnceItIsOverdue()
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        (RecordingId id, BlobCreatedEvent upload) = await pipeline.UploadAsync(await Recordings.SilenceAsync());
        await pipeline.Sweep.RunAsync(Stop);
        Assert.Empty(await pipeline.TakeAsync(StorageNames.UploadsQueue));

        pipeline.Time.Advance(s_lost);
        await pipeline.Sweep.RunAsync(Stop);
        WorkMessage sent = Assert.Single(await pipeline.TakeAsync(StorageNames.UploadsQueue));
        Assert.Equal(upload.ToMessage(id).Body, sent.Body);
        Assert.Equal(RecordingStatus.Queued, (await pipeline.RowAsync(id)).Status);

        // It waits behind others: a copy with every look would only make the queue longer.
        await pipeline.Store.Open.WriteReconciliationAsync(new ReconciliationState(CompletedAt: null, Continuation: null), Stop);
        pipeline.Time.Advance(TimeSpan.FromMinutes(6));
        await pipeline.Sweep.RunAsync(Stop);
        Assert.Empty(await pipeline.TakeAsync(StorageNames.UploadsQueue));

        await pipeline.Ingest.RunAsync(sent, Stop);
        await pipeline.DrainAsync();
        Assert.Equal(RecordingStatus.Completed, (await pipeline.RowAsync(id)).Status);
    }

    [Fact]
    public async Task RunAsync_StuckRecording_IsRestartedAndGivenUpInTheEnd()
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        RecordingId id = await pipeline.IngestAsync(await Recordings.SpeechAsync());
        await pipeline.Sweep.RunAsync(Stop);
        Assert.Equal(0, (await pipeline.RowAsync(id)).Generation);
        await pipeline.TakeAsync(StorageNames.ChunksQueue); // its messages get lost

        for (int generation = 1; generation < 3; generation++)
        {
            pipeline.Time.Advance(s_stuck);
            await pipeline.Sweep.RunAsync(Stop);
            Recording restarted = await pipeline.RowAsync(id);
            Assert.Equal((RecordingStatus.Queued, generation, pipeline.Time.GetUtcNow()),
                (restarted.Status, restarted.Generation, restarted.StartedAt));
            Assert.Equal(generation, BlobCreatedEvent.Parse(Assert.Single(await pipeline.TakeAsync(StorageNames.UploadsQueue)).Body).Generation);
        }

        pipeline.Time.Advance(s_stuck);
        await pipeline.Sweep.RunAsync(Stop);
        Recording row = await pipeline.RowAsync(id);
        Assert.Equal((RecordingStatus.Failed, "No progress for 06:00:00 in 3 runs.", 3), (row.Status, row.Reason, row.FailedRuns));
        Assert.Empty(await pipeline.TakeAsync(StorageNames.UploadsQueue));

        (_, BlobCreatedEvent again) = await pipeline.UploadAsync(await Recordings.SpeechAsync());
        await pipeline.Ingest.RunAsync(again.ToMessage(id), Stop);
        row = await pipeline.RowAsync(id);
        Assert.Equal((RecordingStatus.Processing, 3, 0), (row.Status, row.Generation, row.FailedRuns));
    }

    [Fact]
    public async Task RunAsync_StuckAfterAsManyRetries_IsRestarted()
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        RecordingId id = await pipeline.IngestAsync(await Recordings.SpeechAsync());
        for (int retry = 0; retry < 3; retry++)
        {
            await pipeline.DrainAsync();
            await pipeline.Store.RequestRetryAsync([id], Stop);
            await pipeline.Sweep.RunAsync(Stop);
        }

        await pipeline.TakeAsync(StorageNames.UploadsQueue); // the last one's event gets lost
        pipeline.Time.Advance(s_stuck);
        await pipeline.Sweep.RunAsync(Stop);
        Assert.Equal((RecordingStatus.Queued, 4), ((await pipeline.RowAsync(id)).Status, (await pipeline.RowAsync(id)).Generation));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)] // its chunks are sent again, within one generation
    public async Task RunAsync_StuckAgainAndAgain_CountsOnceARun(bool lacksUpload)
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        RecordingId id = await pipeline.IngestAsync(await Recordings.SpeechAsync());
        if (lacksUpload)
            await pipeline.Upload((await pipeline.RowAsync(id)).BlobName!).DeleteAsync(cancellationToken: Stop);
        for (int run = 1; run < 4; run++)
        {
            Assert.Equal(run == 1 ? null : run - 1, (await pipeline.RowAsync(id)).FailedRuns);
            foreach (string queue in new[] { StorageNames.UploadsQueue, StorageNames.ChunksQueue })
                await pipeline.TakeAsync(queue);
            pipeline.Time.Advance(s_stuck);
            await pipeline.Sweep.RunAsync(Stop);
        }

        Assert.Equal(RecordingStatus.Failed, (await pipeline.RowAsync(id)).Status);
    }

    [Fact]
    public async Task RunAsync_RecordingBehindABacklog_IsLeftAlone()
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        RecordingId id = await pipeline.IngestAsync(await Recordings.SpeechAsync());
        for (int day = 0; day < 4; day++)
        {
            pipeline.Time.Advance(TimeSpan.FromDays(1));
            await pipeline.Sweep.RunAsync(Stop);
        }

        Assert.Equal((RecordingStatus.Processing, 0), ((await pipeline.RowAsync(id)).Status, (await pipeline.RowAsync(id)).Generation));
        Assert.Empty(await pipeline.TakeAsync(StorageNames.UploadsQueue));
        await pipeline.DrainAsync();
        Assert.Equal(RecordingStatus.Completed, (await pipeline.RowAsync(id)).Status);
    }

    [Fact]
    public async Task RunAsync_ARowThatNobodyWrote_DoesNotKeepOthersWaiting()
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        (RecordingId id, BlobCreatedEvent upload) = await pipeline.UploadAsync(await Recordings.SilenceAsync());
        await pipeline.Failure.RunAsync(StorageNames.UploadsQueue, upload.ToMessage(id).Body, "boom", Stop);
        await pipeline.MergeAsync(new TableEntity(id.Day, "0 a foreign row") { ["RetryRequested"] = true }); // comes first
        await pipeline.Store.RequestRetryAsync([id], Stop);
        await pipeline.Sweep.RunAsync(Stop);
        Assert.Single(await pipeline.TakeAsync(StorageNames.UploadsQueue));
    }

    [Fact]
    public async Task RunAsync_RetryOfAnUploadThatIsGone_SaysSo()
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        (RecordingId id, BlobCreatedEvent upload) = await pipeline.UploadAsync(await Recordings.SpeechAsync());
        await pipeline.Failure.RunAsync(StorageNames.UploadsQueue, upload.ToMessage(id).Body, "boom", Stop);
        await pipeline.Upload(upload.BlobName).DeleteAsync(cancellationToken: Stop);
        await pipeline.Store.RequestRetryAsync([id], Stop);
        await pipeline.Sweep.RunAsync(Stop);
        Recording row = await pipeline.RowAsync(id);
        Assert.Equal((RecordingStatus.Failed, "The upload was deleted or replaced.", false), (row.Status, row.Reason, row.RetryRequested));
        Assert.Empty(await pipeline.TakeAsync(StorageNames.UploadsQueue));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)] // its own event came before the retry
    public async Task RunAsync_RetryOfAnUploadThatWasReplaced_LeavesTheNewOneAlone(bool isTakenIn)
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        RecordingId id = await pipeline.IngestAsync(await Recordings.SpeechAsync());
        var failed = new Recording { Id = id, Status = RecordingStatus.Failed, Reason = "boom" };
        Assert.True(await pipeline.Store.AdvanceAsync(failed, Stop));
        (RecordingId other, BlobCreatedEvent replaced) = await pipeline.UploadAsync(await Recordings.SilenceAsync());
        if (isTakenIn)
            await pipeline.Ingest.RunAsync(replaced.ToMessage(other), Stop);
        await pipeline.Store.RequestRetryAsync([id], Stop);
        await pipeline.Sweep.RunAsync(Stop);
        await pipeline.DrainAsync();
        Recording row = await pipeline.RowAsync(id);
        Assert.Equal(
            isTakenIn ? (RecordingStatus.Failed, "The upload was deleted or replaced.")
                : (RecordingStatus.Withdrawn, "The upload was replaced before it was taken in."),
            (row.Status, row.Reason));
        Assert.Equal((3.0, RecordingStatus.Completed), ((await pipeline.RowAsync(other)).DurationSeconds, (await pipeline.RowAsync(other)).Status));
    }

    // What was hidden under a clock that was a day ahead would come back in a day.
    [Fact]
    public async Task RunAsync_ClockSetBack_StartsWhatIsUnfinishedAgain()
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        RecordingId id = await pipeline.IngestAsync(await Recordings.SilenceAsync());
        RecordingId ended = await pipeline.IngestAsync(await Recordings.SpeechAsync());
        await pipeline.DrainAsync();
        Assert.Equal(RecordingStatus.Completed, (await pipeline.RowAsync(ended)).Status);
        (RecordingId hidden, BlobCreatedEvent upload) = await pipeline.UploadAsync(await Recordings.SilenceAsync(), "another.wav");
        await pipeline.Ingest.RunAsync(upload.ToMessage(hidden), Stop);
        await pipeline.TakeAsync(StorageNames.ChunksQueue); // as good as hidden
        var clock = new SetBackClock();
        await using PipelineUnderTest process = pipeline.WithClock(clock);
        await process.Sweep.RunAsync(Stop);
        Assert.Empty(await pipeline.TakeAsync(StorageNames.UploadsQueue));

        clock.Behind = TimeSpan.FromHours(1);
        await process.Sweep.RunAsync(Stop);
        Assert.Equal($"{hidden}/1/ingest", Assert.Single(await pipeline.TakeAsync(StorageNames.UploadsQueue)).MessageId);
        Assert.NotEqual(id, hidden);
    }

    [Fact]
    public async Task RunAsync_UploadedAgainAfterAFailure_IsTakenIn()
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        (RecordingId id, BlobCreatedEvent upload) = await pipeline.UploadAsync(await Recordings.SilenceAsync());
        await pipeline.Failure.RunAsync(StorageNames.UploadsQueue, upload.ToMessage(id).Body, "boom", Stop);
        (RecordingId other, BlobCreatedEvent again) = await pipeline.UploadAsync(await Recordings.SilenceAsync());
        Assert.NotEqual(id, other);
        await pipeline.Ingest.RunAsync(again.ToMessage(other), Stop);
        await pipeline.DrainAsync();
        Assert.Equal((RecordingStatus.Completed, 1), ((await pipeline.RowAsync(id)).Status, (await pipeline.RowAsync(id)).Generation));
        Assert.Null(await pipeline.Store.FindAsync(other, Stop));
    }

    // Another sweep has begun the new generation and not yet taken the mark away; should it have died there, a later one helps.
    [Fact]
    public async Task RunAsync_AnotherIsAboutToSend_WaitsForIt()
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        (RecordingId id, _) = await FailAndAskAgainAsync(pipeline);
        await pipeline.Store.BeginGenerationAsync(new Recording { Id = id, Generation = 1, StartedAt = pipeline.Time.GetUtcNow() }, Stop);
        await pipeline.Sweep.RunAsync(Stop);
        Assert.Empty(await pipeline.TakeAsync(StorageNames.UploadsQueue));

        pipeline.Time.Advance(TimeSpan.FromMinutes(6));
        await pipeline.Sweep.RunAsync(Stop);
        Assert.Equal($"{id}/2/ingest", Assert.Single(await pipeline.TakeAsync(StorageNames.UploadsQueue)).MessageId);
    }

    // Its event is worked off before the sweep that sent it can say that it did; then its results turn out to be lost.
    [Fact]
    public async Task RunAsync_AskedForAgainOnceTheRunHasBegun_RunsAgain()
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        (RecordingId id, BlobCreatedEvent upload) = await FailAndAskAgainAsync(pipeline);
        var again = new Recording { Id = id, Generation = 1, Status = RecordingStatus.Queued, StartedAt = pipeline.Time.GetUtcNow() };
        Recording begun = (await pipeline.Store.BeginGenerationAsync(again, Stop))!;
        await pipeline.Ingest.RunAsync((upload with { Generation = 1 }).ToMessage(id), Stop);
        await pipeline.DrainAsync();
        Assert.False((await pipeline.RowAsync(id)).RetryRequested);
        await pipeline.Store.RequestRetryAsync([id], Stop);
        await pipeline.Store.EndRetryRequestAsync(id, begun, Stop);
        await pipeline.Sweep.RunAsync(Stop);
        Assert.Equal($"{id}/2/ingest", Assert.Single(await pipeline.TakeAsync(StorageNames.UploadsQueue)).MessageId);
    }

    [Fact]
    public async Task RunAsync_NotedAndNeverAskedFor_IsNoLongerLookedAt()
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        RecordingId id = await pipeline.IngestAsync(await Recordings.SilenceAsync()), unknown = RecordingId.Parse("20260309-0123456789abcdef");
        await pipeline.DrainAsync();
        await pipeline.Store.Open.AddAsync(OpenWork.Retries, [id, unknown], Stop); // and whoever did, died
        await pipeline.Sweep.RunAsync(Stop);
        Assert.Empty(await pipeline.Store.Open.RetriesAsync(Stop).ToListAsync(Stop));
        Assert.Equal((RecordingStatus.Completed, 0), ((await pipeline.RowAsync(id)).Status, (await pipeline.RowAsync(id)).Generation));
    }

    [Fact]
    public async Task RunAsync_TwoAtOnce_RestartOnce()
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        (RecordingId id, _) = await FailAndAskAgainAsync(pipeline);
        await Task.WhenAll(Enumerable.Range(0, 2).Select(_ => Task.Run(() => pipeline.Sweep.RunAsync(Stop), Stop)));
        WorkMessage[] sent = await pipeline.TakeAsync(StorageNames.UploadsQueue);
        await pipeline.Ingest.RunAsync(Assert.Single(sent), Stop);
        await pipeline.DrainAsync();
        Assert.Equal((RecordingStatus.Completed, 1), ((await pipeline.RowAsync(id)).Status, (await pipeline.RowAsync(id)).Generation));
    }

    /// <summary>A recording that failed, and that somebody asked to start again.</summary>
    private static async Task<(RecordingId Id, BlobCreatedEvent Event)> FailAndAskAgainAsync(PipelineUnderTest pipeline)
    {
        (RecordingId id, BlobCreatedEvent upload) = await pipeline.UploadAsync(await Recordings.SilenceAsync());
        await pipeline.Failure.RunAsync(StorageNames.UploadsQueue, upload.ToMessage(id).Body, "boom", Stop);
        await pipeline.Store.RequestRetryAsync([id], Stop);
        return (id, upload);
    }

    /// <summary>Tells the right time, less some.</summary>
    private sealed class SetBackClock : TimeProvider
    {
        public TimeSpan Behind { get; set; }

        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() - Behind;
    }
}
