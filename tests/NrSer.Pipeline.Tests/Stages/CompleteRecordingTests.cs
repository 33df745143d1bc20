using System.Text;
using System.Text.Json;
using NrSer.Pipeline.Chunks;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Storage;
using NrSer.Pipeline.Uploads;
using NrSer.Pipeline.Work;
using NrSer.Testing;

namespace NrSer.Pipeline.Tests.Stages;

public sealed class CompleteRecordingTests(StorageEmulator emulator)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task RunAsync_WholeRecording_LeavesSummaryParquetAndReceiptThatAgree()
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(
            emulator, KeyValuePair.Create("NrSer:Retention:Uploads", (string?)"30.00:00:00"));
        await pipeline.Get<DeploymentBlob>().WriteAsync(
            new DeploymentV1(1, Purpose.Safety, PurposeSetting.Workplace, "of voices", "voices@example.org", pipeline.Time.GetUtcNow()), Stop);
        RecordingId id = await pipeline.IngestAsync(await Recordings.ThreeChunksAsync());
        await pipeline.DrainAsync();

        Segment[] segments = await pipeline.SegmentsAsync(id);
        Segment[] speech = [.. segments.Where(segment => segment.IsSpeech)];
        // no gap, nothing twice
        Assert.Equal([.. segments.Skip(1).Select(segment => segment.StartSeconds), 20.0], segments.Select(segment => segment.EndSeconds));
        Assert.All(segments,
            segment => Assert.Equal(segment.IsSpeech, segment is { Emotion: not null, Confidence: > 0, Trust: > 0, Probabilities.Length: 9 }));

        Recording row = await pipeline.RowAsync(id);
        Assert.Equal((RecordingStatus.Completed, "", 0), (row.Status, row.Reason, row.Generation));
        Assert.Equal((segments.Length, speech.Length), (row.SegmentCount, row.SpeechSegmentCount));
        Assert.Equal(speech.Sum(segment => segment.EndSeconds - segment.StartSeconds), row.SpeechSeconds!.Value, 1e-9);
        double trusted = speech.Sum(segment => segment.Trust!.Value * (segment.EndSeconds - segment.StartSeconds));
        Assert.Equal(trusted / row.SpeechSeconds!.Value, row.MeanTrust!.Value, 1e-9);
        Assert.All([row.EnhancerModel, row.SnrLevelModel, row.EmotionModel], model => Assert.Contains("@", model, StringComparison.Ordinal));

        (string name, string content) =
            Assert.Single(await pipeline.Account.BlobsAsync(StorageNames.Results), blob => blob.Name == ResultBlobs.ReceiptName(id));
        Assert.Equal($"{id}/receipt.json", name);
        ReceiptV1 receipt = JsonSerializer.Deserialize(Convert.FromBase64String(content), ReceiptJsonContext.Default.ReceiptV1)!;
        Assert.Equal(
            (id.Value, nameof(RecordingStatus.Completed), null, row.Sha256, row.CompletedAt, 3, segments.Length, row.DominantEmotion),
            (receipt.RecordingId, receipt.Status, receipt.Reason, receipt.Sha256, receipt.CompletedAt, receipt.Chunks, receipt.Segments,
                receipt.DominantEmotion));
        Assert.Equal(
            ("Safety: of voices (Workplace)", "voices@example.org", "Uploads 30 days", QualityNotice.Demonstration),
            (receipt.Purpose, receipt.Contact, receipt.Retention, receipt.Notice));
        Assert.Contains(await pipeline.Account.BlobsAsync(StorageNames.Results), blob => blob.Name == receipt.Parquet);
    }

    [Fact]
    public async Task RunAsync_EveryMessageAgainLateAndTwiceAtOnce_ChangesNothing()
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        (RecordingId id, BlobCreatedEvent upload) = await pipeline.UploadAsync(await Recordings.ThreeChunksAsync());
        await pipeline.Queue(StorageNames.UploadsQueue).SendAsync([upload.ToMessage(id)], Stop);
        WorkMessage[] messages = await pipeline.DrainAsync();
        Assert.Equal(6, messages.Length); // 1 upload, 3 chunks, 2 with speech
        string[] before = await pipeline.SnapshotAsync();

        pipeline.Time.Advance(TimeSpan.FromMinutes(1));
        foreach (WorkMessage message in messages)
            await Task.WhenAll(Task.Run(() => pipeline.RunAsync(message), Stop), Task.Run(() => pipeline.RunAsync(message), Stop));
        await pipeline.DrainAsync();
        await pipeline.Complete.RunAsync(id, Stop);
        Assert.Equal(before, await pipeline.SnapshotAsync());
    }

    [Fact]
    public async Task RunAsync_EveryMessageTwiceAtOnceFromTheStart_IsAsOnce()
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        (RecordingId id, BlobCreatedEvent upload) = await pipeline.UploadAsync(await Recordings.ThreeChunksAsync());
        await pipeline.Queue(StorageNames.UploadsQueue).SendAsync([upload.ToMessage(id)], Stop);
        WorkMessage[] messages = await pipeline.DrainAsync(copies: 2);
        Assert.Equal(RecordingStatus.Completed, (await pipeline.RowAsync(id)).Status);
        Segment[] segments = await pipeline.SegmentsAsync(id);
        Assert.Equal([.. segments.Skip(1).Select(segment => segment.StartSeconds), 20.0], segments.Select(segment => segment.EndSeconds));

        string[] before = await pipeline.SnapshotAsync();
        foreach (WorkMessage message in messages.DistinctBy(message => message.MessageId))
            await pipeline.RunAsync(message);
        Assert.Equal(before, await pipeline.SnapshotAsync());
    }

    [Theory]
    [InlineData(0, 1, 2)]
    [InlineData(2, 1, 0)]
    [InlineData(1, 2, 0)]
    public async Task RunAsync_ChunksInAnyOrder_EndsWithTheLastOnly(int first, int second, int third)
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        RecordingId id = await pipeline.IngestAsync(await Recordings.ThreeChunksAsync());
        WorkMessage[] messages = [.. (await pipeline.TakeAsync(StorageNames.ChunksQueue)).OrderBy(message => message.AsEnhanceChunk().Index)];
        foreach (int chunk in new[] { first, second, third })
        {
            Assert.Equal(RecordingStatus.Processing, (await pipeline.RowAsync(id)).Status);
            Assert.DoesNotContain(await pipeline.Account.BlobsAsync(StorageNames.Results), blob => blob.Name == ResultBlobs.ReceiptName(id));
            await pipeline.Enhance.RunAsync(messages[chunk], Stop);
            await pipeline.DrainAsync();
        }

        Assert.Equal(RecordingStatus.Completed, (await pipeline.RowAsync(id)).Status);
    }

    [Fact]
    public async Task RunAsync_AFailedChunk_FailsTheRecordingAndKeepsTheRest()
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        RecordingId id = await FailSecondChunkAsync(pipeline);
        Recording row = await pipeline.RowAsync(id);
        Assert.Equal((RecordingStatus.Failed, "1 of 3 chunks failed, first 00-00001: The GPU melted."), (row.Status, row.Reason));
        Segment[] segments = await pipeline.SegmentsAsync(id);
        Assert.Equal((segments.Length, true), (row.SegmentCount, segments.Any(segment => segment.Emotion is not null)));
        (string _, string content) =
            Assert.Single(await pipeline.Account.BlobsAsync(StorageNames.Results), blob => blob.Name == ResultBlobs.ReceiptName(id));
        Assert.Contains("The GPU melted.", Encoding.UTF8.GetString(Convert.FromBase64String(content)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunAsync_RetriedAfterAFailure_CompletesWithoutAReason()
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        RecordingId id = await FailSecondChunkAsync(pipeline);
        await pipeline.Store.RequestRetryAsync([id], Stop);
        await pipeline.Sweep.RunAsync(Stop);
        Recording row = await pipeline.RowAsync(id);
        Assert.Equal((RecordingStatus.Queued, 1, "", false), (row.Status, row.Generation, row.Reason, row.RetryRequested));

        WorkMessage[] messages = await pipeline.DrainAsync();
        Assert.Equal(["1/ingest", "1/0-1/enhance", "1/0-1/recognize"], messages.Select(message => message.MessageId.Split('/', 2)[1]));
        Assert.Equal(3, messages.Length); // the finished chunks stay finished
        row = await pipeline.RowAsync(id);
        Assert.Equal((RecordingStatus.Completed, 1, ""), (row.Status, row.Generation, row.Reason));
        Segment[] segments = await pipeline.SegmentsAsync(id);
        Assert.Equal([.. segments.Skip(1).Select(segment => segment.StartSeconds), 20.0], segments.Select(segment => segment.EndSeconds));

        await pipeline.Sweep.RunAsync(Stop);
        Assert.Empty(await pipeline.TakeAsync(StorageNames.UploadsQueue));
    }

    // A storage that lost it, or somebody who deleted it: never a hole in the results.
    [Fact]
    public async Task RunAsync_SegmentsOfAFinishedChunkAreGone_TheChunkIsDoneAgain()
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        RecordingId id = await LoseFirstChunkAsync(pipeline);
        Recording row = await pipeline.RowAsync(id);
        Assert.Equal((RecordingStatus.Processing, true), (row.Status, row.RetryRequested));
        Assert.DoesNotContain(await pipeline.Account.BlobsAsync(StorageNames.Results), blob => blob.Name == ResultBlobs.ReceiptName(id));

        await pipeline.Sweep.RunAsync(Stop);
        WorkMessage[] messages = await pipeline.DrainAsync();
        Assert.Equal(["1/ingest", "1/0-0/enhance", "1/0-0/recognize"], messages.Select(message => message.MessageId.Split('/', 2)[1]));
        row = await pipeline.RowAsync(id);
        Assert.Equal((RecordingStatus.Completed, 1, "", false), (row.Status, row.Generation, row.Reason, row.RetryRequested));
        List<Segment> segments = await pipeline.Store.SegmentsAsync(row, Stop).ToListAsync(Stop);
        Assert.Equal([.. segments.Skip(1).Select(segment => segment.StartSeconds), 20.0], segments.Select(segment => segment.EndSeconds));
    }

    [Fact]
    public async Task RunAsync_DiedBeforeItTookTheChunkBack_TheChunkIsDoneAgain()
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        RecordingId id = await LoseFirstChunkAsync(pipeline);
        Chunk[] rows = await pipeline.ChunkRowsAsync(id);
        var finished = new Chunk { Id = rows[0].Id, EnhancedAt = rows[1].EnhancedAt, FinishedAt = rows[1].FinishedAt };
        for (int again = 0; again < 3; again++)
        {
            await pipeline.Store.MergeChunkAsync(finished, Stop); // as it was before
            await pipeline.Complete.RunAsync(id, Stop);
        }

        Assert.Equal((RecordingStatus.Processing, 1), ((await pipeline.RowAsync(id)).Status, (await pipeline.RowAsync(id)).FailedRuns)); // one run
        await pipeline.Store.MergeChunkAsync(finished, Stop);
        for (int run = 0; run < 2; run++)
        {
            await pipeline.Sweep.RunAsync(Stop);
            await pipeline.DrainAsync();
        }

        Recording row = await pipeline.RowAsync(id);
        Assert.Equal((RecordingStatus.Completed, 2, 0), (row.Status, row.Generation, row.FailedRuns));
    }

    [Fact]
    public async Task RunAsync_SegmentsAreGoneInTheLastRun_FailsAndARetryHeals()
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(
            emulator, KeyValuePair.Create("NrSer:Sweep:MaxFailedRuns", (string?)"1"));
        RecordingId id = await LoseFirstChunkAsync(pipeline);
        Recording row = await pipeline.RowAsync(id);
        Assert.Equal((RecordingStatus.Failed, "Segments of 1 of 3 chunks are gone, first 00-00000."), (row.Status, row.Reason));

        await pipeline.Store.RequestRetryAsync([id], Stop);
        await pipeline.Sweep.RunAsync(Stop);
        await pipeline.DrainAsync();
        Assert.Equal((RecordingStatus.Completed, ""), ((await pipeline.RowAsync(id)).Status, (await pipeline.RowAsync(id)).Reason));
    }

    [Fact]
    public async Task RunAsync_SegmentsAndUploadAreGone_SaysSo()
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        RecordingId id = await LoseFirstChunkAsync(pipeline);
        await pipeline.Upload((await pipeline.RowAsync(id)).BlobName!).DeleteAsync(cancellationToken: Stop);
        await pipeline.Sweep.RunAsync(Stop);
        Recording row = await pipeline.RowAsync(id);
        Assert.Equal((RecordingStatus.Failed, "The upload was deleted or replaced.", false), (row.Status, row.Reason, row.RetryRequested));
    }

    [Fact]
    public async Task RunAsync_UnknownRecording_DoesNothing()
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        await pipeline.Complete.RunAsync(RecordingId.Parse("20260309-0123456789abcdef"), Stop);
        Assert.Empty(await pipeline.SnapshotAsync());
    }

    // Cannot come from ingest, which refuses a recording without chunks; must not throw all the same.
    [Fact]
    public async Task RunAsync_NoChunksExpected_Completes()
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        RecordingId id = RecordingId.Parse("20260309-0123456789abcdef");
        await pipeline.Store.AdvanceAsync(new Recording { Id = id, Status = RecordingStatus.Processing, ExpectedChunks = 0 }, Stop);
        await pipeline.Complete.RunAsync(id, Stop);
        Assert.Equal((RecordingStatus.Completed, 0), ((await pipeline.RowAsync(id)).Status, (await pipeline.RowAsync(id)).SegmentCount));
    }

    /// <summary>Deletes the segments of the first chunk, which is finished, before the last is.</summary>
    private static async Task<RecordingId> LoseFirstChunkAsync(PipelineUnderTest pipeline)
    {
        RecordingId id = await pipeline.IngestAsync(await Recordings.ThreeChunksAsync());
        WorkMessage[] messages = [.. (await pipeline.TakeAsync(StorageNames.ChunksQueue)).OrderBy(message => message.AsEnhanceChunk().Index)];
        await pipeline.Enhance.RunAsync(messages[0], Stop);
        await pipeline.DrainAsync();
        await pipeline.Account.Blobs.Container(StorageNames.Results).DeleteBlobAsync($"{id}/segments/00-00000.parquet", cancellationToken: Stop);
        await pipeline.Enhance.RunAsync(messages[1], Stop);
        await pipeline.Enhance.RunAsync(messages[2], Stop);
        await pipeline.DrainAsync();
        return id;
    }

    private static async Task<RecordingId> FailSecondChunkAsync(PipelineUnderTest pipeline)
    {
        RecordingId id = await pipeline.IngestAsync(await Recordings.ThreeChunksAsync());
        WorkMessage[] messages = [.. (await pipeline.TakeAsync(StorageNames.ChunksQueue)).OrderBy(message => message.AsEnhanceChunk().Index)];
        await pipeline.Enhance.RunAsync(messages[2], Stop);
        await pipeline.Failure.RunAsync(StorageNames.ChunksQueue, messages[1].Body, "The GPU melted.", Stop);
        await pipeline.Enhance.RunAsync(messages[0], Stop);
        await pipeline.DrainAsync();
        return id;
    }
}
