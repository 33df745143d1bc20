using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using NrSer.Pipeline.Forgetting;
using NrSer.Pipeline.Lake;
using NrSer.Pipeline.Results.Tables;
using NrSer.Pipeline.Storage;
using NrSer.Pipeline.Tests.Stages;
using NrSer.Pipeline.Transcripts;
using NrSer.Testing;

namespace NrSer.Pipeline.Tests.Forgetting;

/// <summary>What lies under an upload's name: other recordings, snapshots, and what is held.</summary>
public sealed class UploadErasureTests(StorageEmulator emulator)
{
    private const string Name = "2026/an interview.wav";

    private static readonly string[] s_documents = ["_freshness.json", "_schema.json", "dates.parquet", "feeds.parquet"];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task RunAsync_AnotherRecordingUnderTheName_Stays()
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        RecordingId first = await pipeline.IngestAsync(await Recordings.SpeechAsync());
        await pipeline.DrainAsync();
        BlobClient blob = pipeline.Upload(Name);
        await blob.CreateSnapshotAsync(cancellationToken: Stop);
        RecordingId second = await pipeline.IngestAsync(await Recordings.SilenceAsync());
        await pipeline.DrainAsync();
        Assert.NotEqual(first, second);
        await pipeline.Get<TranscriptBlobs>().WriteAsync(Name, [.. "WEBVTT"u8], Stop); // the second's
        BlobClient words = pipeline.Account.Blobs.Container(StorageNames.Results)
            .GetBlobClient(TranscriptBlobs.NameOf(UploadIndex.KeyTextOf(Name)));

        ProofV1 proof = await ForgetRecordingsTests.ForgetAsync(pipeline, await pipeline.Get<ForgetTargets>().FindAsync([first.Value], [], Stop));
        Assert.Equal(1, proof.Removed.Uploads); // the snapshot
        Assert.Equal(RecordingStatus.Completed, (await pipeline.RowAsync(second)).Status);
        Assert.True(await blob.ExistsAsync(Stop));
        Assert.True(await words.ExistsAsync(Stop));
        await ForgetRecordingsTests.AssertGoneAsync(pipeline, first, [first.Value], isWatched: true);

        ForgetPlan rest = await pipeline.Get<ForgetTargets>().FindAsync([Name], [], Stop);
        Assert.Equal(second, Assert.Single(rest.Requests).Id);
        await ForgetRecordingsTests.ForgetAsync(pipeline, rest);
        Assert.False(await words.ExistsAsync(Stop));
        await ForgetRecordingsTests.AssertGoneAsync(pipeline, second, [second.Value, "an interview"], isWatched: true);
    }

    [Fact]
    public async Task RunAsync_SnapshotsOfEverything_AreDeletedAndWhatAPolicyKeepsIsSaid()
    {
        await using PipelineUnderTest without = await PipelineUnderTest.CreateAsync(emulator);
        await using PipelineUnderTest pipeline = without.WithSettings([KeyValuePair.Create("NrSer:Forgetting:LogsKept", (string?)"30.00:00:00")]);
        BlobServiceClient service = pipeline.Account.Blobs.Container(StorageNames.Recordings).GetParentBlobServiceClient();
        BlobServiceProperties policies = await service.GetPropertiesAsync(Stop);
        policies.DeleteRetentionPolicy = new BlobRetentionPolicy { Enabled = true, Days = 14 };
        await service.SetPropertiesAsync(policies, Stop);
        RecordingId id = await pipeline.IngestAsync(await Recordings.SpeechAsync());
        await pipeline.DrainAsync();
        await pipeline.Get<LakeCompactor>().CompactAsync(Stop);
        int uploads = 1;
        foreach (string container in StorageNames.Containers)
        {
            foreach (BlobItem blob in await pipeline.Account.Blobs.Container(container).GetBlobsAsync(cancellationToken: Stop).ToArrayAsync(Stop))
            {
                await pipeline.Account.Blobs.Container(container).GetBlobClient(blob.Name).CreateSnapshotAsync(cancellationToken: Stop);
                uploads += container == StorageNames.Recordings ? 1 : 0;
            }
        }

        ProofV1 proof = await ForgetRecordingsTests.ForgetAsync(pipeline, await pipeline.Get<ForgetTargets>().FindAsync([Name], [], Stop));

        Assert.Equal((2, 2), (uploads, proof.Removed.Uploads));
        RemainsV1 logs = Assert.Single(proof.Remains, remains => remains.What.StartsWith("Log lines", StringComparison.Ordinal));
        Assert.Equal(pipeline.Time.GetUtcNow().AddDays(1 + 30), logs.Until); // written until the last look
        RemainsV1[] kept = [.. proof.Remains.Where(remains => remains.Until is not null && remains != logs)]; // of both accounts, which are one here
        Assert.Equal(
            new[] { "recordings", "results" }.Select(account => $"Blobs of the account of {account}: soft delete keeps them for 14 days."),
            kept.Select(remains => remains.What));
        Assert.All(kept, remains => Assert.Equal(pipeline.Time.GetUtcNow().AddDays(14), remains.Until));
        await ForgetRecordingsTests.AssertGoneAsync(pipeline, id, [id.Value, "an interview"], isWatched: true);
        var old = new List<string>();
        foreach (string container in StorageNames.Containers)
        {
            old.AddRange(await pipeline.Account.Blobs.Container(container).GetBlobsAsync(BlobTraits.None, BlobStates.Snapshots, prefix: null, Stop)
                .Where(blob => blob.Snapshot is not null).Select(blob => $"{container}/{blob.Name}").ToArrayAsync(Stop));
        }

        // Nothing of it stands in these, and whoever made the snapshots may want them.
        string[] harmless = ["chunks/leases/Lake", .. s_documents.Select(name => $"results/lake/v1/{name}")];
        Assert.Empty(old.Except(harmless, StringComparer.Ordinal));
    }

    [Fact]
    public async Task RunAsync_UploadThatIsHeld_OthersAreForgottenAndItIsTriedAgain()
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        await pipeline.UploadAsync("held"u8.ToArray(), "held.wav");
        await pipeline.UploadAsync("free"u8.ToArray(), "free.wav");
        BlobLeaseClient lease = pipeline.Upload("held.wav").GetBlobLeaseClient();
        await lease.AcquireAsync(BlobLeaseClient.InfiniteLeaseDuration, cancellationToken: Stop);
        ForgetPlan plan = await pipeline.Get<ForgetTargets>().FindAsync(["held.wav", "free.wav"], [], Stop);
        await pipeline.Get<ForgetRequests>().RequestAsync(plan.Requests, Stop);
        ForgetException refused = await Assert.ThrowsAsync<ForgetException>(() => pipeline.Get<ForgetRecordings>().RunAsync(Stop));
        Assert.StartsWith("1 recordings cannot be deleted", refused.Message, StringComparison.Ordinal);
        Assert.True(await pipeline.Upload("held.wav").ExistsAsync(Stop));
        Assert.False(await pipeline.Upload("free.wav").ExistsAsync(Stop));
        Assert.Single((await pipeline.Get<ProofChain>().FindAsync(1, Stop))!.Recordings);

        await lease.ReleaseAsync(cancellationToken: Stop);
        pipeline.Time.Advance(TimeSpan.FromMinutes(2));
        await pipeline.Sweep.RunAsync(Stop);
        Assert.False(await pipeline.Upload("held.wav").ExistsAsync(Stop));
        Assert.Equal(2, (await Search.TombstonesAsync(pipeline.Account)).Length);
    }
}
