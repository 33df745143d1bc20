using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;
using NrSer.Pipeline.Storage;
using NrSer.Pipeline.Uploads;
using NrSer.Pipeline.Work;
using NrSer.Testing;

namespace NrSer.Pipeline.Tests.Stages;

/// <summary>The content is the recording, whatever becomes of the blob's ETag.</summary>
public sealed class IdentityTests(StorageEmulator emulator)
{
    private static readonly KeyValuePair<string, string?> s_chunks = KeyValuePair.Create("NrSer:Segmentation:MaxChunk", (string?)"00:01:00");

    private const string Name = "2026/an interview.wav";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>What can happen to a blob whose content stays.</summary>
    public enum Touch
    {
        Metadata,
        Headers,
        Tags,
        Tier,
        PutBlob,
        PutBlockList,
        Copy,
    }

    public enum Moment
    {
        Before,
        During,
        After,
    }

    public static TheoryData<Touch, Moment> Touches =>
        new(from touch in Enum.GetValues<Touch>() from when in Enum.GetValues<Moment>() select (touch, when));

    [Theory]
    [MemberData(nameof(Touches))]
    public async Task Ingest_SameContentUnderAnotherETag_IsOneRecording(Touch touch, Moment when)
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator, s_chunks);
        byte[] content = await LongAsync(0);
        Upload upload = await UploadAsync(pipeline, content);
        Assert.True(await pipeline.Uploads.AnnounceAsync(upload, Stop));
        await TakeInAsync(pipeline, when, () => TouchAsync(pipeline.Upload(Name), touch, content));
        await pipeline.DrainAsync();

        // the event that a touch may have, and the next look of the pump
        foreach (Upload again in await pipeline.Listing.ListAsync(Stop).ToListAsync(Stop))
        {
            await pipeline.Uploads.SendAsync(again, generation: 0, Stop);
            await pipeline.Uploads.AnnounceAsync(again, Stop);
        }

        await pipeline.DrainAsync();
        Recording row = Assert.Single(await RowsAsync(pipeline));
        Assert.Equal((upload.Id, RecordingStatus.Completed, 0, content.Length), (row.Id, row.Status, row.Generation, row.ContentBytes));
        Assert.Single(await pipeline.Account.BlobsAsync(StorageNames.Results),
            blob => blob.Name.StartsWith("segments/date=", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(Moment.Before)]
    [InlineData(Moment.During)]
    [InlineData(Moment.After)]
    public async Task Ingest_OtherContentOfTheSameLength_EndsBothAndMixesNothing(Moment when)
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator, s_chunks);
        byte[] content = await LongAsync(0), other = await LongAsync(1e-5f);
        Assert.Equal(content.Length, other.Length);
        Upload upload = await UploadAsync(pipeline, content);
        await pipeline.Uploads.AnnounceAsync(upload, Stop);
        await TakeInAsync(pipeline, when, () => PutBlocksAsync(pipeline.Upload(Name), other));
        await pipeline.DrainAsync();
        foreach (Upload again in await pipeline.Listing.ListAsync(Stop).ToListAsync(Stop))
            await pipeline.Uploads.AnnounceAsync(again, Stop);
        await pipeline.DrainAsync();

        string hash = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(other));
        Recording[] rows = await RowsAsync(pipeline);
        Recording now = Assert.Single(rows, row => row.Sha256 == hash);
        Assert.Equal(RecordingStatus.Completed, now.Status);
        Recording[] before = [.. rows.Where(row => row.Id != now.Id)];
        Assert.Equal(
            when switch { Moment.Before => [], Moment.During => [RecordingStatus.Withdrawn], _ => [RecordingStatus.Completed] },
            before.Select(row => row.Status));
        if (when == Moment.During)
        {
            Assert.Equal((upload.Id, "The upload was replaced before it was taken in."), (before[0].Id, before[0].Reason));
            Assert.DoesNotContain(await pipeline.SnapshotAsync(), line => line.Contains($"{upload.Id}/", StringComparison.Ordinal));
            Assert.Empty(await pipeline.ChunkRowsAsync(upload.Id));
        }

        foreach ((_, string chunk) in (await pipeline.Account.BlobsAsync(StorageNames.Chunks))
            .Where(blob => blob.Name.StartsWith($"{now.Id}/", StringComparison.Ordinal) && blob.Name.EndsWith(".wav", StringComparison.Ordinal)))
        {
            Assert.All((await Recordings.SamplesAsync(Convert.FromBase64String(chunk))), sample => Assert.NotEqual(0, sample));
        }
    }

    [Theory]
    [InlineData(Moment.Before)]
    [InlineData(Moment.During)]
    public async Task Ingest_Deleted_IsWithdrawnAtOnceAndTakenInWhenItComesBack(Moment when)
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator, s_chunks);
        byte[] content = await LongAsync(0);
        Upload upload = await UploadAsync(pipeline, content);
        await pipeline.Uploads.AnnounceAsync(upload, Stop);
        await TakeInAsync(pipeline, when, () => pipeline.Upload(Name).DeleteAsync(cancellationToken: Stop));
        await pipeline.DrainAsync();
        Recording row = Assert.Single(await RowsAsync(pipeline));
        Assert.Equal((upload.Id, RecordingStatus.Withdrawn, "The upload was deleted before it was taken in."), (row.Id, row.Status, row.Reason));
        Assert.Single(await pipeline.SnapshotAsync()); // its row alone

        await pipeline.Uploads.AnnounceAsync(await UploadAsync(pipeline, content), Stop);
        await pipeline.DrainAsync();
        row = Assert.Single(await RowsAsync(pipeline));
        Assert.Equal((upload.Id, RecordingStatus.Completed, ""), (row.Id, row.Status, row.Reason));
    }

    [Fact]
    public async Task Ingest_DeletedAfterItWasRead_GoesOn()
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator, s_chunks);
        (RecordingId id, BlobCreatedEvent upload) = await pipeline.UploadAsync(await Recordings.SpeechAsync());
        await pipeline.Ingest.RunAsync(upload.ToMessage(id), Stop);
        await pipeline.Upload(upload.BlobName).DeleteAsync(cancellationToken: Stop);
        await pipeline.Ingest.RunAsync(upload.ToMessage(id), Stop); // a copy
        await pipeline.DrainAsync();
        Assert.Equal(RecordingStatus.Completed, (await pipeline.RowAsync(id)).Status);
    }

    /// <summary>Takes in what was announced, with something happening to the upload on the way.</summary>
    private static async Task TakeInAsync(PipelineUnderTest pipeline, Moment when, Func<Task> happens)
    {
        WorkMessage message = Assert.Single(await pipeline.TakeAsync(StorageNames.UploadsQueue));
        if (when == Moment.Before)
            await happens();
        await using PipelineUnderTest process = pipeline.WithQueue(
            StorageNames.ChunksQueue, queue => when == Moment.During ? new InterruptedQueue(queue, happens) : queue);
        await process.Ingest.RunAsync(message, Stop);
        if (when == Moment.After)
        {
            await pipeline.DrainAsync();
            await happens();
        }
    }

    private static async Task TouchAsync(BlobClient blob, Touch touch, byte[] content)
    {
        switch (touch)
        {
            case Touch.Metadata:
                await blob.SetMetadataAsync(new Dictionary<string, string>(StringComparer.Ordinal) { ["speaker"] = "7" }, cancellationToken: Stop);
                break;
            case Touch.Headers:
                await blob.SetHttpHeadersAsync(new BlobHttpHeaders { ContentType = "audio/wav" }, cancellationToken: Stop);
                break;
            case Touch.Tags:
                await blob.SetTagsAsync(new Dictionary<string, string>(StringComparer.Ordinal) { ["speaker"] = "7" }, cancellationToken: Stop);
                break;
            case Touch.Tier:
                await blob.SetAccessTierAsync(AccessTier.Cool, cancellationToken: Stop);
                break;
            case Touch.PutBlob:
                await blob.UploadAsync(BinaryData.FromBytes(content), overwrite: true, Stop);
                break;
            case Touch.PutBlockList:
                await PutBlocksAsync(blob, content);
                break;
            default:
                BlobClient copy = blob.GetParentBlobContainerClient().GetBlobClient("other/copy");
                await copy.UploadAsync(BinaryData.FromBytes(content), Stop);
                await (await blob.StartCopyFromUriAsync(copy.Uri, cancellationToken: Stop)).WaitForCompletionAsync(Stop);
                await copy.DeleteAsync(cancellationToken: Stop);
                break;
        }
    }

    private static async Task PutBlocksAsync(BlobClient blob, byte[] content)
    {
        BlockBlobClient blocks = blob.GetParentBlobContainerClient().GetBlockBlobClient(blob.Name);
        await blocks.StageBlockAsync("YQ==", new MemoryStream(content), cancellationToken: Stop);
        await blocks.CommitBlockListAsync(["YQ=="], cancellationToken: Stop);
    }

    private static async Task<Upload> UploadAsync(PipelineUnderTest pipeline, byte[] content)
    {
        await pipeline.UploadAsync(content, Name);
        return Assert.Single(await pipeline.Listing.ListAsync(Stop).ToListAsync(Stop));
    }

    private static async Task<Recording[]> RowsAsync(PipelineUnderTest pipeline)
    {
        DateOnly today = DateOnly.FromDateTime(pipeline.Time.GetUtcNow().UtcDateTime);
        return await pipeline.Store.ListAsync(new RecordingFilter(today.AddDays(-1), today.AddDays(1)), Stop).ToArrayAsync(Stop);
    }

    /// <summary>A recording of more than one range request, cut in two, that is too quiet for any model.</summary>
    private static Task<byte[]> LongAsync(float level) => Recordings.WaveAsync([.. Enumerable.Repeat(level, 90 * 16_000)]);

    /// <summary>Something happens when the first message is sent.</summary>
    private sealed class InterruptedQueue(IWorkQueue queue, Func<Task> happens) : IWorkQueue
    {
        private int _sent;

        public string Name => queue.Name;

        public async Task SendAsync(IReadOnlyCollection<WorkMessage> messages, CancellationToken cancellationToken)
        {
            if (Interlocked.Increment(ref _sent) == 1)
                await happens();
            await queue.SendAsync(messages, cancellationToken);
        }

        public Task<IReadOnlyList<WorkDelivery>> ReceiveAsync(int max, CancellationToken cancellationToken) =>
            queue.ReceiveAsync(max, cancellationToken);

        public Task<DateTimeOffset?> OldestSentAtAsync(CancellationToken cancellationToken) => queue.OldestSentAtAsync(cancellationToken);
    }
}
