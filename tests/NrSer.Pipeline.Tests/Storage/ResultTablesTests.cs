using Azure;
using Azure.Data.Tables;
using NrSer.Pipeline.Rows;
using NrSer.Pipeline.Storage;

namespace NrSer.Pipeline.Tests.Storage;

public sealed class ResultTablesTests(Emulator emulator) : IAsyncLifetime
{
    private static readonly RecordingId s_id = RecordingId.Parse("20260309-0123456789abcdef");

    private StorageAccount _account = null!;

    public static TheoryData<string, string, bool> StepsWithinAGeneration => new(
        from step in new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["Queued"] = "Queued Processing Completed Rejected Failed",
            ["Processing"] = "Processing Completed Rejected Failed",
            ["Completed"] = "Completed",
            ["Rejected"] = "Rejected",
            ["Failed"] = "Failed",
        }
        from next in Enum.GetNames<RecordingStatus>()
        select (step.Key, next, step.Value.Split(' ').Contains(next)));

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private ResultTables Tables => _account.Tables;

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
        await Tables.AdvanceAsync(s_id, 0, RecordingStatus.Processing, new RecordingRow { BlobName = "a.wav", Sha256 = "00" }, Stop);
        await Tables.AdvanceAsync(s_id, 0, RecordingStatus.Completed, new RecordingRow { Sha256 = "11", MeanSnrScore = 0.5 }, Stop);
        RecordingRow row = (await Tables.FindRecordingAsync(s_id, Stop))!;
        Assert.Equal(("a.wav", "11", 0.5), (row.BlobName, row.Sha256, row.MeanSnrScore));
    }

    [Fact]
    public async Task AdvanceAsync_ManyWritersAtOnce_NeverGoesBack()
    {
        RecordingStatus[] steps = [RecordingStatus.Processing, RecordingStatus.Completed, RecordingStatus.Queued, RecordingStatus.Processing];
        bool[] written = await Task.WhenAll(Enumerable.Range(0, 12).Select(writer => Task.Run(() => Tables.AdvanceAsync(
            s_id, writer / steps.Length, steps[writer % steps.Length], new RecordingRow { Reason = $"{writer / steps.Length} {steps[writer % steps.Length]}" }, Stop), Stop)));
        Assert.True(written[9]); // the furthest of all: the last generation's completion
        RecordingRow row = (await Tables.FindRecordingAsync(s_id, Stop))!;
        Assert.Equal((2, "Completed", "2 Completed"), (row.Generation, row.Status, row.Reason));
    }

    [Fact]
    public async Task FindRecordingAsync_NoRow_IsNull() => Assert.Null(await Tables.FindRecordingAsync(s_id, Stop));

    [Fact]
    public async Task RecordingsAsync_Days_ReturnsThoseOnly()
    {
        string[] days = ["20260308", "20260309", "20260310", "20260311"];
        foreach (string day in days)
            await Tables.AdvanceAsync(RecordingId.Parse($"{day}-0123456789abcdef"), 0, RecordingStatus.Queued, new RecordingRow(), Stop);
        var found = new List<string>();
        await foreach (RecordingRow row in Tables.RecordingsAsync(new DateOnly(2026, 3, 9), new DateOnly(2026, 3, 10), Stop))
            found.Add(row.PartitionKey);
        Assert.Equal(["20260309", "20260310"], found);
    }

    [Fact]
    public async Task MarkRetryAsync_ARow_ChangesNothingElse()
    {
        await AdvanceAsync(1, "Failed", "why");
        await Tables.MarkRetryAsync(s_id, requested: true, Stop);
        Assert.True((await Tables.FindRecordingAsync(s_id, Stop))!.RetryRequested);
        Assert.Equal(("Failed", "why"), await StandingAsync());
    }

    [Fact]
    public async Task MarkRetryAsync_NoRow_Throws() =>
        Assert.Equal(404, (await Assert.ThrowsAsync<RequestFailedException>(() => Tables.MarkRetryAsync(s_id, requested: true, Stop))).Status);

    [Fact]
    public async Task MergeChunkAsync_TwoStages_KeepEachOthersColumns()
    {
        var chunk = new ChunkId(s_id, 1, 2);
        await Tables.MergeChunkAsync(chunk, new ChunkRow { Channel = 1, Index = 2, StartSample = 10_000_000_000, Samples = 4000 }, Stop);
        await Tables.MergeChunkAsync(chunk, new ChunkRow { HasSpeech = true }, Stop);
        ChunkRow row = (await Tables.FindChunkAsync(chunk, Stop))!;
        Assert.Equal((10_000_000_000, 4000, true), (row.Extent().StartSample, row.Extent().Samples, row.HasSpeech));
    }

    [Fact]
    public async Task FinishChunkAsync_ManyAtOnce_KeepsTheFirstTime()
    {
        var chunk = new ChunkId(s_id, 0, 0);
        await Tables.MergeChunkAsync(chunk, new ChunkRow { Channel = 0 }, Stop);
        DateTimeOffset[] times = [.. Enumerable.Range(0, 8).Select(second => new DateTimeOffset(2026, 3, 9, 0, 0, second, TimeSpan.Zero))];
        DateTimeOffset[] seen = await Task.WhenAll(times.Select(time => Task.Run(async () =>
        {
            await Tables.FinishChunkAsync(chunk, new ChunkRow(), time, Stop);
            return (await Tables.FindChunkAsync(chunk, Stop))!.FinishedAt!.Value;
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
        await Tables.MergeSegmentsAsync(Enumerable.Range(0, count).Select(number => new TableEntity(s_id.Value, $"00-{number:D10}") { ["StartSeconds"] = (double)number }), Stop);
        Assert.Equal(Enumerable.Range(0, count).Select(number => (double?)number), (await SegmentsAsync()).Select(row => row.GetDouble("StartSeconds")));
    }

    [Fact]
    public async Task MergeSegmentsAsync_LateScores_LeaveEmotions()
    {
        TableEntity Scored() => new(s_id.Value, "00-0000000000") { ["SnrScore"] = 0.5, ["IsSpeech"] = true };
        await Tables.MergeSegmentsAsync([Scored()], Stop);
        await Tables.MergeSegmentsAsync([new TableEntity(s_id.Value, "00-0000000000") { ["Emotion"] = "joy", ["Probability_joy"] = 0.75 }], Stop);
        await Tables.MergeSegmentsAsync([Scored()], Stop);
        TableEntity row = Assert.Single(await SegmentsAsync());
        Assert.Equal((0.5, true, "joy", 0.75), (row.GetDouble("SnrScore"), row.GetBoolean("IsSpeech"), row.GetString("Emotion"), row.GetDouble("Probability_joy")));
    }

    private Task<bool> AdvanceAsync(int generation, string status, string reason) =>
        Tables.AdvanceAsync(s_id, generation, Enum.Parse<RecordingStatus>(status), new RecordingRow { Reason = reason }, Stop);

    private async Task<(string?, string?)> StandingAsync()
    {
        RecordingRow row = (await Tables.FindRecordingAsync(s_id, Stop))!;
        return (row.Status, row.Reason);
    }

    private async Task<List<TableEntity>> SegmentsAsync()
    {
        var rows = new List<TableEntity>();
        await foreach (TableEntity row in Tables.SegmentsAsync(s_id, Stop))
            rows.Add(row);
        return rows;
    }
}
