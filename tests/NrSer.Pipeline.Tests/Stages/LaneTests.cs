using Azure.Storage.Blobs.Models;
using NrSer.Pipeline.Storage;
using NrSer.Pipeline.Uploads;
using NrSer.Pipeline.Work;
using NrSer.Testing;

namespace NrSer.Pipeline.Tests.Stages;

/// <summary>An archive and what somebody waits for, side by side.</summary>
public sealed class LaneTests(StorageEmulator emulator)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("bulk", 1)]
    [InlineData("Live", 0)]
    [InlineData("7", 0)]
    [InlineData("fast please", 0)]
    [InlineData(null, 0)]
    public async Task Metadata_NamesALane_DecidesIt(string? value, int expected)
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        await UploadAsync(pipeline, "archive/1.wav", value);
        Assert.Equal((Lane)expected, (await pipeline.Uploads.FindAsync("archive/1.wav", Stop))!.Lane);
    }

    [Fact]
    public async Task Episode_Announced_TakesTheBulkQueues()
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        await UploadAsync(pipeline, "podcasts/a-show/2026-03-09-1.wav", value: null);
        await pipeline.Uploads.AnnounceAsync(await pipeline.ListedUploadAsync(), Stop);
        Assert.Empty(await pipeline.TakeAsync(StorageNames.UploadsQueue));
        Assert.Single(await pipeline.TakeAsync(StorageNames.BulkOf(StorageNames.UploadsQueue)));
    }

    // Event Grid sends everything to one queue: it knows no metadata.
    [Fact]
    public async Task ArchiveOnTheLiveQueue_MakesWayAndStaysInItsLane()
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        await UploadAsync(pipeline, "archive/1.wav", "Bulk");
        Upload listed = await pipeline.ListedUploadAsync();
        await pipeline.Uploads.AnnounceAsync(listed, Stop);
        await pipeline.RunAsync(Assert.Single(await pipeline.TakeAsync(StorageNames.UploadsQueue)));
        Assert.Empty(await pipeline.TakeAsync(StorageNames.ChunksQueue)); // nothing was decoded where others wait
        foreach (string queue in StorageNames.Queues)
        {
            WorkMessage message = Assert.Single(await pipeline.TakeAsync(StorageNames.BulkOf(queue)));
            Assert.Equal(Lane.Bulk, message.Lane);
            await pipeline.RunAsync(message);
            Assert.Empty(await pipeline.TakeAsync(queue));
        }

        Assert.Equal(RecordingStatus.Completed, (await pipeline.RowAsync(listed.Id)).Status);
    }

    [Fact]
    public async Task Sweep_RetryOfAnArchive_StaysInItsLane()
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        await UploadAsync(pipeline, "archive/1.wav", "Bulk");
        Upload listed = await pipeline.ListedUploadAsync();
        await pipeline.Uploads.AnnounceAsync(listed, Stop);
        await pipeline.DrainAsync();
        await pipeline.Store.RequestRetryAsync([listed.Id], Stop);
        await pipeline.Sweep.RunAsync(Stop);
        Assert.Empty(await pipeline.TakeAsync(StorageNames.UploadsQueue));
        Assert.Single(await pipeline.TakeAsync(StorageNames.BulkOf(StorageNames.UploadsQueue)));
    }

    private static async Task UploadAsync(PipelineUnderTest pipeline, string blobName, string? value)
    {
        var options = new BlobUploadOptions { Metadata = value is null ? [] : new Dictionary<string, string> { [UploadMetadata.LaneName] = value } };
        await pipeline.Upload(blobName).UploadAsync(BinaryData.FromBytes(await Recordings.SpeechAsync()), options, Stop);
    }
}
