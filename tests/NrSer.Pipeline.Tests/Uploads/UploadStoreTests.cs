using NrSer.Pipeline.Tests.Stages;
using NrSer.Pipeline.Uploads;
using NrSer.Testing;

namespace NrSer.Pipeline.Tests.Uploads;

public sealed class UploadStoreTests(StorageEmulator emulator)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ListAsync_AnUpload_IsWhatItsEventFinds()
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        (RecordingId id, BlobCreatedEvent created) = await pipeline.UploadAsync([1, 2, 3], "2026/100% Zoë & co.wav");
        Upload listed = Assert.Single(await pipeline.Uploads.ListAsync(Stop).ToListAsync(Stop));
        Assert.Equal((id, created, 3), (listed.Id, listed.Event, listed.ContentBytes));
        Assert.Equal(listed, await pipeline.Uploads.FindAsync(created, Stop));
    }

    [Fact]
    public async Task FindAsync_ReplacedSince_IsNull()
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        (_, BlobCreatedEvent first) = await pipeline.UploadAsync([1, 2, 3]);
        (_, BlobCreatedEvent second) = await pipeline.UploadAsync([4, 5, 6]);
        Assert.Null(await pipeline.Uploads.FindAsync(first, Stop));
        Assert.NotNull(await pipeline.Uploads.FindAsync(second, Stop));
    }
}
