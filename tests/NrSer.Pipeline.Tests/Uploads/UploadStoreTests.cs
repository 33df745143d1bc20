using NrSer.Pipeline.Results.Tables;
using NrSer.Pipeline.Storage;
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
        Upload listed = Assert.Single(await pipeline.Listing.ListAsync(Stop).ToListAsync(Stop));
        Assert.Equal((id, created.BlobName, created.ETag, 3), (listed.Id, listed.BlobName, listed.ETag, listed.ContentBytes));
        Assert.Equal(listed, await pipeline.Uploads.FindAsync(created.BlobName, Stop));
        Assert.Equal(listed, await pipeline.Uploads.FindToldOfAsync(created, Stop));
    }

    [Fact]
    public async Task FindToldOfAsync_ReplacedSince_IsNull()
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        (_, BlobCreatedEvent first) = await pipeline.UploadAsync([1, 2, 3]);
        (_, BlobCreatedEvent second) = await pipeline.UploadAsync([4, 5, 6]);
        Assert.Null(await pipeline.Uploads.FindToldOfAsync(first, Stop));
        Assert.NotNull(await pipeline.Uploads.FindToldOfAsync(second, Stop));
    }

    [Fact]
    public async Task FindToldOfAsync_TouchedSince_IsTheSameRecording()
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        (RecordingId id, BlobCreatedEvent created) = await pipeline.UploadAsync([1, 2, 3]);
        await IdentifyAsync();
        await pipeline.Account.Blobs.Container(StorageNames.Recordings).GetBlobClient(created.BlobName)
            .SetMetadataAsync(new Dictionary<string, string>(StringComparer.Ordinal) { ["touched"] = "yes" }, cancellationToken: Stop);
        Upload touched = await IdentifyAsync();

        Assert.NotEqual(created.ETag, touched.ETag);
        Assert.Equal((id, touched.ETag), await pipeline.Uploads.FindToldOfAsync(created, Stop) is { } told ? (told.Id, told.ETag) : default);

        async Task<Upload> IdentifyAsync()
        {
            Upload found = (await pipeline.Uploads.FindAsync(created.BlobName, Stop))!;
            return (await pipeline.Uploads.IdentifyAsync(found, _ => Task.CompletedTask, Stop)).Upload;
        }
    }

    [Fact]
    public async Task IdentifyAsync_ManyAtOnce_AgreeOnOneRecording()
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        await pipeline.UploadAsync([1, 2, 3]);
        Upload upload = Assert.Single(await pipeline.Listing.ListAsync(Stop).ToListAsync(Stop));
        var replaced = new List<RecordingId>();
        IdentifiedUpload[] identified = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => pipeline.Uploads.IdentifyAsync(
            upload, id =>
            {
                replaced.Add(id);
                return Task.CompletedTask;
            }, Stop), Stop)));
        Assert.All(identified, each => Assert.Equal((upload.Id, false), (each.Upload.Id, each.IsNewETag)));
        Assert.Empty(replaced);
        IndexedUpload known = Assert.Single(await pipeline.Index.ListAsync(Stop).ToListAsync(Stop));
        Assert.Equal((upload.Id, upload.ETag, 3, "039058c6f2c0cb492c533b0a4d14ef77cc0f78abccced5287d84a1a2011cfb81"),
            (known.RecordingId, known.BlobETag, known.ContentBytes, known.Sha256));
    }
}
