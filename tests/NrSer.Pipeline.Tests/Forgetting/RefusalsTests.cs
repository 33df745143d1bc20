using System.Security.Cryptography;
using Azure.Storage.Blobs.Models;
using NrSer.Pipeline.Forgetting;
using NrSer.Pipeline.Results.Tables;
using NrSer.Pipeline.Stages;
using NrSer.Pipeline.Storage;
using NrSer.Pipeline.Tests.Stages;
using NrSer.Pipeline.Work;
using NrSer.Testing;

namespace NrSer.Pipeline.Tests.Forgetting;

public sealed class RefusalsTests(StorageEmulator emulator)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    // Afterwards nobody could hash it, should whoever forgets die in between.
    [Fact]
    public async Task Forget_RefusedContentThatNobodyHasLookedAt_IsRefusedBeforeItIsDeleted()
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        byte[] content = "never read"u8.ToArray();
        await pipeline.Upload("new.wav").UploadAsync(BinaryData.FromBytes(content), new BlobUploadOptions(), Stop);
        ForgetPlan plan = await pipeline.Get<ForgetTargets>().FindAsync(["new.wav"], [], Stop);
        bool isRefused = false;
        using var deleting = new BeforeRequest(
            pipeline.Account,
            (verb, target) => verb == HttpMethod.Delete && target.StartsWith($"{StorageNames.Recordings}/", StringComparison.Ordinal), async () =>
            {
                await using PipelineUnderTest beside = PipelineUnderTest.On(pipeline.Account);
                isRefused = await beside.Get<Refusals>().IsRefusedAsync(Convert.ToHexStringLower(SHA256.HashData(content)), Stop);
            });

        await ForgetRecordingsTests.ForgetAsync(
            pipeline, plan with { Requests = [.. plan.Requests.Select(request => request with { IsRefused = true })] });

        Assert.True(deleting.IsDone);
        Assert.Null(deleting.Error);
        Assert.True(isRefused);
    }

    [Fact]
    public async Task IsRefusedAsync_AnotherHasJustRefusedTheFirst_IsRefused()
    {
        StorageAccount account = await StorageAccount.CreateAsync(emulator);
        var store = new ForgottenStore(account.Tables);
        var host = new Refusals(account.Blobs, store);
        Assert.False(await host.IsRefusedAsync("00ff", Stop)); // there is no key
        await new Refusals(account.Blobs, store).RefuseAsync(["00ff"], Stop);
        Assert.True(await host.IsRefusedAsync("00ff", Stop));
    }

    // As after a clock that was set, or beside a queue that stands still.
    [Fact]
    public async Task Ingest_RefusedContentStartedAgainBeforeItWasRead_IsForgotten()
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        byte[] speech = await Recordings.SpeechAsync();
        await pipeline.Get<Refusals>().RefuseAsync([Convert.ToHexStringLower(SHA256.HashData(speech))], Stop);
        (RecordingId id, _) = await pipeline.UploadAsync(speech);
        await pipeline.Uploads.AnnounceAsync(await pipeline.ListedUploadAsync(), Stop);
        await pipeline.Get<RestartRecording>().RunAsync(await pipeline.RowAsync(id), "It may have been lost.", failedRuns: null, Stop);
        foreach (WorkMessage message in (await pipeline.TakeAsync(StorageNames.UploadsQueue)).Reverse()) // the later event first
            await pipeline.RunAsync(message);
        Assert.Equal(RecordingStatus.Forgotten, (await pipeline.RowAsync(id)).Status);
    }
}
