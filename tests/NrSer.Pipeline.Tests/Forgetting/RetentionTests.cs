using Microsoft.Extensions.Options;
using NrSer.Pipeline.Forgetting;
using NrSer.Pipeline.Lake;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Storage;
using NrSer.Pipeline.Tests.Stages;
using NrSer.Testing;

namespace NrSer.Pipeline.Tests.Forgetting;

public sealed class RetentionTests(StorageEmulator emulator)
{
    private static readonly string[] s_stores = ["upload", "audio", "lake", "results", "receipt", "row"];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task SweepAsync_EverySetting_DeletesItsOwnStoreWhenItIsTimeAndNothingBefore()
    {
        string[] settings = ["Uploads", "WorkAudio", "Lake", "Results", "Receipts", "Rows"]; // in the order of s_stores
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(
            emulator, settings.Select((setting, index) => Setting(setting, $"{10 * (index + 1)}.00:00:00")));
        DateOnly today = DateOnly.FromDateTime(pipeline.Time.GetUtcNow().UtcDateTime);
        Recording recording = await StoreAsync(pipeline, 1, today);
        await pipeline.Get<LakeCompactor>().CompactAsync(Stop);
        await pipeline.Sweep.RunAsync(Stop); // reports
        for (int day = 9; day < 62; day += day % 10 == 9 ? 2 : 8) // the day before and the day after each is old enough
        {
            pipeline.Time.SetUtcNow(new DateTimeOffset(today.AddDays(day), TimeOnly.MinValue, TimeSpan.Zero));
            await pipeline.Get<Retention>().SweepAsync(Stop);
            Assert.Equal(s_stores[((day - 1) / 10)..], await KeptAsync(pipeline, recording));
        }
    }

    [Fact]
    public async Task SweepAsync_FirstRun_ReportsAndDeletesNothing()
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator, Setting("Receipts", "30.00:00:00"));
        DateOnly today = DateOnly.FromDateTime(pipeline.Time.GetUtcNow().UtcDateTime);
        Recording old = await StoreAsync(pipeline, 1, today.AddDays(-32)), young = await StoreAsync(pipeline, 2, today.AddDays(-29));
        await pipeline.Sweep.RunAsync(Stop);
        RetentionReport dry = Assert.Single(await pipeline.Get<Retention>().RunAsync(isDry: true, Stop));
        Assert.Equal((1, false), (dry.Recordings, dry.IsApplied));
        pipeline.Time.Advance(TimeSpan.FromHours(23));
        await pipeline.Sweep.RunAsync(Stop);
        Assert.Contains("receipt", await KeptAsync(pipeline, old)); // a day has not passed
        pipeline.Time.Advance(TimeSpan.FromHours(2));
        await pipeline.Sweep.RunAsync(Stop);
        Assert.DoesNotContain("receipt", await KeptAsync(pipeline, old));
        Assert.Contains("receipt", await KeptAsync(pipeline, young));
    }

    [Fact]
    public async Task SweepAsync_NothingSet_AsksNothing()
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator);
        Assert.Empty(await CountedRequests.OfAsync(pipeline.Account, () => pipeline.Get<Retention>().SweepAsync(Stop)));
    }

    [Fact]
    public async Task RunAsync_AShorterPeriod_IsReportedAnewBeforeItCounts()
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator, Setting("Receipts", "90.00:00:00"));
        DateOnly today = DateOnly.FromDateTime(pipeline.Time.GetUtcNow().UtcDateTime);
        Recording middle = await StoreAsync(pipeline, 1, today.AddDays(-50));
        Assert.False(Assert.Single(await pipeline.Get<Retention>().RunAsync(isDry: false, Stop)).IsApplied);
        Assert.Equal((0, true), Applied(await pipeline.Get<Retention>().RunAsync(isDry: false, Stop)));
        await using PipelineUnderTest shorter = pipeline.WithSettings(Setting("Receipts", "30.00:00:00"));
        Assert.Equal((1, false), Applied(await shorter.Get<Retention>().RunAsync(isDry: false, Stop)));
        Assert.Contains("receipt", await KeptAsync(pipeline, middle));
        Assert.Equal((1, true), Applied(await shorter.Get<Retention>().RunAsync(isDry: false, Stop)));
        Assert.DoesNotContain("receipt", await KeptAsync(pipeline, middle));

        static (long, bool) Applied(IReadOnlyList<RetentionReport> reports) => (reports[0].Recordings, reports[0].IsApplied);
    }

    [Fact]
    public async Task RunAsync_OldRecordingStillOpen_IsDealtWithWhenItHasEnded()
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator, Setting("Receipts", "30.00:00:00"));
        DateOnly today = DateOnly.FromDateTime(pipeline.Time.GetUtcNow().UtcDateTime);
        Recording old = await StoreAsync(pipeline, 1, today.AddDays(-50));
        await pipeline.MergeAsync(new Azure.Data.Tables.TableEntity(old.Id.Day, old.Id.Value) { ["Status"] = "Processing" });
        await pipeline.Get<Retention>().RunAsync(isDry: false, Stop);
        await pipeline.Get<Retention>().RunAsync(isDry: false, Stop);
        Assert.Contains("receipt", await KeptAsync(pipeline, old));
        await pipeline.MergeAsync(new Azure.Data.Tables.TableEntity(old.Id.Day, old.Id.Value) { ["Status"] = "Completed" });
        await pipeline.Get<Retention>().RunAsync(isDry: false, Stop);
        Assert.DoesNotContain("receipt", await KeptAsync(pipeline, old));
    }

    [Theory]
    [InlineData("Rows", "rows lead to everything")]
    [InlineData("Results", "the lake is made from them")]
    public async Task Options_WhatWouldOrphanSomething_StopTheStart(string setting, string complaint)
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator, Setting(setting, "30.00:00:00"));
        OptionsValidationException refused = Assert.Throws<OptionsValidationException>(() => pipeline.Get<IOptions<RetentionOptions>>().Value);
        Assert.Contains(complaint, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Options_LessThanADay_StopTheStart()
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator, Setting("Uploads", "01:00:00"));
        Assert.Throws<OptionsValidationException>(() => pipeline.Get<IOptions<RetentionOptions>>().Value);
    }

    private static KeyValuePair<string, string?> Setting(string name, string value) => KeyValuePair.Create($"NrSer:Retention:{name}", (string?)value);

    private static async Task<Recording> StoreAsync(PipelineUnderTest pipeline, int number, DateOnly day)
    {
        Recording recording = GeneratedResults.Recording(number, day, segments: 3);
        await pipeline.Upload(recording.BlobName!).UploadAsync(BinaryData.FromString($"{number}"), overwrite: true, Stop);
        string etag = (await pipeline.Upload(recording.BlobName!).GetPropertiesAsync(cancellationToken: Stop)).Value.ETag.ToString("G").Trim('"');
        await pipeline.Account.Blobs.Container(StorageNames.Enhanced).GetBlobClient($"{recording.Id}/00-00000.wav")
            .UploadAsync(BinaryData.FromString("audio"), Stop);
        await GeneratedResults.StoreAsync(pipeline.Account, recording with { BlobETag = etag }, Stop);
        return recording;
    }

    private static async Task<string[]> KeptAsync(PipelineUnderTest pipeline, Recording recording)
    {
        var results = pipeline.Account.Blobs.Container(StorageNames.Results);
        string id = recording.Id.Value;
        bool[] kept =
        [
            await pipeline.Upload(recording.BlobName!).ExistsAsync(Stop),
            await pipeline.Account.Blobs.Container(StorageNames.Enhanced).GetBlobClient($"{id}/00-00000.wav").ExistsAsync(Stop),
            (await Search.InLakeAsync(pipeline.Account)).Contains(id),
            await results.GetBlobClient(ResultBlobs.SegmentsName(recording.Id)).ExistsAsync(Stop)
                || await results.GetBlobClient($"{id}/segments/00-00000.parquet").ExistsAsync(Stop),
            await results.GetBlobClient(ResultBlobs.ReceiptName(recording.Id)).ExistsAsync(Stop),
            await pipeline.Store.FindAsync(recording.Id, Stop) is not null,
        ];
        return [.. s_stores.Where((_, index) => kept[index])];
    }
}
