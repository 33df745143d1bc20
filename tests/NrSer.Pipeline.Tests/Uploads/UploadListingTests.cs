using Azure;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using NrSer.Pipeline.Tests.Stages;
using NrSer.Pipeline.Uploads;
using NrSer.Testing;

namespace NrSer.Pipeline.Tests.Uploads;

public sealed class UploadListingTests(StorageEmulator emulator)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Pages_ANameThatStopsLists_IsSteppedOverByTheEmulatorsFileUntilItIsGone()
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        var file = new EmulatedByHand();
        foreach (string name in new[] { "d 😀.wav", "a.wav", "b\u0001.wav", "c.wav" })
        {
            (_, BlobCreatedEvent created) = await pipeline.UploadAsync([1, 2, 3], name);
            file.Saved.Add(Upload.Of(name, new ETag(created.ETag), pipeline.Time.GetUtcNow(), 3));
        }

        var log = new FakeLogger<UploadListing>();
        var listing = new UploadListing(pipeline.Account.Blobs, pipeline.Time, log, file);
        Assert.Equal(["a.wav", "c.wav", "d 😀.wav"], await NamesAsync(listing, continuation: null));
        Assert.Equal(["c.wav", "d 😀.wav"], await NamesAsync(listing, continuation: "a.wav"));
        FakeLogRecord said = Assert.Single(log.Collector.GetSnapshot());
        Assert.Equal(LogLevel.Error, said.Level);
        Assert.Contains("b%01.wav", said.Message, StringComparison.Ordinal);

        await pipeline.Upload("b\u0001.wav").DeleteAsync(cancellationToken: Stop);
        file.Saved.RemoveAll(upload => upload.BlobName != "a.wav"); // the service is asked again, which knows better
        Assert.Equal(["a.wav", "c.wav", "d 😀.wav"], await NamesAsync(listing, continuation: null));
        Assert.Single(log.Collector.GetSnapshot());
    }

    private static async Task<string[]> NamesAsync(UploadListing listing, string? continuation) =>
        [.. (await listing.PagesAsync(continuation, Stop).ToListAsync(Stop)).SelectMany(page => page.Uploads).Select(upload => upload.BlobName)];
}
