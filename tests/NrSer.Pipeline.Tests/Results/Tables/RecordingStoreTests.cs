using Azure;
using Azure.Data.Tables;
using NrSer.Pipeline.Chunks;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;
using NrSer.Testing;

namespace NrSer.Pipeline.Tests.Results.Tables;

public sealed class RecordingStoreTests(StorageEmulator emulator) : IAsyncLifetime
{
    private static readonly RecordingId s_id = RecordingId.Parse("20260309-0123456789abcdef");

    private StorageAccount _account = null!;

    public static TheoryData<string, string, bool> StepsWithinAGeneration => new(
        from step in new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["Queued"] = "Queued Processing Completed Rejected Failed Withdrawn Forgotten",
            ["Processing"] = "Processing Completed Rejected Failed Withdrawn Forgotten",
            ["Completed"] = "Completed",
            ["Rejected"] = "Rejected",
            ["Failed"] = "Failed",
            ["Withdrawn"] = "Withdrawn",
            ["Forgotten"] = "", // a tombstone stays
        }
        from next in Enum.GetNames<RecordingStatus>()
        select (step.Key, next, step.Value.Split(' ').Contains(next)));

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private RecordingStore Store => _account.Store;

    public async ValueTask InitializeAsync() => _account = await StorageAccount.CreateAsync(emulator);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Theory]
    [MemberData(nameof(StepsWithinAGeneration), DisableDiscoveryEnumeration = true)]
    public async Task AdvanceAsync_WithinAGeneration_OnlyForward(string from, string to, bool allowed)
    {
        Assert.True(await AdvanceAsync(1, from, "before"));
        Assert.Equal(allowed, await AdvanceAsync(1, to, "after"));
        Assert.Equal(allowed ? (to, "after") : (from, "before"), await StandingAsync());
    }

    [Theory]
    [InlineData("Completed", "Queued")]
    [InlineData("Failed", "Processing")]
    [InlineData("Processing", "Queued")]
    public async Task AdvanceAsync_HigherGeneration_Wins(string from, string to)
    {
        await AdvanceAsync(1, from, "before");
        Assert.True(await AdvanceAsync(2, to, "after"));
        Assert.False(await AdvanceAsync(1, "Failed", "late"));
        Assert.Equal((to, "after"), await StandingAsync());
    }

    [Fact]
    public async Task AdvanceAsync_ColumnsLeftNull_Stay()
    {
        await Store.AdvanceAsync(new Recording { Id = s_id, Status = RecordingStatus.Processing, BlobName = "a.wav", Sha256 = "00" }, Stop);
        await Store.AdvanceAsync(new Recording { Id = s_id, Status = RecordingStatus.Completed, Sha256 = "11", MeanSnrScore = 0.5 }, Stop);
        Recording row = (await Store.FindAsync(s_id, Stop))!;
        Assert.Equal(("a.wav", "11", 0.5), (row.BlobName, row.Sha256, row.MeanSnrScore));
    }

    [Fact]
    public async Task AdvanceAsync_ManyWritersAtOnce_NeverGoesBack()
    {
        RecordingStatus[] steps = [RecordingStatus.Processing, RecordingStatus.Completed, RecordingStatus.Queued, RecordingStatus.Processing];
        bool[] written = await Task.WhenAll(Enumerable.Range(0, 12).Select(writer => Task.Run(() => Store.AdvanceAsync(
            new Recording
            {
                Id = s_id, Generation = writer / steps.Length, Status = steps[writer % steps.Length],
                Reason = $"{writer / steps.Length} {steps[writer % steps.Length]}",
            }, Stop), Stop)));
        Assert.True(written[9]); // the furthest of all: the last generation's completion
        Recording row = (await Store.FindAsync(s_id, Stop))!;
        Assert.Equal((2, RecordingStatus.Completed, "2 Completed"), (row.Generation, row.Status, row.Reason));
    }

    [Fact]
    public async Task FindRecordingAsync_NoRow_IsNull() => Assert.Null(await Store.FindAsync(s_id, Stop));

    [Fact]
    public async Task ListAsync_Days_ReturnsThoseOnly()
    {
        string[] days = ["20260308", "20260309", "20260310", "20260311"];
        foreach (string day in days)
            await Store.AdvanceAsync(new Recording { Id = RecordingId.Parse($"{day}-0123456789abcdef") }, Stop);
        var found = new List<string>();
        await foreach (Recording row in Store.ListAsync(new RecordingFilter(new DateOnly(2026, 3, 9), new DateOnly(2026, 3, 10)), Stop))
            found.Add(row.Id.Day);
        Assert.Equal(["20260309", "20260310"], found);
    }

    [Fact]
    public async Task RequestRetryAsync_ARow_ChangesNothingElse()
    {
        await AdvanceAsync(1, "Failed", "why");
        await Store.RequestRetryAsync([s_id], Stop);
        Assert.True((await Store.FindAsync(s_id, Stop))!.RetryRequested);
        Assert.Equal(("Failed", "why"), await StandingAsync());
        Assert.Equal([s_id], await Store.Open.RetriesAsync(Stop).ToListAsync(Stop));
        await Store.EndRetryRequestAsync(s_id, begun: null, Stop);
        Assert.False((await Store.FindAsync(s_id, Stop))!.RetryRequested);
        Assert.Empty(await Store.Open.RetriesAsync(Stop).ToListAsync(Stop));
    }

    // Whoever began the generation was stopped before it could say so, and meanwhile …
    [Theory]
    [InlineData("Queued", true, false)] // … somebody asked again for what has yet to be read
    [InlineData("Completed", false, false)] // … it was read, by whoever took the request away, and ended
    [InlineData("Completed", true, true)] // … and somebody asked for another run of it
    public async Task EndRetryRequestAsync_TheRowWentOn_EndsNoLaterRequest(string status, bool isAskedAgain, bool stays)
    {
        await AdvanceAsync(0, "Failed", "why");
        await Store.RequestRetryAsync([s_id], Stop);
        Recording begun = (await Store.BeginGenerationAsync(new Recording { Id = s_id, Generation = 1, Status = RecordingStatus.Queued }, Stop))!;
        await Store.AdvanceAsync(begun with { Status = Enum.Parse<RecordingStatus>(status), RetryRequested = false }, Stop);
        if (isAskedAgain)
            await Store.RequestRetryAsync([s_id], Stop);
        await Store.EndRetryRequestAsync(s_id, begun, Stop);
        Assert.Equal(stays, (await Store.FindAsync(s_id, Stop))!.RetryRequested);
        Assert.Equal(stays ? [s_id] : [], await Store.Open.RetriesAsync(Stop).ToListAsync(Stop));
    }

    [Fact]
    public async Task RequestRetryAsync_NoRow_Throws() =>
        Assert.Equal(404, (await Assert.ThrowsAnyAsync<RequestFailedException>(() => Store.RequestRetryAsync([s_id], Stop))).Status);

    [Fact]
    public async Task UnfinishedAsync_ARecordingsWay_HasItFromItsBeginToItsEnd()
    {
        async Task<List<RecordingId>> OpenAsync() => await Store.Open.UnfinishedAsync(TimeProvider.System.GetUtcNow().AddHours(1),
            Stop).ToListAsync(Stop);
        Assert.Empty(await OpenAsync());
        await AdvanceAsync(0, "Queued", "");
        Assert.Equal([s_id], await OpenAsync());
        Assert.Empty(await Store.Open.UnfinishedAsync(TimeProvider.System.GetUtcNow().AddHours(-1), Stop).ToListAsync(Stop));
        await AdvanceAsync(0, "Processing", "");
        Assert.Equal([s_id], await OpenAsync());
        await AdvanceAsync(0, "Failed", "");
        Assert.Empty(await OpenAsync());
        await AdvanceAsync(1, "Queued", "");
        Assert.Equal([s_id], await OpenAsync());
        await AdvanceAsync(1, "Withdrawn", "");
        Assert.Empty(await OpenAsync());
    }

    [Fact]
    public async Task MergeChunkAsync_TwoStages_KeepEachOthersColumns()
    {
        var chunk = new ChunkId(s_id, 1, 2);
        await Store.MergeChunkAsync(new Chunk { Id = chunk, StartSample = 10_000_000_000, Samples = 4000 }, Stop);
        await Store.MergeChunkAsync(new Chunk { Id = chunk, HasSpeech = true }, Stop);
        Chunk row = (await Store.FindChunkAsync(chunk, Stop))!;
        Assert.Equal((10_000_000_000L, 4000, true), (row.StartSample, row.Samples, row.HasSpeech));
    }

    // A late stage of an earlier generation must not end what the next one has only begun.
    [Fact]
    public async Task FinishChunkAsync_NotEnhanced_EndsNothing()
    {
        var time = new DateTimeOffset(2026, 3, 9, 0, 0, 0, TimeSpan.Zero);
        var chunk = new Chunk { Id = new ChunkId(s_id, 0, 7), StartSample = 0, Samples = 16000 };
        await Store.MergeChunkAsync(chunk, Stop);
        Chunk earlier = (await Store.FindChunkAsync(chunk.Id, Stop))! with { EnhancedAt = time };
        await Store.MergeChunkAsync(chunk, Stop); // another row from now on
        Assert.False(await Store.FinishChunkAsync(new Chunk { Id = chunk.Id, FinishedAt = time }, earlier, Stop));
        Assert.Null((await Store.FindChunkAsync(chunk.Id, Stop))!.FinishedAt);
    }

    [Fact]
    public async Task FinishChunkAsync_ManyAtOnce_KeepsTheFirstTime()
    {
        var chunk = new ChunkId(s_id, 0, 0);
        await Store.MergeChunkAsync(new Chunk { Id = chunk, EnhancedAt = DateTimeOffset.UnixEpoch }, Stop);
        DateTimeOffset[] times = [.. Enumerable.Range(0, 8).Select(second => new DateTimeOffset(2026, 3, 9, 0, 0, second, TimeSpan.Zero))];
        DateTimeOffset[] seen = await Task.WhenAll(times.Select(time => Task.Run(async () =>
        {
            await Store.FinishChunkAsync(new Chunk { Id = chunk, FinishedAt = time }, standing: null, Stop);
            return (await Store.FindChunkAsync(chunk, Stop))!.FinishedAt!.Value;
        }, Stop)));
        Assert.Single(seen.Distinct()); // whoever looked after its own write saw what all others saw
    }

    // A transaction takes 100 rows.
    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    [InlineData(101)]
    [InlineData(250)]
    public async Task MergeSegmentsAsync_AnyNumber_WritesThemAll(int count)
    {
        await Store.MergeSegmentsAsync(Enumerable.Range(0, count).Select(number => new Segment { RecordingId = s_id, StartSeconds = number }),
            Stage.Enhance, Stop);
        Assert.Equal(Enumerable.Range(0, count).Select(number => (double)number), (await SegmentsAsync()).Select(segment => segment.StartSeconds));
    }

    // A stage that comes late must leave alone what others wrote meanwhile, though it knows values for their columns.
    [Fact]
    public async Task MergeSegmentsAsync_LateScores_LeaveEmotions()
    {
        var scored = new Segment { RecordingId = s_id, SnrScore = 0.5f, IsSpeech = true, EnhancerModel = "e@1", ModelQuality = "production" };
        Segment recognized = (scored with { SnrScore = 9, Emotion = "happy", Trust = 0.75f, IsReportable = true, EmotionModel = "m@1" })
            .WithProbability(1, 0.75f);
        await Store.MergeSegmentsAsync([scored], Stage.Enhance, Stop);
        await Store.MergeSegmentsAsync([recognized], Stage.Recognize, Stop);
        Assert.Equal(0.5f, Assert.Single(await SegmentsAsync()).SnrScore);
        await Store.MergeSegmentsAsync([(scored with { Emotion = "sad", Trust = 0.1f }).WithProbability(0, 1)], Stage.Enhance, Stop);
        Segment segment = Assert.Single(await SegmentsAsync());
        Assert.Equal(
            (0.5f, true, "happy", 0.75f, 0.75f, true, "e@1", "m@1"),
            (segment.SnrScore, segment.IsSpeech, segment.Emotion, segment.Trust, segment.ProbabilityOf(1), segment.IsReportable,
                segment.EnhancerModel, segment.EmotionModel));
        Assert.Null(segment.ProbabilityOf(0));
    }

    [Fact]
    public async Task BeginGenerationAsync_ManyAtOnce_OneBegins()
    {
        await AdvanceAsync(0, "Failed", "why");
        Recording?[] begun = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(
            () => Store.BeginGenerationAsync(new Recording { Id = s_id, Generation = 1, Reason = "" }, Stop), Stop)));
        Assert.Single(begun, won => won is not null);
        Assert.Equal(("Queued", ""), await StandingAsync());
    }

    [Fact]
    public async Task PageAsync_ManyRecordings_GivesEachOnceInOrder()
    {
        for (int number = 0; number < 7; number++)
            await Store.AdvanceAsync(
                new Recording { Id = RecordingId.Parse($"2026030{(number % 3) + 1}-{number:x16}"), Status = (RecordingStatus)(number % 2) }, Stop);
        var filter = new RecordingFilter(new DateOnly(2026, 3, 1), new DateOnly(2026, 3, 3));
        await _account.Tables.Recordings.AddEntityAsync(new TableEntity("20260301", "0 a foreign row") { ["Status"] = "Queued" }, Stop);
        string later = "20260302-ffffffffffffffff";
        await _account.Tables.Recordings.AddEntityAsync(new TableEntity("20260302", later) { ["Status"] = "OfALaterVersion" }, Stop);
        var found = new List<Recording>();
        RecordingPage page = await Store.PageAsync(filter, 2, continuation: null, Stop);
        while (true)
        {
            Assert.InRange(page.Recordings.Count, 1, 2);
            found.AddRange(page.Recordings);
            if (page.Continuation is null)
                break;
            page = await Store.PageAsync(filter, 2, page.Continuation, Stop);
        }

        Assert.Equal(await Store.ListAsync(filter, Stop).ToListAsync(Stop), found);
        Assert.Equal(7, found.Count);
        Assert.Equal(3, await Store.ListAsync(filter with { Status = RecordingStatus.Processing }, Stop).CountAsync(Stop));
        IReadOnlyDictionary<RecordingStatus, int> counts = await Store.CountByStatusAsync(filter.From, filter.To, Stop);
        Assert.Equal((4, 3, 0), (counts[RecordingStatus.Queued], counts[RecordingStatus.Processing], counts[RecordingStatus.Failed]));
    }

    [Fact]
    public async Task FindByNameAsync_UploadedTwice_IsTheLater()
    {
        DateTimeOffset noon = new(2026, 3, 9, 12, 0, 0, TimeSpan.Zero);
        RecordingId[] ids = [RecordingId.Parse("20260309-0000000000000001"), RecordingId.Parse("20260309-0000000000000002"),
            RecordingId.Parse("20260309-0000000000000003")];
        await Store.AdvanceAsync(new Recording { Id = ids[0], BlobName = "it's.wav", UploadedAt = noon }, Stop);
        await Store.AdvanceAsync(new Recording { Id = ids[1], BlobName = "it's.wav", UploadedAt = noon.AddHours(1) }, Stop);
        await Store.AdvanceAsync(new Recording { Id = ids[2], BlobName = "other.wav", UploadedAt = noon.AddHours(2) }, Stop);
        DateOnly day = new(2026, 3, 9);
        Assert.Equal(ids[1], (await Store.FindByNameAsync("it's.wav", day, day, Stop))!.Id);
        Assert.Null(await Store.FindByNameAsync("it's.wav", day.AddDays(1), day.AddDays(1), Stop));
    }

    private Task<bool> AdvanceAsync(int generation, string status, string reason) =>
        Store.AdvanceAsync(new Recording { Id = s_id, Generation = generation, Status = Enum.Parse<RecordingStatus>(status), Reason = reason }, Stop);

    private async Task<(string?, string?)> StandingAsync()
    {
        Recording row = (await Store.FindAsync(s_id, Stop))!;
        return (row.Status.ToString(), row.Reason);
    }

    private async Task<List<Segment>> SegmentsAsync() => await Store.TableSegmentsAsync(s_id, Stop).ToListAsync(Stop);
}
