using System.Text.Json;
using NrSer.Cli.Tests.Processes;
using NrSer.Pipeline;
using NrSer.Pipeline.Results;
using NrSer.Testing;
using Parquet;

namespace NrSer.Cli.Tests.Local;

/// <summary>The whole pipeline through the command, on real storage.</summary>
public sealed class LocalStackTests : IClassFixture<FilledStack>
{
    private readonly FilledStack _filled;

    public LocalStackTests(FilledStack filled) => _filled = filled;

    public static TheoryData<string> Good => [.. FilledStack.Good];

    [Fact]
    public void Ingest_Archive_UploadsAll()
    {
        JsonElement report = _filled.Ingested.Json();

        Assert.Equal(FilledStack.Good.Length + 1, report.GetProperty("uploaded").GetInt32());
        Assert.Equal(0, report.GetProperty("alreadyThere").GetInt32());
        Assert.Empty(report.GetProperty("failed").EnumerateArray());
    }

    [Fact]
    public void Status_AllEnded_RejectsTheBrokenOneWithAReason()
    {
        Assert.Equal(1, _filled.Status.ExitCode);
        Dictionary<string, JsonElement> recordings = JsonDocument.Parse(_filled.Status.Output).RootElement.EnumerateArray()
            .ToDictionary(row => row.GetProperty("blobName").GetString()!, StringComparer.Ordinal);
        Assert.Equal("Rejected", recordings[FilledStack.Broken].GetProperty("status").GetString());
        Assert.NotEqual("", recordings[FilledStack.Broken].GetProperty("reason").GetString());
        Assert.All(FilledStack.Good, name =>
        {
            Assert.Equal("Completed", recordings[name].GetProperty("status").GetString());
            Assert.Equal(JsonValueKind.Null, recordings[name].GetProperty("reason").ValueKind);
            Assert.Equal(0, recordings[name].GetProperty("generation").GetInt32());
        });
        Assert.InRange(recordings["long.wav"].GetProperty("expectedChunks").GetInt32(), 4, 6);
    }

    [Fact]
    public async Task Serve_ARunningStack_ShowsItsRecordingsUntilCtrlC()
    {
        await using RunningNrser serve = await RunningNrser.StartAsync(
            "?token=", new(StringComparer.Ordinal), "serve", "--data", _filled.Stack.Data, "--port", "0");
        Uri address = serve.PageAddress!;
        using var browser = new HttpClient();
        await browser.GetStringAsync(address, TestContext.Current.CancellationToken); // the cookie

        string listed = await browser.GetStringAsync(new Uri(address, "/api/v1/recordings"), TestContext.Current.CancellationToken);

        Assert.All(FilledStack.Good, name => Assert.Contains($"\"{name}\"", listed, StringComparison.Ordinal));
        Assert.Equal(130, await serve.InterruptAsync());
        await Assert.ThrowsAsync<HttpRequestException>(() => browser.GetAsync(address, TestContext.Current.CancellationToken));
    }

    [Theory]
    [MemberData(nameof(Good))]
    public async Task Results_OfARecording_AreTheRowsOfAnalyze(string name)
    {
        JsonElement results = (await _filled.Stack.RunAsync("results", name, "--json")).Json();

        JsonElement analysis = (await Nrser.RunWithAsync(
            FilledStack.Settings.ToDictionary(StringComparer.Ordinal), "analyze", Path.Combine(_filled.Archive, name))).Json();
        Assert.Equal(
            analysis.GetProperty("recording").GetProperty("durationSeconds").GetDouble(),
            results.GetProperty("recording").GetProperty("durationSeconds").GetDouble());
        AssertSame(analysis.GetProperty("segments"), results.GetProperty("segments"));
    }

    [Fact]
    public async Task Results_AndStatus_HaveTheApprovedForms()
    {
        Outcome[] results =
            [await _filled.Stack.RunAsync("results", "noisy.wav", "--json"), await _filled.Stack.RunAsync("results", "noise-only.wav", "--json")];
        Approved.Equal(JsonShape.Of(results.Select(result => result.Json())), "results.json.txt");
        Approved.Equal(JsonShape.Of(JsonDocument.Parse(_filled.Status.Output).RootElement), "status.json.txt");
    }

    [Theory]
    [MemberData(nameof(Good))]
    public async Task Results_OfARecording_LieWhereToolsLookForThem(string name)
    {
        Recording row = (await Stack.FindAsync(_filled.Stack.Store(), name, TestContext.Current.CancellationToken))!;
        RecordingId id = row.Id;
        Azure.Storage.Blobs.BlobContainerClient container = _filled.Stack.Container("results");

        BinaryData receipt = (await container.GetBlobClient($"{id}/receipt.json").DownloadContentAsync(TestContext.Current.CancellationToken))
            .Value.Content;
        JsonElement told = JsonDocument.Parse(receipt).RootElement;
        Assert.Equal("Completed", told.GetProperty("status").GetString());
        Assert.Equal(name, told.GetProperty("blobName").GetString());
        Assert.Equal(row.Sha256, told.GetProperty("sha256").GetString());
        Assert.Equal(row.SegmentCount, told.GetProperty("segments").GetInt32());

        string parquet = $"segments/date={id.Date}/{id}.parquet";
        Assert.Equal(parquet, told.GetProperty("parquet").GetString());
        using Stream file = (await container.GetBlobClient(parquet).DownloadContentAsync(TestContext.Current.CancellationToken))
            .Value.Content.ToStream();
        Assert.Equal(Enumerable.Repeat(id.Value, row.SegmentCount!.Value), await RecordingIdsAsync(file));
        await StoredRows.AssertParquetAsync(_filled.Stack, row, await Stack.SegmentsAsync(_filled.Stack.Store(), row));
    }

    [Fact]
    public async Task Ingest_Again_UploadsNothing()
    {
        JsonElement report = (await _filled.Stack.RunAsync("ingest", _filled.Archive, "--json")).Json();

        Assert.Equal(0, report.GetProperty("uploaded").GetInt32());
        Assert.Equal(FilledStack.Good.Length + 1, report.GetProperty("alreadyThere").GetInt32());
    }

    [Fact]
    public async Task Export_EveryFormat_HoldsEverySegment()
    {
        // Only what was there before: another test adds a recording meanwhile, and may have rows in one export and not in the next.
        string[] ids =
            [.. JsonDocument.Parse(_filled.Status.Output).RootElement.EnumerateArray().Select(row => row.GetProperty("recordingId").GetString()!)];
        int expected = JsonDocument.Parse(_filled.Status.Output).RootElement.EnumerateArray()
            .Sum(row => row.GetProperty("segments") is { ValueKind: JsonValueKind.Number } count ? count.GetInt32() : 0);

        Outcome csv = await _filled.Stack.RunProcessAsync("export");
        csv.Succeeded();
        string[] lines = csv.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.StartsWith("RecordingId,BlobName,Status,RecordedAt,Channel,StartSeconds,EndSeconds,SnrScore,", lines[0], StringComparison.Ordinal);
        Assert.Equal(expected, lines.Count(line => ids.Contains(line.Split(',')[0], StringComparer.Ordinal)));

        Outcome jsonLines = await _filled.Stack.RunAsync("export", "--format", "jsonl");
        jsonLines.Succeeded();
        Approved.Equal(JsonShape.Of(jsonLines.JsonLines()), "export.jsonl.txt");
        Assert.Equal(expected,
            jsonLines.JsonLines().Count(line => ids.Contains(line.GetProperty("recordingId").GetString(), StringComparer.Ordinal)));

        string path = _filled.Stack.Files["all.parquet"];
        (await _filled.Stack.RunAsync("export", "--format", "parquet", "--output", path)).Succeeded();
        await using FileStream parquet = File.OpenRead(path);
        Assert.Equal(expected, (await RecordingIdsAsync(parquet)).Count(id => ids.Contains(id, StringComparer.Ordinal)));

        (await _filled.Stack.RunAsync("export", "--format", "parquet")).Refused(2);
    }

    [Fact]
    public async Task Worker_Joining_HelpsAndLeavesWithCtrlC()
    {
        RunningNrser worker = await _filled.Stack.StartWorkerAsync();
        string path = _filled.Stack.Files.Write("second.wav", SampleFiles.Concatenated(45, SampleFiles.Clean, SampleFiles.Noisy));

        (await _filled.Stack.RunAsync("ingest", path)).Succeeded();

        Recording row = await _filled.Stack.EndedAsync("second.wav");
        Assert.Equal(row.SegmentCount, (await Stack.SegmentsAsync(_filled.Stack.Store(), row)).Count);
        Assert.Equal(130, await worker.InterruptAsync());
        (await _filled.Stack.RunAsync("status", "second.wav")).Succeeded();
    }

    [Fact]
    public async Task Commands_ForPeople_PrintTables()
    {
        Outcome status = await _filled.Stack.RunAsync("status"), results = await _filled.Stack.RunProcessAsync("results", "noisy.wav");

        Assert.Equal(1, status.ExitCode);
        results.Succeeded();
        Assert.All(FilledStack.Good, name => Assert.Contains(name, status.Output, StringComparison.Ordinal));
        Assert.Contains("Arousal", results.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Status_Summary_CountsWhatTheListingShows()
    {
        Outcome summary = await _filled.Stack.RunAsync("status", "--summary", "--json");
        Assert.Equal(1, summary.ExitCode); // one was rejected
        JsonElement counts = JsonDocument.Parse(summary.Output).RootElement;
        Assert.Equal((1, 0), (counts.GetProperty("rejected").GetInt32(), counts.GetProperty("failed").GetInt32()));
        Assert.InRange(counts.GetProperty("completed").GetInt32(), FilledStack.Good.Length, FilledStack.Good.Length + 1); // another test adds one
        Assert.Contains("1 Rejected", (await _filled.Stack.RunAsync("status", "--summary")).Output, StringComparison.Ordinal);
        (await _filled.Stack.RunAsync("status", "clean.wav", "--summary")).Refused(2);
    }

    [Fact]
    public async Task Results_OfAnUnknownRecording_AreRefused() =>
        Assert.Contains("nobody.wav", (await _filled.Stack.RunAsync("results", "nobody.wav")).Refused(2), StringComparison.Ordinal);

    [Fact]
    public async Task Retry_OfACompletedRecording_IsRefused() =>
        Assert.Contains("Completed", (await _filled.Stack.RunAsync("retry", "clean.wav")).Refused(2), StringComparison.Ordinal);

    [Fact]
    public async Task Up_OnAFolderInUse_IsRefusedAndDisturbsNothing()
    {
        Assert.Contains("already runs", (await _filled.Stack.RunProcessAsync("up")).Refused(3), StringComparison.Ordinal);

        (await _filled.Stack.RunAsync("results", "clean.wav")).Succeeded();
    }

    /// <summary>The same but for the last bits of numbers, see <see cref="StoredRows.Tolerance"/>.</summary>
    private static void AssertSame(JsonElement expected, JsonElement actual)
    {
        Assert.Equal(expected.ValueKind, actual.ValueKind);
        switch (expected.ValueKind)
        {
            case JsonValueKind.Array:
                Assert.Equal(expected.GetArrayLength(), actual.GetArrayLength());
                foreach ((JsonElement one, JsonElement other) in expected.EnumerateArray().Zip(actual.EnumerateArray()))
                    AssertSame(one, other);
                break;
            case JsonValueKind.Object:
                Assert.Equal(
                    expected.EnumerateObject().Select(property => property.Name).Order(StringComparer.Ordinal),
                    actual.EnumerateObject().Select(property => property.Name).Order(StringComparer.Ordinal));
                foreach (JsonProperty property in expected.EnumerateObject())
                    AssertSame(property.Value, actual.GetProperty(property.Name));
                break;
            case JsonValueKind.Number:
                Assert.Equal(expected.GetDouble(), actual.GetDouble(), StoredRows.Tolerance);
                break;
            default:
                Assert.Equal(expected.ToString(), actual.ToString());
                break;
        }
    }

    private static async Task<string[]> RecordingIdsAsync(Stream parquet)
    {
        await using ParquetReader reader = await ParquetReader.CreateAsync(parquet, cancellationToken: TestContext.Current.CancellationToken);
        using ParquetRowGroupReader group = reader.OpenRowGroupReader(0);
        string?[] ids = new string?[(int)group.RowCount];
        await group.ReadAsync(reader.Schema.DataFields.Single(field => field.Name == "RecordingId"), ids.AsMemory(),
            cancellationToken: TestContext.Current.CancellationToken);
        return [.. ids.Select(id => Assert.IsType<string>(id))];
    }
}
