using NrSer.Pipeline.Results;
using NrSer.Pipeline.Storage;
using NrSer.Pipeline.Tests.Stages;
using NrSer.Testing;

namespace NrSer.Pipeline.Tests.Results;

/// <summary>Where segments stand: in blobs always, in the table unless it is switched off.</summary>
public sealed class SegmentStoreTests(StorageEmulator emulator)
{
    private static readonly KeyValuePair<string, string?> s_blob = KeyValuePair.Create("NrSer:Ingest:SegmentStore", (string?)"Blob");

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Rows_InTableAndInBlobs_AreTheSame()
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        RecordingId id = await pipeline.IngestAsync(await Recordings.ThreeChunksAsync());
        await pipeline.DrainAsync(copies: 2);

        Recording row = await pipeline.RowAsync(id);
        Assert.Equal((RecordingStatus.Completed, SegmentStore.Table), (row.Status, row.SegmentStore));
        Segment[] table = await pipeline.SegmentsAsync(id), journal = await pipeline.Store.SegmentsAsync(row, Stop).ToArrayAsync(Stop);
        AssertSame(table, journal);
        AssertSame(table, await pipeline.Store.SegmentsAsync(row, await pipeline.ChunkRowsAsync(id), Stop).ToArrayAsync(Stop));
        Assert.Equal(row.SegmentCount, table.Length);
    }

    [Fact]
    public async Task Ingest_TableSwitchedOff_CompletesFromBlobsAndIsProjectedLater()
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator, s_blob);
        RecordingId id = await pipeline.IngestAsync(await Recordings.ThreeChunksAsync());
        await pipeline.DrainAsync();

        Recording row = await pipeline.RowAsync(id);
        Assert.Equal((RecordingStatus.Completed, SegmentStore.Blob), (row.Status, row.SegmentStore));
        Assert.Empty(await pipeline.SegmentsAsync(id));
        Segment[] blobs = await pipeline.Store.SegmentsAsync(row, Stop).ToArrayAsync(Stop);
        Assert.Equal(row.SegmentCount, blobs.Length);
        await pipeline.Account.Blobs.Container(StorageNames.Results).DeleteBlobAsync(ResultBlobs.SegmentsName(id), cancellationToken: Stop);
        AssertSame(blobs, await pipeline.Store.SegmentsAsync(row, Stop).ToArrayAsync(Stop)); // its chunks say the same
        Assert.Contains(blobs, segment => segment.Emotion is not null);

        Assert.Equal(blobs.Length, await pipeline.Store.ProjectAsync(row, Stop));
        Assert.Equal(SegmentStore.Table, (await pipeline.RowAsync(id)).SegmentStore);
        AssertSame(await pipeline.SegmentsAsync(id), blobs);
    }

    [Theory]
    [InlineData("podcasts/a-show/1.wav", null, SegmentStore.Blob)]
    [InlineData("podcasts/a-show/1.wav", "Table", SegmentStore.Table)]
    [InlineData("a talk.wav", "blob", SegmentStore.Blob)]
    public async Task Ingest_PodcastsAndWishes_DecideWhereSegmentsStand(string name, string? wish, SegmentStore expected)
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(
            emulator, KeyValuePair.Create("NrSer:Ingest:PodcastSegmentStore", (string?)"Blob"));
        (RecordingId id, NrSer.Pipeline.Uploads.BlobCreatedEvent upload) = await pipeline.UploadAsync(await Recordings.SilenceAsync(), name);
        if (wish is not null)
        {
            await pipeline.Upload(name).SetMetadataAsync(
                new Dictionary<string, string>(StringComparer.Ordinal) { ["nrser_segments"] = wish }, cancellationToken: Stop);
        }

        await pipeline.Ingest.RunAsync(upload.ToMessage(id), Stop);
        await pipeline.DrainAsync(); // an archive's takes the other lane

        Assert.Equal(expected, (await pipeline.Store.FindByNameAsync(name, DateOnly.MinValue, DateOnly.MaxValue, Stop))!.SegmentStore);
    }

    // A recording keeps its place: a worker with other settings must not split its rows between two.
    [Fact]
    public async Task Ingest_OtherSettingOnTheWay_KeepsThePlace()
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator, s_blob);
        (RecordingId id, NrSer.Pipeline.Uploads.BlobCreatedEvent upload) = await pipeline.UploadAsync(await Recordings.SpeechAsync());
        await pipeline.Ingest.RunAsync(upload.ToMessage(id), Stop);
        await using PipelineUnderTest other = pipeline.WithSettings();
        await other.Ingest.RunAsync((upload with { Generation = 1 }).ToMessage(id), Stop);
        await other.DrainAsync();

        Recording row = await pipeline.RowAsync(id);
        Assert.Equal((RecordingStatus.Completed, SegmentStore.Blob), (row.Status, row.SegmentStore));
        Assert.Empty(await pipeline.SegmentsAsync(id));
    }

    private static void AssertSame(Segment[] expected, Segment[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        Assert.All(expected.Zip(actual), pair =>
            Assert.All(SegmentColumns.All, column => Assert.Equal(column.ValueOf(pair.First), column.ValueOf(pair.Second))));
    }
}
