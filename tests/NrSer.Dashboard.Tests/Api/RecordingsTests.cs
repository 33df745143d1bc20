using System.Globalization;
using System.Net.Http.Headers;
using System.Net.ServerSentEvents;
using System.Text.Json;
using NrSer.Pipeline;
using NrSer.Pipeline.Chunks;
using NrSer.Pipeline.Results;
using NrSer.Testing;

namespace NrSer.Dashboard.Tests.Api;

/// <summary>Listings, rows and pictures of rows.</summary>
public sealed class RecordingsTests(Site site)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("newest", 30)]
    [InlineData("oldest", 30)]
    public async Task Pages_OfSortedDays_GiveEveryRecordingOnceInOrder(string sort, int limit)
    {
        DateOnly today = DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().UtcDateTime);
        var times = new List<DateTimeOffset>();
        var ids = new HashSet<string>(StringComparer.Ordinal);
        string? cursor = null;
        do
        {
            JsonElement page = await site.GetAsync(
                $"recordings?sort={sort}&limit={limit / 4}&from={today.AddDays(-60):yyyy-MM-dd}{(cursor is null ? "" : $"&cursor={cursor}")}");
            foreach (JsonElement row in page.GetProperty("recordings").EnumerateArray())
            {
                Assert.True(ids.Add(row.GetProperty("recordingId").GetString()!));
                times.Add(row.GetProperty("uploadedAt").GetDateTimeOffset());
            }

            Assert.InRange(page.GetProperty("rowsRead").GetInt32(), 0, 100); // of the days that it needs, not of the archive
            cursor = page.GetProperty("cursor").GetString();
        }
        while (cursor is not null);

        Assert.Equal(34, times.Count);
        Assert.Equal(sort == "newest" ? times.OrderDescending() : times.Order(), times);
    }

    [Theory]
    [InlineData("newest")]
    [InlineData("oldest")]
    public async Task Pages_OfALongDay_AreSortedByTimeToo(string sort)
    {
        string day = FilledStore.LongDay.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        var ids = new HashSet<string>(StringComparer.Ordinal);
        var times = new List<DateTimeOffset>();
        string? cursor = null;
        do
        {
            JsonElement page = await site.GetAsync(
                $"recordings?sort={sort}&limit=500&from={day}&to={day}{(cursor is null ? "" : $"&cursor={cursor}")}");
            foreach (JsonElement row in page.GetProperty("recordings").EnumerateArray())
            {
                Assert.True(ids.Add(row.GetProperty("recordingId").GetString()!));
                times.Add(row.GetProperty("uploadedAt").GetDateTimeOffset());
            }

            Assert.Equal(Site.OrdinaryRecordings, page.GetProperty("rowsRead").GetInt32()); // of the day, once a page
            cursor = page.GetProperty("cursor").GetString();
        }
        while (cursor is not null);

        Assert.Equal(Site.OrdinaryRecordings, ids.Count);
        Assert.Equal(sort == "newest" ? times.OrderDescending() : times.Order(), times);
    }

    [Fact]
    public async Task Pages_WithMinTrust_LeaveOutWhatHasLessOrNone()
    {
        DateOnly today = DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().UtcDateTime);
        JsonElement page = await site.GetAsync($"recordings?minTrust=0.5&limit=500&from={today.AddDays(-60):yyyy-MM-dd}");
        double[] trusts = [.. page.GetProperty("recordings").EnumerateArray().Select(row => row.GetProperty("meanTrust").GetDouble())];
        Assert.Equal(16, trusts.Length); // 15 of 30, and the one with audio
        Assert.All(trusts, trust => Assert.True(trust >= 0.5));
    }

    [Theory]
    [InlineData("radio", 1)] // in any case
    [InlineData("an interview", 1)]
    [InlineData("interview", 0)] // the whole of it
    public async Task Pages_WithATag_HaveThoseThatHaveIt(string tag, int expected)
    {
        DateOnly today = DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().UtcDateTime);
        JsonElement page = await site.GetAsync($"recordings?tag={Uri.EscapeDataString(tag)}&from={today.AddDays(-1):yyyy-MM-dd}");
        Assert.Equal(expected, page.GetProperty("recordings").GetArrayLength());
        Assert.All(page.GetProperty("recordings").EnumerateArray(), row => Assert.Equal(
            site.Store.WithAudio.Id.Value, row.GetProperty("recordingId").GetString()));
    }

    // Days that no calendar has before or after.
    [Fact]
    public async Task Days_AtTheEndsOfTime_AreAnswered()
    {
        JsonElement page = await site.GetAsync("recordings?limit=1&status=Failed&from=0001-01-01&to=9999-12-31");
        string cursor = page.GetProperty("cursor").GetString()!;
        Assert.Empty((await site.GetAsync($"recordings?limit=1&status=Failed&from=0001-01-01&to=9999-12-31&cursor={cursor}"))
            .GetProperty("recordings").EnumerateArray());
        Assert.Equal("2000-01-01", (await site.GetAsync("summary?from=0001-01-01&to=2001-01-01")).GetProperty("from").GetString());
    }

    [Fact]
    public async Task Events_OfARecordingAtWork_SayWhatIsDoneAsItGoesOn()
    {
        Recording working = GeneratedResults.Recording(10_009, FilledStore.LongDay.AddDays(-5), 0) with
        {
            Status = RecordingStatus.Processing,
            BlobName = "at work.wav",
            ExpectedChunks = 2,
            CompletedAt = null,
        };
        await site.Store.Account.Store.AdvanceAsync(working, Stop);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/events");
        using HttpResponseMessage answer = await site.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Stop);
        Assert.Equal("text/event-stream", answer.Content.Headers.ContentType?.MediaType);
        await using IAsyncEnumerator<SseItem<string>> events =
            SseParser.Create(await answer.Content.ReadAsStreamAsync(Stop)).EnumerateAsync(Stop).GetAsyncEnumerator(Stop);
        Assert.Equal(0, await FinishedAsync());
        await site.Store.Account.Store.MergeChunkAsync(
            new Chunk { Id = new ChunkId(working.Id, 0, 0), StartSample = 0, Samples = 16_000, FinishedAt = working.UploadedAt }, Stop);
        Assert.Equal(1, await FinishedAsync());
        await site.Store.Account.Store.AdvanceAsync(working with { Status = RecordingStatus.Completed, CompletedAt = working.UploadedAt }, Stop);

        // Other tests' recordings come by.
        async Task<int?> FinishedAsync()
        {
            while (await events.MoveNextAsync())
            {
                Assert.Equal("working", events.Current.EventType);
                JsonElement own = JsonDocument.Parse(events.Current.Data).RootElement.GetProperty("recordings").EnumerateArray()
                    .FirstOrDefault(each => each.GetProperty("recordingId").GetString() == working.Id.Value);
                if (own.ValueKind == JsonValueKind.Object)
                    return own.GetProperty("finishedChunks").GetInt32();
            }

            return null;
        }
    }

    [Fact]
    public async Task Search_FindsWhatLiesBehindManyPages()
    {
        JsonElement page = await site.GetAsync("recordings?q=EPISODE-001234&from=2026-03-01&to=2026-03-31");
        Assert.EndsWith("episode-001234.mp3", page.GetProperty("recordings")[0].GetProperty("blobName").GetString(), StringComparison.Ordinal);
        Assert.Equal(1, page.GetProperty("recordings").GetArrayLength());
        JsonElement failed = await site.GetAsync("recordings?status=Failed");
        Assert.Equal(site.Store.Failed.Id.Value, failed.GetProperty("recordings")[0].GetProperty("recordingId").GetString());
    }

    [Fact]
    public async Task Summary_OfDays_AddsUpWhatTheyHold()
    {
        JsonElement summary = await site.GetAsync("summary?from=2026-03-09&to=2026-03-09");
        Assert.Equal(Site.OrdinaryRecordings, summary.GetProperty("counts").GetProperty("Completed").GetInt32());
        JsonElement day = Assert.Single(summary.GetProperty("days").EnumerateArray());
        Assert.Equal(Site.OrdinaryRecordings * 80.0, day.GetProperty("seconds").GetDouble());
        Assert.True(summary.GetProperty("isWhole").GetBoolean());
    }

    [Fact]
    public async Task Emotions_BeforeThereIsALake_AreNone()
    {
        JsonElement emotions = await site.GetAsync("query/emotions");
        Assert.Equal(JsonValueKind.Null, emotions.GetProperty("asOf").ValueKind);
        Assert.Empty(emotions.GetProperty("rows").EnumerateArray());
    }

    [Fact]
    public async Task Segments_InEveryForm_AreTheSame()
    {
        string path = $"recordings/{site.Store.WithAudio.Id}/segments";
        var all = new List<JsonElement>();
        string? cursor = null;
        do
        {
            JsonElement page = await site.GetAsync($"{path}?limit=20{(cursor is null ? "" : $"&cursor={cursor}")}");
            all.AddRange(page.GetProperty("segments").EnumerateArray());
            cursor = page.GetProperty("cursor").GetString();
        }
        while (cursor is not null);

        Assert.Equal(45, all.Count);
        string[] lines = (await site.Client.GetStringAsync(new Uri($"api/v1/{path}?format=ndjson", UriKind.Relative), Stop))
            .Split('\n', StringSplitOptions.RemoveEmptyEntries);
        string[] csv = (await site.Client.GetStringAsync(new Uri($"api/v1/recordings/{site.Store.WithAudio.Id}/export/csv", UriKind.Relative), Stop))
            .Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(all.Count, lines.Length);
        Assert.Equal(all.Count + 1, csv.Length);
        Assert.Equal(
            all.Select(segment => segment.GetProperty("snrScore").GetSingle()),
            lines.Select(line => JsonDocument.Parse(line).RootElement.GetProperty("snrScore").GetSingle()));
        JsonElement some = await site.GetAsync($"{path}?from=10&to=20&minTrust=0.5");
        Assert.All(some.GetProperty("segments").EnumerateArray(), segment =>
        {
            Assert.True(segment.GetProperty("endSeconds").GetDouble() > 10 && segment.GetProperty("startSeconds").GetDouble() < 20);
            Assert.True(segment.GetProperty("trust").GetDouble() >= 0.5);
        });
    }

    [Fact]
    public async Task Timeline_NarrowerThanItsSegments_HasTheirMeans()
    {
        string path = $"recordings/{site.Store.WithAudio.Id}/timeline";
        JsonElement exact = await site.GetAsync($"{path}?px=1000");
        JsonElement means = await site.GetAsync($"{path}?px=9");
        Assert.False(exact.GetProperty("isAggregated").GetBoolean());
        Assert.Equal(45, exact.GetProperty("cells").GetArrayLength());
        Assert.True(means.GetProperty("isAggregated").GetBoolean());
        JsonElement[] nine = [.. means.GetProperty("cells").EnumerateArray()];
        Assert.Equal(9, nine.Length); // 20 s each: five segments of 4 s
        double[] scores = [.. exact.GetProperty("cells").EnumerateArray().Select(cell => cell.GetProperty("score").GetDouble())];
        Assert.Equal(nine.Select(cell => cell.GetProperty("score").GetDouble()), scores.Chunk(5).Select(five => Math.Round(five.Average(), 3)),
            new Near());
        JsonElement part = await site.GetAsync($"{path}?from=8&to=16");
        Assert.Equal(2, part.GetProperty("cells").GetArrayLength());
    }

    [Theory]
    [InlineData("")]
    [InlineData("/segments")]
    [InlineData("/timeline")]
    [InlineData("/peaks")]
    public async Task Answer_ThatIsKnown_IsNotSentAgain_UntilItIsAnother(string part)
    {
        Recording recording = GeneratedResults.Recording(10_030 + part.Length, FilledStore.LongDay.AddDays(-9), 3);
        await GeneratedResults.StoreAsync(site.Store.Account, recording, Stop);
        var chunk = new ChunkId(recording.Id, 0, 0);
        var blobs = new ChunkBlobs(site.Store.Account.Blobs);
        await blobs.WriteChunkAsync(chunk, new float[12 * 16_000], Stop);
        await site.Store.Account.Store.MergeChunkAsync(new Chunk { Id = chunk, StartSample = 0, Samples = 12 * 16_000 }, Stop);
        (int status, EntityTagHeaderValue? tag) = await AskAsync(known: null);
        Assert.Equal(200, status);
        Assert.Equal((304, tag), await AskAsync(tag));

        await site.Store.Account.Store.AdvanceAsync(recording with { Generation = 1, IngestedGeneration = 1 }, Stop);
        await blobs.WriteChunkAsync(chunk, Enumerable.Repeat(0.5f, 12 * 16_000).ToArray(), Stop);
        (status, EntityTagHeaderValue? other) = await AskAsync(tag);
        Assert.Equal(200, status);
        Assert.NotEqual(tag, other);

        async Task<(int Status, EntityTagHeaderValue? Tag)> AskAsync(EntityTagHeaderValue? known)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"api/v1/recordings/{recording.Id}{part}");
            if (known is not null)
                request.Headers.IfNoneMatch.Add(known);
            using HttpResponseMessage answer = await site.Client.SendAsync(request, Stop);
            return ((int)answer.StatusCode, answer.Headers.ETag);
        }
    }

    private sealed class Near : IEqualityComparer<double>
    {
        public bool Equals(double x, double y) => Math.Abs(x - y) < 0.0015; // cells are rounded to three digits, twice here

        public int GetHashCode(double obj) => 0;
    }
}
