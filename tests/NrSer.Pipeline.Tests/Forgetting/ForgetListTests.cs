using System.Globalization;
using NrSer.Pipeline.Forgetting;
using NrSer.Pipeline.Lake;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;
using NrSer.Pipeline.Tests.Stages;
using NrSer.Testing;

namespace NrSer.Pipeline.Tests.Forgetting;

/// <summary>Many recordings at once. CI forgets a few; <c>NRSER_FORGET_COUNT=1000</c> says how long a thousand take, and holds them to five
/// minutes.</summary>
public sealed class ForgetListTests(StorageEmulator emulator)
{
    private const double MostSecondsEach = 0.3; // 1,000 in five minutes

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task RunAsync_ManyByOneList_WritesEachPartOnceAndLooksThroughRowsOnce()
    {
        bool isTimed = int.TryParse(
            Environment.GetEnvironmentVariable("NRSER_FORGET_COUNT"), NumberStyles.None, CultureInfo.InvariantCulture, out int many);
        int count = isTimed ? many : 12;
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(
            emulator, KeyValuePair.Create("NrSer:Lake:MaxPartRows", (string?)"2000"));
        Recording[] recordings = [.. Enumerable.Range(0, count + (count / 5)).Select(number =>
            GeneratedResults.Recording(number, LakeTestDay.AddDays(number % 4), segments: 10))];
        await Parallel.ForEachAsync(recordings, Stop, async (recording, token) => await StoreAsync(pipeline, recording, token));
        Assert.Equal(recordings.Length, await pipeline.Get<LakeCompactor>().CompactAsync(Stop));
        string[] names = [.. recordings.Take(count).Select(recording => recording.BlobName!)];

        long begun = TimeProvider.System.GetTimestamp();
        ForgetPlan plan = null!;
        string[] found = await CountedRequests.OfAsync(
            pipeline.Account, async () => plan = await pipeline.Get<ForgetTargets>().FindAsync(names, [], Stop));
        Assert.Equal((count, 0), (plan.Requests.Count, plan.Unknown.Count));
        Assert.InRange(found.Count(request => request.StartsWith("GET recordings()", StringComparison.Ordinal)), 1, 1 + (recordings.Length / 1000));
        ProofV1 proof = null!;
        string[] asked = await CountedRequests.OfAsync(pipeline.Account, async () =>
        {
            await pipeline.Get<ForgetRequests>().RequestAsync(plan.Requests, Stop);
            proof = Assert.Single((await pipeline.Get<ForgetRecordings>().RunAsync(Stop))!).Proof;
        });
        double seconds = TimeProvider.System.GetElapsedTime(begun).TotalSeconds;
        TestContext.Current.TestOutputHelper!.WriteLine(
            $"{count} of {recordings.Length} recordings forgotten in {seconds:F1} s, "
            + $"{(double)asked.Length / count:F1} requests each: {proof.Removed}");

        if (isTimed)
            Assert.InRange(seconds, 0, MostSecondsEach * count);
        string[] parts = [.. asked.Where(request => request.StartsWith("PUT results/lake/v1/", StringComparison.Ordinal) && request.Contains("/part-",
            StringComparison.Ordinal))];
        Assert.NotEmpty(parts);
        Assert.Distinct(parts);
        Assert.Equal((count, count), (proof.Removed.Uploads, proof.Removed.LakeRecordings));
        HashSet<RecordingId> left = (await pipeline.Store.ListAsync(new RecordingFilter(DateOnly.MinValue, DateOnly.MaxValue), Stop)
            .Select(row => row.Id).ToListAsync(Stop)).ToHashSet();
        Assert.Equal(recordings.Skip(count).Select(recording => recording.Id).ToHashSet(), left);
        Assert.Empty(await pipeline.Get<LakeVerifier>().RunAsync(month: null, Stop).ToListAsync(Stop));
    }

    private static DateOnly LakeTestDay => Lake.LakeUnderTest.March;

    private static async Task StoreAsync(PipelineUnderTest pipeline, Recording recording, CancellationToken cancellationToken)
    {
        await pipeline.Upload(recording.BlobName!).UploadAsync(BinaryData.FromString(recording.Id.Value), cancellationToken);
        string etag = (await pipeline.Upload(recording.BlobName!).GetPropertiesAsync(cancellationToken: cancellationToken)).Value.ETag.ToString("G");
        Recording uploaded = recording with { BlobETag = etag.Trim('"') };
        await pipeline.Index.TryWriteAsync(
            new IndexedUpload(recording.BlobName!, recording.Id, uploaded.BlobETag, ContentBytes: 25, Sha256: new string('0', 64)),
            cancellationToken);
        await GeneratedResults.StoreAsync(pipeline.Account, uploaded, cancellationToken);
    }
}
