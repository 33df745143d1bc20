using System.Text.Json;
using NrSer.Pipeline.Lake;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;
using NrSer.Testing;

namespace NrSer.Pipeline.Tests.Lake;

public sealed class LakeCompactorTests(StorageEmulator emulator) : IDisposable
{
    private readonly DirectoryInfo _cache = Directory.CreateTempSubdirectory("nrser-lake-tests-");

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => _cache.Delete(recursive: true);

    // Each file costs memory while it is read, however little it holds.
    [Fact]
    public async Task CompactAsync_ManyShortRecordings_FitIntoItsMemory()
    {
        LakeUnderTest lake = await LakeUnderTest.CreateAsync(emulator, new LakeOptions { MemoryMegabytes = 128 }); // half of what it has
        await lake.EndAsync(0, 1200, segments: 1);
        Assert.Equal(1200, await lake.Compactor.CompactAsync(Stop));
        Assert.Empty(await lake.DifferencesAsync());
    }

    [Fact]
    public async Task CompactAsync_EndedRecordings_AreInPartsOfTheMonthOfTheirUpload()
    {
        LakeUnderTest lake = await LakeUnderTest.CreateAsync(emulator);
        Recording[] ended = await lake.EndAsync(0, 8); // two days of March, two of April
        Assert.Equal(8, await lake.WaitingAsync());

        Assert.Equal(8, await lake.Compactor.CompactAsync(Stop));

        Assert.Equal(0, await lake.WaitingAsync());
        Assert.Empty(await lake.DifferencesAsync());
        Assert.Equal(
            ["lake/v1/segments/month=2026-03/part-0001.parquet", "lake/v1/segments/month=2026-04/part-0001.parquet"],
            (await lake.PartsAsync(LakeTable.Segments)).Select(part => part.BlobName));
        Assert.Equal([4L, 4L], (await lake.PartsAsync(LakeTable.Recordings)).Select(part => part.Rows));
        using LakeDatabase database = await lake.OpenAsync(_cache.FullName);
        Assert.Equal(
            ended.Select(recording => recording.Id.Value).Order(StringComparer.Ordinal),
            await Search.RowsAsync(database, "SELECT RecordingId FROM recordings WHERE month = strftime(UploadedOn, '%Y-%m') ORDER BY 1"));
    }

    [Fact]
    public async Task CompactAsync_NothingNew_RewritesNothing()
    {
        LakeUnderTest lake = await LakeUnderTest.CreateAsync(emulator);
        await lake.EndAsync(0, 4);
        await lake.Compactor.CompactAsync(Stop);
        LakePart[] before = await lake.Blobs.ListAsync(null, Stop).ToArrayAsync(Stop);

        Assert.Equal(0, await lake.Compactor.CompactAsync(Stop));

        Assert.Equal(before, await lake.Blobs.ListAsync(null, Stop).ToArrayAsync(Stop));
    }

    [Fact]
    public async Task CompactAsync_FullPart_BeginsTheNextWithoutCuttingARecording()
    {
        LakeUnderTest lake = await LakeUnderTest.CreateAsync(emulator, new LakeOptions { MaxPartRows = 25 });
        DateOnly oneMonth = new(2026, 3, 1);
        await lake.EndAsync(0, 5, day: oneMonth); // 10 segments each: two a part
        await lake.Compactor.CompactAsync(Stop);
        await lake.EndAsync(5, 1, segments: 40, day: oneMonth);
        await lake.Compactor.CompactAsync(Stop);

        Assert.Equal([20L, 20L, 10L, 40L], (await lake.PartsAsync(LakeTable.Segments)).Select(part => part.Rows));
        Assert.Equal([2L, 2L, 1L, 1L], (await lake.PartsAsync(LakeTable.Recordings)).Select(part => part.Rows));
        Assert.Empty(await lake.DifferencesAsync());
    }

    [Fact]
    public async Task CompactAsync_RetriedRecording_RewritesItsOwnPart()
    {
        LakeUnderTest lake = await LakeUnderTest.CreateAsync(emulator, new LakeOptions { MaxPartRows = 25 });
        Recording[] ended = await lake.EndAsync(0, 4, day: new DateOnly(2026, 3, 1));
        await lake.Compactor.CompactAsync(Stop);
        LakePart[] before = await lake.PartsAsync(LakeTable.Segments);

        Recording again = ended.MinBy(recording => recording.Id.Value)! with { Generation = 1, SegmentCount = 11 };
        await GeneratedResults.StoreAsync(lake.Account, again, Stop);
        await lake.Compactor.CompactAsync(Stop);

        LakePart[] after = await lake.PartsAsync(LakeTable.Segments);
        Assert.Equal([21L, 20L], after.Select(part => part.Rows));
        Assert.Equal(before[1], after[1]);
        Assert.Empty(await lake.DifferencesAsync());
    }

    [Fact]
    public async Task CompactAsync_RecordingThatIsRetriedNow_WaitsForItsEnd()
    {
        LakeUnderTest lake = await LakeUnderTest.CreateAsync(emulator);
        Recording ended = (await lake.EndAsync(0, 1))[0];
        await lake.Account.Store.BeginGenerationAsync(ended with { Generation = 1, Status = RecordingStatus.Queued }, Stop);

        Assert.Equal(0, await lake.Compactor.CompactAsync(Stop));
        Assert.Equal(1, await lake.WaitingAsync());

        await lake.Account.Store.AdvanceAsync(ended with { Generation = 1 }, Stop);
        Assert.Equal(1, await lake.Compactor.CompactAsync(Stop));
        Assert.Equal(0, await lake.WaitingAsync());
    }

    [Fact]
    public async Task CompactAsync_DiedBetweenTheTwoParts_GoesOn()
    {
        LakeUnderTest lake = await LakeUnderTest.CreateAsync(emulator);
        Recording[] ended = await lake.EndAsync(0, 4, day: new DateOnly(2026, 3, 1));
        await lake.Compactor.CompactAsync(Stop);
        // As if it had died before the segments: the recordings are placed, marks and rows are not.
        await lake.Account.Blobs.Container("results").GetBlobClient((await lake.PartsAsync(LakeTable.Segments))[0].BlobName)
            .DeleteAsync(cancellationToken: Stop);
        foreach (Recording recording in ended)
            await lake.Markers.MarkAsync(recording.Id, Stop);

        await lake.Compactor.CompactAsync(Stop);

        Assert.Empty(await lake.DifferencesAsync());
        Assert.Equal(40, Assert.Single(await lake.PartsAsync(LakeTable.Segments)).Rows);
    }

    [Fact]
    public async Task CompactAsync_RejectedAndFailed_AreRecordingsWithoutSegments()
    {
        LakeUnderTest lake = await LakeUnderTest.CreateAsync(emulator);
        Recording rejected = GeneratedResults.Recording(1, LakeUnderTest.March, 0) with { Status = RecordingStatus.Rejected, Reason = "=1+1" };
        await lake.Account.Store.AdvanceAsync(rejected, Stop);
        Recording failed = GeneratedResults.Recording(2, LakeUnderTest.March, 0) with { Status = RecordingStatus.Failed, Reason = "No service." };
        await lake.Account.Store.AdvanceAsync(failed, Stop);

        await lake.Compactor.CompactAsync(Stop);

        using LakeDatabase database = await lake.OpenAsync(_cache.FullName);
        Assert.Equal(
            ["Failed|No service.", "Rejected|=1+1"], await Search.RowsAsync(database, "SELECT Status, Reason FROM recordings ORDER BY 1"));
        Assert.Equal(["0"], await Search.RowsAsync(database, "SELECT count(*) FROM segments"));
    }

    [Fact]
    public async Task RunIfDueAsync_FewAndYoung_Waits()
    {
        LakeUnderTest lake = await LakeUnderTest.CreateAsync(emulator, new LakeOptions { CompactAt = 3 });
        await lake.EndAsync(0, 2);
        await lake.Compactor.RunIfDueAsync(Stop);
        Assert.Equal(2, await lake.WaitingAsync());

        lake.Time.Advance(TimeSpan.FromHours(1)); // beyond CompactAfter, by any clock
        await lake.Compactor.RunIfDueAsync(Stop);
        Assert.Equal(0, await lake.WaitingAsync());

        LakeUnderTest full = await LakeUnderTest.CreateAsync(emulator, new LakeOptions { CompactAt = 3 });
        await full.EndAsync(0, 3);
        await full.Compactor.RunIfDueAsync(Stop);
        Assert.Equal(0, await full.WaitingAsync());
    }

    [Fact]
    public async Task RemoveAsync_Recordings_LeaveNothing()
    {
        LakeUnderTest lake = await LakeUnderTest.CreateAsync(emulator);
        Recording[] ended = await lake.EndAsync(0, 4);
        await lake.Compactor.CompactAsync(Stop);

        Assert.Equal(2, await lake.Erasure.RemoveAsync([ended[0].Id, ended[1].Id, RecordingId.Parse("20250101-0123456789abcdef")], Stop));

        using LakeDatabase database = await lake.OpenAsync(_cache.FullName);
        string[] left = [.. ended[2..].Select(recording => recording.Id.Value).Order(StringComparer.Ordinal)];
        Assert.Equal(left, await Search.RowsAsync(database, "SELECT RecordingId FROM recordings ORDER BY 1"));
        Assert.Equal(left, await Search.RowsAsync(database, "SELECT DISTINCT RecordingId FROM segments ORDER BY 1"));
    }

    [Fact]
    public async Task SettleAsync_MarkedAgainMeanwhile_StaysMarked()
    {
        LakeUnderTest lake = await LakeUnderTest.CreateAsync(emulator);
        Recording ended = (await lake.EndAsync(0, 1))[0];
        List<LakeMarker> listed = await lake.Markers.ListAsync(Stop).ToListAsync(Stop);
        await lake.Markers.MarkAsync(ended.Id, Stop);

        await lake.Markers.SettleAsync(listed, Stop);

        Assert.Equal(1, await lake.WaitingAsync());
    }

    [Fact]
    public async Task Verify_WhatDiffers_IsNamedAndMendedByRebuild()
    {
        LakeUnderTest lake = await LakeUnderTest.CreateAsync(emulator);
        Recording[] ended = await lake.EndAsync(0, 3);
        await lake.Compactor.CompactAsync(Stop);
        await new ResultBlobs(lake.Account.Blobs).WriteAsync(ended[0], GeneratedResults.Segments(ended[0])[..9], Stop); // past the stages
        Recording unmarked = (await lake.EndAsync(3, 1))[0];
        await lake.Markers.SettleAsync(await lake.Markers.ListAsync(Stop).ToListAsync(Stop), Stop);

        Assert.Equal(
            [$"{ended[0].Id} segments: 0 rows missing or different, 1 too many or different",
                $"{unmarked.Id} has ended, is not in the lake, and does not wait for it"],
            (await lake.DifferencesAsync()).OrderBy(difference => difference.Contains("has ended", StringComparison.Ordinal)));

        Assert.Equal(4, await lake.Rebuild.RunAsync(month: null, Stop));
        Assert.Empty(await lake.DifferencesAsync());
    }

    [Fact]
    public async Task CompactAsync_EpisodesOfPodcasts_AreThereWithTheirFeedAndWithoutAddresses()
    {
        LakeUnderTest lake = await LakeUnderTest.CreateAsync(emulator);
        Recording[] episodes = await EndEpisodesAsync(lake);
        await lake.EndAsync(5, 1); // an upload that is none
        await lake.Compactor.CompactAsync(Stop);

        Assert.Empty(await lake.DifferencesAsync());
        using LakeDatabase database = await lake.OpenAsync(_cache.FullName);
        Assert.Equal(
            [$"{episodes[0].Id}|One|Show 1|True|show-1|7|False|2026-03", $"{episodes[1].Id}|Two|Show 1|True|show-1|7|False|2026-03"],
            await Search.RowsAsync(
                database, "SELECT RecordingId, e.Title, f.Title, IsFollowed, Slug, Number, IsExplicit, e.month FROM episodes e "
                + "JOIN feeds f USING (FeedId) JOIN recordings r USING (RecordingId) "
                + "WHERE PublishedAt = RecordedAt AND RecordedOn + 1 = UploadedOn AND RecordedHour = 0 "
                + "ORDER BY e.Title"));
        foreach (string table in new[] { "episodes", "feeds", "recordings" })
            Assert.Equal(["0"], await Search.RowsAsync(database, $"SELECT count(*) FROM {table} t WHERE t::VARCHAR LIKE '%SECRET%'"));

        // What changed of one is taken in with its recording; what the lake does not have of it is no difference.
        Episode first = (await lake.Podcasts.FindEpisodeAsync(GeneratedResults.Feed(1).Id, episodes[0].Id.Value[^16..], Stop))!;
        await lake.Podcasts.TryWriteAsync(first with { Title = "One, anew", Reason = "For no reason." }, Stop);
        Assert.Equal([$"{episodes[0].Id} episodes: 1 rows missing or different, 1 too many or different"], await lake.DifferencesAsync());
        await lake.Markers.MarkAsync(episodes[0].Id, Stop);
        await lake.Compactor.CompactAsync(Stop);
        Assert.Empty(await lake.DifferencesAsync());

        Assert.Equal(1, await lake.Erasure.RemoveAsync([episodes[0].Id], Stop));
        using LakeDatabase after = await lake.OpenAsync(_cache.FullName);
        Assert.Equal(["Two"], await Search.RowsAsync(after, "SELECT Title FROM episodes"));
    }

    [Fact]
    public async Task Verify_WhatStandsBesideTheParts_IsNamedAndMendedByRebuild()
    {
        LakeUnderTest lake = await LakeUnderTest.CreateAsync(emulator);
        await EndEpisodesAsync(lake);
        await lake.Compactor.CompactAsync(Stop);
        await lake.Podcasts.TryWriteAsync(GeneratedResults.Feed(2), Stop); // added since: the lake is late, no more
        Assert.Empty(await lake.DifferencesAsync());

        await lake.Podcasts.DeleteFeedAsync(GeneratedResults.Feed(1).Id, Stop); // past forgetting
        await lake.Blobs.WriteAsync(LakeBlobs.SchemaName, BinaryData.FromString("{}"), Stop);
        foreach (string name in new[] { "dates.parquet", "_freshness.json" })
            await lake.Account.Blobs.Container("results").GetBlobClient(LakePart.Root + name).DeleteAsync(cancellationToken: Stop);
        string[] differences = await lake.DifferencesAsync();
        Assert.Equal(
            [
                "_schema.json is missing or of another version", "_freshness.json is missing", "dates.parquet is missing, or lacks days",
                "feeds.parquet has 0000000000000001, which is no feed any more",
            ],
            differences[^4..]);

        await lake.Rebuild.RunAsync(month: null, Stop);
        Assert.Empty(await lake.DifferencesAsync());
    }

    [Fact]
    public async Task Documents_SayWhatThereIs()
    {
        LakeUnderTest lake = await LakeUnderTest.CreateAsync(emulator);
        await lake.EndAsync(0, 4);
        await lake.Compactor.CompactAsync(Stop);

        LakeFreshnessV1 freshness = (await lake.Documents.FindFreshnessAsync(Stop))!;
        Assert.Equal((4L, 40L, 6), (freshness.Recordings, freshness.Segments, freshness.Parts.Count));
        JsonElement schema = JsonDocument.Parse((await lake.Blobs.FindAsync(LakeBlobs.SchemaName, Stop))!).RootElement;
        Assert.Equal(
            LakeTable.All.Select(table => table.Name),
            schema.GetProperty("tables").EnumerateArray().Select(table => table.GetProperty("name").GetString()));
        using LakeDatabase database = await lake.OpenAsync(_cache.FullName);
        Assert.Equal(["2026-03-01|2026-12-31|306"], await Search.RowsAsync(
            database, "SELECT min(Date)::VARCHAR, max(Date)::VARCHAR, count(DISTINCT Date) FROM dates"));
    }

    /// <summary>Two episodes of one podcast, both of March.</summary>
    private static async Task<Recording[]> EndEpisodesAsync(LakeUnderTest lake)
    {
        var ended = new List<Recording>();
        foreach ((int number, string title) in new[] { (0, "One"), (1, "Two") })
        {
            ended.Add(await GeneratedResults.StoreEpisodeAsync(
                lake.Account, GeneratedResults.Feed(1), GeneratedResults.Recording(number, LakeUnderTest.March, 10), title, Stop));
            await GeneratedResults.StoreAsync(lake.Account, ended[^1], Stop);
        }

        return [.. ended];
    }
}
