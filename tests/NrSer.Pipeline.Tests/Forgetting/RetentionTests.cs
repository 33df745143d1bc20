using Microsoft.Extensions.Options;
using NrSer.Pipeline.Forgetting;
using NrSer.Pipeline.Lake;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;
using NrSer.Pipeline.Storage;
using NrSer.Pipeline.Tests.Stages;
using NrSer.Pipeline.Transcripts;
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
        Recording old = await StoreAsync(pipeline, 1, today.AddDays(-32)); // whatever the hour
        Recording young = await StoreAsync(pipeline, 2, today.AddDays(-27));
        await pipeline.Sweep.RunAsync(Stop);
        RetentionReport dry = Assert.Single(await pipeline.Get<Retention>().RunAsync(isDry: true, Stop));
        Assert.Equal((1, false), (dry.Recordings, dry.IsApplied));
        await using PipelineUnderTest other = pipeline.WithSettings(); // which knows of no setting
        (RetentionRule rule, RetentionMark mark) = Assert.Single(await other.Get<Retention>().StandingAsync(Stop));
        Assert.Equal((RetentionStore.Receipts, TimeSpan.FromDays(30), null), (rule.Store, rule.Period, rule.FeedId));
        Assert.Equal(DateOnly.MinValue, mark.Through); // nothing yet
        other.Time.Advance(TimeSpan.FromDays(3));
        Assert.Empty(await other.Get<Retention>().StandingAsync(Stop)); // nobody has held to it for days
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

    [Theory]
    [InlineData("Uploads", "upload")]
    [InlineData("WorkAudio", "audio")]
    [InlineData("Lake", "lake")]
    [InlineData("Receipts", "receipt")]
    public async Task SweepAsync_PodcastsWithPeriodsOfTheirOwn_KeepToThoseAndOthersToTheirs(string setting, string store)
    {
        Feed shorter = GeneratedResults.Feed(1), longer = GeneratedResults.Feed(2);
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(
            emulator, Setting(setting, "30.00:00:00"), Setting($"Feeds:{shorter.Id}:{setting}", "10.00:00:00"),
            Setting($"Feeds:{longer.Id}:{setting}", "60.00:00:00"));
        DateOnly today = DateOnly.FromDateTime(pipeline.Time.GetUtcNow().UtcDateTime);
        Recording[] all =
            [await StoreAsync(pipeline, 1, today, shorter), await StoreAsync(pipeline, 2, today), await StoreAsync(pipeline, 3, today, longer)];
        await pipeline.Get<LakeCompactor>().CompactAsync(Stop);
        await pipeline.Get<Retention>().SweepAsync(Stop); // reports
        foreach ((int day, int gone) in new[] { (9, 0), (11, 1), (29, 1), (31, 2), (59, 2), (61, 3) })
        {
            pipeline.Time.SetUtcNow(new DateTimeOffset(today.AddDays(day), TimeOnly.MinValue, TimeSpan.Zero));
            await pipeline.Get<Retention>().SweepAsync(Stop);
            bool[] kept = [.. await Task.WhenAll(all.Select(async recording => (await KeptAsync(pipeline, recording)).Contains(store)))];
            Assert.Equal(Enumerable.Range(0, 3).Select(index => index >= gone), kept);
        }

        foreach (Recording recording in all)
            Assert.Equal(s_stores.Where(other => other != store), await KeptAsync(pipeline, recording));
    }

    // The journal may be kept for longer than the lake: nobody misses what was deleted there, or makes it anew.
    [Fact]
    public async Task SweepAsync_Lake_IsNotMissedByVerifyNorBroughtBackByARebuild()
    {
        Feed longer = GeneratedResults.Feed(2);
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(
            emulator, Setting("Lake", "30.00:00:00"), Setting($"Feeds:{longer.Id}:Lake", "60.00:00:00"));
        DateOnly today = DateOnly.FromDateTime(pipeline.Time.GetUtcNow().UtcDateTime);
        await StoreAsync(pipeline, 1, today);
        Recording kept = await StoreAsync(pipeline, 2, today, longer);
        await pipeline.Get<LakeCompactor>().CompactAsync(Stop);
        await pipeline.Get<Retention>().SweepAsync(Stop); // reports
        pipeline.Time.SetUtcNow(new DateTimeOffset(today.AddDays(31), TimeOnly.MinValue, TimeSpan.Zero));
        await pipeline.Get<Retention>().SweepAsync(Stop);
        Assert.Equal([kept.Id.Value], await Search.InLakeAsync(pipeline.Account));

        Assert.Empty(await pipeline.Get<LakeVerifier>().RunAsync(month: null, Stop).ToListAsync(Stop));
        await pipeline.Get<LakeRebuild>().RunAsync(month: null, Stop);
        Assert.Empty(await pipeline.Get<LakeVerifier>().RunAsync(month: null, Stop).ToListAsync(Stop));
        Assert.Equal([kept.Id.Value], await Search.InLakeAsync(pipeline.Account));
    }

    [Fact]
    public async Task SweepAsync_Results_TakeTheTranscriptOfAnEpisodeWithThem()
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(
            emulator, Setting("Lake", "30.00:00:00"), Setting("Results", "30.00:00:00"));
        DateOnly today = DateOnly.FromDateTime(pipeline.Time.GetUtcNow().UtcDateTime);
        Recording episode = await StoreAsync(pipeline, 1, today, GeneratedResults.Feed(1));
        await pipeline.Get<TranscriptBlobs>().WriteAsync(episode.BlobName!, "WEBVTT\n\n00:01.000 --> 00:02.000\nSaid"u8.ToArray(), Stop);
        await pipeline.Get<Retention>().SweepAsync(Stop); // reports
        foreach ((int day, bool isKept) in new[] { (29, true), (31, false) })
        {
            pipeline.Time.SetUtcNow(new DateTimeOffset(today.AddDays(day), TimeOnly.MinValue, TimeSpan.Zero));
            await pipeline.Get<Retention>().SweepAsync(Stop);
            Assert.Equal(isKept, await pipeline.Get<TranscriptBlobs>().FindAsync(episode.BlobName!, Stop) is not null);
        }
    }

    [Fact]
    public void InWords_OfAPodcast_HasItsOwnPeriodsAndThoseOfAll()
    {
        var options = new RetentionOptions
        {
            Uploads = TimeSpan.FromDays(30),
            Feeds = { ["0123456789abcdef"] = new RetentionPeriods { Uploads = TimeSpan.FromDays(7), Lake = TimeSpan.FromDays(1.5) } },
        };
        Assert.Equal("Uploads 7 days, Lake 1.5 days", options.InWords("0123456789abcdef"));
        Assert.Equal("Uploads 30 days", options.InWords("00000000000000ff"));
        Assert.Equal("Uploads 30 days", options.InWords(feedId: null));
        Assert.Null(new RetentionOptions().InWords(feedId: null));
    }

    [Fact]
    public async Task RunAsync_PodcastWithoutItsPeriod_IsReportedAnewBeforeThatOfAllCounts()
    {
        Feed feed = GeneratedResults.Feed(1);
        KeyValuePair<string, string?> ofAll = Setting("Receipts", "30.00:00:00");
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(
            emulator, ofAll, Setting($"Feeds:{feed.Id}:Receipts", "90.00:00:00"));
        DateOnly today = DateOnly.FromDateTime(pipeline.Time.GetUtcNow().UtcDateTime);
        Recording old = await StoreAsync(pipeline, 1, today.AddDays(-50)), episode = await StoreAsync(pipeline, 2, today.AddDays(-50), feed);
        await pipeline.Get<Retention>().RunAsync(isDry: false, Stop);
        IReadOnlyList<RetentionReport> applied = await pipeline.Get<Retention>().RunAsync(isDry: false, Stop);
        Assert.Equal([(null, 1L, true), (feed.Id, 0L, true)], applied.Select(report => (report.Rule.FeedId, report.Recordings, report.IsApplied)));
        Assert.DoesNotContain("receipt", await KeptAsync(pipeline, old));
        Assert.Contains("receipt", await KeptAsync(pipeline, episode));

        await using PipelineUnderTest without = pipeline.WithSettings(ofAll);
        Assert.False(Assert.Single(await without.Get<Retention>().RunAsync(isDry: false, Stop)).IsApplied);
        Assert.Contains("receipt", await KeptAsync(pipeline, episode));
        Assert.True(Assert.Single(await without.Get<Retention>().RunAsync(isDry: false, Stop)).IsApplied);
        Assert.DoesNotContain("receipt", await KeptAsync(pipeline, episode));
    }

    [Theory]
    [InlineData("a-show:Uploads", "30.00:00:00", "16 hex digits")]
    [InlineData("00000000000000ff:Uploads", "01:00:00", "takes 1.00:00:00")]
    [InlineData("00000000000000ff:Results", "30.00:00:00", "00000000000000ff:Lake must be set")]
    public async Task Options_WhatAPodcastCannotHave_StopsTheStart(string setting, string value, string complaint)
    {
        await using PipelineUnderTest pipeline = await PipelineUnderTest.CreateAsync(emulator, Setting($"Feeds:{setting}", value));
        OptionsValidationException refused = Assert.Throws<OptionsValidationException>(() => pipeline.Get<IOptions<RetentionOptions>>().Value);
        Assert.Contains(complaint, refused.Message, StringComparison.Ordinal);
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

    private static async Task<Recording> StoreAsync(PipelineUnderTest pipeline, int number, DateOnly day, Feed? feed = null)
    {
        Recording recording = GeneratedResults.Recording(number, day, segments: 3);
        if (feed is not null)
            recording = await GeneratedResults.StoreEpisodeAsync(pipeline.Account, feed, recording, "An episode", Stop);
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
