using Azure.Storage.Blobs;
using NrSer.Pipeline.Chunks;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;
using NrSer.Pipeline.Stages;
using NrSer.Pipeline.Storage;
using NrSer.Pipeline.Uploads;
using NrSer.Pipeline.Work;
using NrSer.Testing;

namespace NrSer.Pipeline.Tests.Stages;

/// <summary>Blobs that rows tell of are gone, as a storage leaves them that was killed between saving the one and the other.</summary>
public sealed class MendRecordingsTests(StorageEmulator emulator)
{
    private static readonly DateTimeOffset s_ever = new(1601, 1, 1, 0, 0, 0, TimeSpan.Zero); // where no list of blobs was ever saved

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task RunAsync_NothingIsMissing_WritesNothing()
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        await CompletedAsync(pipeline);
        string[] before = await pipeline.SnapshotAsync();

        string[] requests = await MendAsync(pipeline, s_ever);

        Assert.All(requests, request => Assert.StartsWith("GET ", request, StringComparison.Ordinal));
        Assert.Equal(9, requests.Length); // three listings; of the recording its chunks, three blobs of segments, Parquet file and receipt
        Assert.Equal(before, await pipeline.SnapshotAsync());
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public async Task RunAsync_ParquetOrReceiptIsGone_IsThereAgainAndGoesToTheLake(bool parquet, bool receipt)
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        RecordingId id = await CompletedAsync(pipeline);
        string[] before = await BlobsAsync(pipeline);
        Recording row = await pipeline.RowAsync(id);
        if (parquet)
            await Result(pipeline, ResultBlobs.SegmentsName(id)).DeleteAsync(cancellationToken: Stop);
        if (receipt)
            await Result(pipeline, ResultBlobs.ReceiptName(id)).DeleteAsync(cancellationToken: Stop);
        await SettleLakeAsync(pipeline);

        await MendAsync(pipeline, s_ever);

        Assert.Equal(before, await BlobsAsync(pipeline));
        Assert.Equal(row with { Version = null, ChangedAt = null }, await pipeline.RowAsync(id) with { Version = null, ChangedAt = null });
        Assert.Equal(id, Assert.Single(await pipeline.Get<LakeMarkers>().ListAsync(Stop).ToListAsync(Stop)).Id);
        Assert.Empty(await pipeline.DrainAsync());
    }

    [Fact]
    public async Task RunAsync_FilesOfAnEarlierRun_AreWrittenAnew()
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        RecordingId id = await CompletedAsync(pipeline);
        string[] before = await BlobsAsync(pipeline);
        await Result(pipeline, ResultBlobs.ReceiptName(id)).UploadAsync(BinaryData.FromString("of another run"), overwrite: true, Stop);
        await MendAsync(pipeline, s_ever);
        Assert.Equal(before, await BlobsAsync(pipeline));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)] // what enhancement wrote is saved, what recognition added is not
    public async Task RunAsync_SegmentsAreGone_TheirChunkIsDoneAgain(bool isHalf)
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        RecordingId id = await CompletedAsync(pipeline);
        Recording row = await pipeline.RowAsync(id);
        Segment[] before = await SegmentsAsync(pipeline, id);
        await LoseAsync(pipeline, id, "00-00000", isHalf ? before : []);

        await MendAsync(pipeline, s_ever);
        await pipeline.Sweep.RunAsync(Stop);
        WorkMessage[] messages = await pipeline.DrainAsync();

        Assert.Equal(["1/ingest", "1/0-0/enhance", "1/0-0/recognize"], messages.Select(message => message.MessageId.Split('/', 2)[1]));
        Recording mended = await pipeline.RowAsync(id);
        Assert.Equal(
            (RecordingStatus.Completed, 1, row.SegmentCount, row.MeanSnrScore, row.DominantEmotion, false),
            (mended.Status, mended.Generation, mended.SegmentCount, mended.MeanSnrScore, mended.DominantEmotion, mended.RetryRequested));
        Assert.Equal(before.Select(TextOf), (await SegmentsAsync(pipeline, id)).Select(TextOf));
        Assert.All(await MendAsync(pipeline, s_ever), request => Assert.StartsWith("GET ", request, StringComparison.Ordinal));
    }

    [Fact]
    public async Task RunAsync_DiedAfterItTookTheChunkBack_BeginsTheRecordingAnew()
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        RecordingId id = await CompletedAsync(pipeline);
        Segment[] before = await SegmentsAsync(pipeline, id);
        await LoseAsync(pipeline, id, "00-00002", []);
        await pipeline.Store.ReopenChunkAsync((await pipeline.ChunkRowsAsync(id))[2], Stop);

        await MendAsync(pipeline, s_ever);
        await pipeline.Sweep.RunAsync(Stop);
        await pipeline.DrainAsync();

        Assert.Equal(RecordingStatus.Completed, (await pipeline.RowAsync(id)).Status);
        Assert.Equal(before.Select(TextOf), (await SegmentsAsync(pipeline, id)).Select(TextOf));
    }

    [Fact]
    public async Task RunAsync_TheUploadIsGoneToo_SaysSo()
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        RecordingId id = await CompletedAsync(pipeline);
        await LoseAsync(pipeline, id, "00-00000", []);
        await pipeline.Upload((await pipeline.RowAsync(id)).BlobName!).DeleteAsync(cancellationToken: Stop);
        await MendAsync(pipeline, s_ever);
        await pipeline.Sweep.RunAsync(Stop);
        Recording row = await pipeline.RowAsync(id);
        Assert.Equal((RecordingStatus.Failed, "The upload was deleted or replaced."), (row.Status, row.Reason));
    }

    [Fact]
    public async Task RunAsync_WhatChangedEarlier_IsNotLookedAt()
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        await CompletedAsync(pipeline);
        string[] requests = await MendAsync(pipeline, TimeProvider.System.GetUtcNow().AddMinutes(1));
        Assert.Equal(3, requests.Length); // listings of nothing
    }

    [Fact]
    public async Task RunAsync_AllChunksFinishedAndNobodyToEndIt_EndsIt()
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        RecordingId id = await CompletedAsync(pipeline);
        string[] before = await BlobsAsync(pipeline);
        await pipeline.MergeAsync(new(id.Day, id.Value) { [nameof(Recording.Status)] = nameof(RecordingStatus.Processing) }); // its row is older
        await MendAsync(pipeline, TimeProvider.System.GetUtcNow().AddMinutes(1));
        Assert.Equal(RecordingStatus.Completed, (await pipeline.RowAsync(id)).Status);
        Assert.Equal(before, await BlobsAsync(pipeline));
    }

    // Rows, blobs and messages are saved apart: each may be older than the others.
    [Theory]
    [InlineData(0, false)]
    [InlineData(1, false)] // two chunks are left
    [InlineData(3, false)] // nobody recognised any
    [InlineData(0, true)]
    [InlineData(3, true)] // recognition finds no manifest, and gives up
    public async Task RunAsync_UnderWayWithoutMessagesOrBlobs_IsCompleted(int enhanced, bool lacksBlobs)
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        RecordingId id = await pipeline.IngestAsync(await Recordings.ThreeChunksAsync());
        WorkMessage[] messages = await pipeline.TakeAsync(StorageNames.ChunksQueue);
        foreach (WorkMessage message in messages.Take(enhanced))
            await pipeline.Enhance.RunAsync(message, Stop);
        WorkMessage[] late = await pipeline.TakeAsync(StorageNames.EmotionsQueue);
        foreach (string container in lacksBlobs ? [StorageNames.Chunks, StorageNames.Enhanced] : Array.Empty<string>())
        {
            foreach ((string name, _) in await pipeline.Account.BlobsAsync(container))
                await pipeline.Account.Blobs.Container(container).DeleteBlobAsync(name, cancellationToken: Stop);
        }

        await MendAsync(pipeline, TimeProvider.System.GetUtcNow().AddMinutes(1));
        foreach (WorkMessage message in lacksBlobs ? late : [])
            await pipeline.Get<RecordFailure>().RunAsync(StorageNames.EmotionsQueue, message.Body, "It has no segments yet.", Stop);
        await pipeline.DrainAsync();

        Recording row = await pipeline.RowAsync(id);
        Assert.Equal((RecordingStatus.Completed, 1, ""), (row.Status, row.Generation, row.Reason));
        Segment[] segments = await SegmentsAsync(pipeline, id);
        Assert.Equal([.. segments.Skip(1).Select(segment => segment.StartSeconds), 20.0], segments.Select(segment => segment.EndSeconds));
    }

    // More kills than runs that may come to nothing: it is not the recording's doing, whether a worker finds the loss before the mend or after it.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task RunAsync_EachOfManyKillsTakesSegments_IsNotGivenUp(bool isFoundFirst)
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        RecordingId id = await CompletedAsync(pipeline);
        Segment[] before = await SegmentsAsync(pipeline, id);
        for (int kill = 0; kill < 4; kill++)
        {
            await pipeline.MergeAsync(new(id.Day, id.Value)
            {
                [nameof(Recording.Status)] = nameof(RecordingStatus.Processing), [nameof(Recording.FailedRuns)] = isFoundFirst ? 0 : 2,
            });
            await LoseAsync(pipeline, id, "00-00000", []);
            if (isFoundFirst)
                await pipeline.Complete.RunAsync(id, Stop);
            await MendAsync(pipeline, TimeProvider.System.GetUtcNow().AddMinutes(1));
            await pipeline.DrainAsync();
            Assert.Equal(RecordingStatus.Completed, (await pipeline.RowAsync(id)).Status);
        }

        Assert.Equal(before.Select(TextOf), (await SegmentsAsync(pipeline, id)).Select(TextOf));
    }

    [Fact]
    public async Task RunAsync_QueuedWithoutItsEvent_IsCompleted()
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        RecordingId id = await pipeline.IngestAsync(await Recordings.ThreeChunksAsync());
        await pipeline.TakeAsync(StorageNames.ChunksQueue);
        await pipeline.Store.BeginGenerationAsync(new Recording { Id = id, Generation = 1, Status = RecordingStatus.Queued }, Stop);
        await MendAsync(pipeline, TimeProvider.System.GetUtcNow().AddMinutes(1));
        await pipeline.DrainAsync();
        Assert.Equal((RecordingStatus.Completed, 2), ((await pipeline.RowAsync(id)).Status, (await pipeline.RowAsync(id)).Generation));
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(1, false)] // only the event of an earlier generation is known to wait
    [InlineData(0, true)] // it has begun: there may be more to mend than the event brings
    public async Task RunAsync_KnownToBeInLine_IsLeftAlone(int generation, bool hasBegun)
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        (RecordingId id, BlobCreatedEvent upload) = await pipeline.UploadAsync(await Recordings.SpeechAsync());
        var row = new Recording { Id = id, BlobName = upload.BlobName, BlobETag = upload.ETag, Generation = generation };
        await pipeline.Store.AdvanceAsync(row with { Status = RecordingStatus.Queued }, Stop);
        if (hasBegun)
            await pipeline.Store.AdvanceAsync(row with { Status = RecordingStatus.Processing }, Stop);

        await MendAsync(pipeline, TimeProvider.System.GetUtcNow().AddMinutes(1), upload.ToMessage(id).MessageId);

        bool isLeftAlone = generation == 0 && !hasBegun;
        Assert.Equal(isLeftAlone ? generation : generation + 1, (await pipeline.RowAsync(id)).Generation);
        Assert.Equal(isLeftAlone ? 0 : 1, (await pipeline.TakeAsync(StorageNames.UploadsQueue)).Length);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)] // all are finished, and nobody ended it
    public async Task RunAsync_ReadToItsEndAndTheUploadIsGone_GoesOnWithItsChunks(bool isFinished)
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        RecordingId id = await pipeline.IngestAsync(await Recordings.ThreeChunksAsync());
        if (isFinished)
        {
            await pipeline.DrainAsync();
            await pipeline.MergeAsync(new(id.Day, id.Value) { [nameof(Recording.Status)] = nameof(RecordingStatus.Processing) });
        }

        await pipeline.TakeAsync(StorageNames.ChunksQueue);
        await pipeline.Upload((await pipeline.RowAsync(id)).BlobName!).DeleteAsync(cancellationToken: Stop);
        await pipeline.Get<RestartRecording>().RunAsync(await pipeline.RowAsync(id), "it got stuck", failedRuns: 1, Stop);
        await pipeline.DrainAsync();
        Assert.Equal((RecordingStatus.Completed, 0), ((await pipeline.RowAsync(id)).Status, (await pipeline.RowAsync(id)).Generation));
    }

    private static async Task<RecordingId> CompletedAsync(PipelineUnderTest pipeline)
    {
        RecordingId id = await pipeline.IngestAsync(await Recordings.ThreeChunksAsync());
        await pipeline.DrainAsync();
        Assert.Equal(RecordingStatus.Completed, (await pipeline.RowAsync(id)).Status);
        return id;
    }

    private static Task<string[]> MendAsync(PipelineUnderTest pipeline, DateTimeOffset since, params string[] waiting) =>
        CountedRequests.OfAsync(pipeline.Account, () => pipeline.Get<MendRecordings>().RunAsync(since, waiting.ToHashSet(), Stop));

    private static BlobClient Result(PipelineUnderTest pipeline, string name) =>
        pipeline.Account.Blobs.Container(StorageNames.Results).GetBlobClient(name);

    private static async Task<string[]> BlobsAsync(PipelineUnderTest pipeline) =>
        [.. (await pipeline.Account.BlobsAsync(StorageNames.Results)).Select(blob => $"{blob.Name}: {blob.Content}")];

    /// <summary>Takes a chunk's segments away, but for what enhancement knew of them.</summary>
    private static async Task LoseAsync(PipelineUnderTest pipeline, RecordingId id, string chunk, Segment[] half)
    {
        await Result(pipeline, $"{id}/segments/{chunk}.parquet").DeleteAsync(cancellationToken: Stop);
        Chunk row = (await pipeline.ChunkRowsAsync(id)).Single(row => row.Id.Key == chunk);
        Segment[] own = [.. half.Where(segment => segment.StartSeconds * 16_000 < row.StartSample + row.Samples)];
        await pipeline.Get<SegmentBlobs>().MergeAsync(row.Id, own, Stage.Enhance, Stop);
    }

    private static async Task SettleLakeAsync(PipelineUnderTest pipeline)
    {
        LakeMarkers markers = pipeline.Get<LakeMarkers>();
        await markers.SettleAsync(await markers.ListAsync(Stop).ToListAsync(Stop), Stop);
    }

    private static async Task<Segment[]> SegmentsAsync(PipelineUnderTest pipeline, RecordingId id) =>
        await pipeline.Store.SegmentsAsync(await pipeline.RowAsync(id), await pipeline.ChunkRowsAsync(id), Stop).ToArrayAsync(Stop);

    private static string TextOf(Segment segment) => string.Join(';', SegmentColumns.All.Select(column => $"{column.ValueOf(segment)}"));
}
