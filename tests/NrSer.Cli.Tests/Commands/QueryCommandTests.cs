using System.Text.Json;
using DuckDB.NET.Data;
using NrSer.Cli.Bi;
using NrSer.Cli.Tests.Local;
using NrSer.Cli.Tests.Processes;
using NrSer.Pipeline.Lake;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;

namespace NrSer.Cli.Tests.Commands;

public sealed class QueryCommandTests : IClassFixture<FilledLake>
{
    private const string Counts = "SELECT Status, count(*) AS n FROM recordings GROUP BY ALL ORDER BY n";

    private readonly FilledLake _lake;

    public QueryCommandTests(FilledLake lake) => _lake = lake;

    public static TheoryData<int> Examples => [.. Enumerable.Range(0, LakeExamples.All.Count)];

    [Theory]
    [MemberData(nameof(Examples))]
    public async Task Query_EveryExample_AnswersAndIsDocumented(int number)
    {
        (string question, string sql) = LakeExamples.All[number];
        JsonElement rows = (await _lake.QueryAsync(sql, "--format", "json")).Json();
        Assert.NotEmpty(rows.EnumerateArray());
        string page = (await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "Stated", "bi.md"), TestContext.Current.CancellationToken))
            .ReplaceLineEndings("\n");
        Assert.Contains($"{question}:\n\n```sql\n{sql}\n```", page, StringComparison.Ordinal);
        Assert.Contains(sql, (await Nrser.RunAsync("query", ".examples")).Output.ReplaceLineEndings("\n"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Query_ExampleOfExcitement_NeverMixesScales()
    {
        string sql = LakeExamples.All.Single(example => example.Sql.Contains("Arousal", StringComparison.Ordinal)).Sql;
        const string Rows = "VALUES (0.0, 4.0, '1–5', true), (1.0, 0.9, '0–1', true), (2.0, 3.0, '1–5', true), (3.0, NULL, NULL, true)";
        JsonElement rows = (await _lake.QueryAsync(
            $"WITH segments AS (SELECT * FROM ({Rows}) AS t(StartSeconds, Arousal, RatingScale, IsReportable)) {sql}", "--format", "json")).Json();
        Assert.Equal(
            [("0–1", 0.9), ("1–5", 3.5)],
            rows.EnumerateArray().Select(row => (row.GetProperty("RatingScale").GetString(), row.GetProperty("MeanArousal").GetDouble())));
    }

    [Fact]
    public async Task Query_EveryFormat_SaysTheSame()
    {
        Outcome table = await _lake.QueryAsync(Counts);
        table.Succeeded();
        Assert.Contains("│ Rejected  │ 1 │", table.Output, StringComparison.Ordinal);
        Assert.Contains("7 recordings, 240 segments", table.Errors, StringComparison.Ordinal);

        Assert.Equal("Status,n\r\nRejected,1\r\nCompleted,6\r\n", (await _lake.QueryAsync(Counts, "--format", "csv")).Output);
        Assert.Equal(
            """[{"Status":"Rejected","n":1},{"Status":"Completed","n":6}]""", (await _lake.QueryAsync(Counts, "--format", "json")).Output.Trim());
        string file = _lake.Files["counts.parquet"];
        (await _lake.QueryAsync(Counts, "--format", "parquet", "--output", file)).Succeeded();
        Assert.Equal("Rejected", await ScalarAsync($"SELECT Status FROM '{file}' WHERE n = 1"));
        Assert.Contains("--output", (await _lake.QueryAsync(Counts, "--format", "parquet")).Refused(2), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Query_ValuesOfEveryKind_AreJson()
    {
        JsonElement row = (await _lake.QueryAsync(
            "SELECT [1, 2] AS l, {'a': 'x'} AS s, 12345678901234567890::HUGEINT AS h, 1.50::DECIMAL(5,2) AS d, 'nan'::DOUBLE AS nan, "
            + "DATE '2026-03-01' AS day, TIMESTAMPTZ '2026-03-01 12:00:00+02' AS t, true AS b, NULL AS nothing", "--format", "json")).Json()[0];
        Assert.Equal(
            """{"l":[1,2],"s":{"a":"x"},"h":12345678901234567890,"d":1.50,"nan":null,"""
            + """
            "day":"2026-03-01","t":"2026-03-01T10:00:00Z","b":true,"nothing":null}
            """,
            row.GetRawText());
    }

    [Theory]
    [InlineData("SELECT * FROM segment", "segment")]
    [InlineData("SELEC 1", "cannot be read")]
    [InlineData("DROP VIEW segments", "Only a SELECT")]
    [InlineData("SELECT 1; SELECT 2", "One SELECT at a time")]
    [InlineData(".tables", ".schema")]
    [InlineData(" ", ".examples")]
    [InlineData("SELECT * FROM read_text('/etc/passwd')", "Permission")]
    [InlineData("SELECT [1, NULL] AS l", "to_json(l)")]
    public async Task Query_Wrong_SaysWhatIsWrong(string sql, string said) =>
        Assert.Contains(said, (await _lake.QueryAsync(sql)).Refused(2), StringComparison.Ordinal);

    [Fact]
    public async Task Query_FailingInTheMiddle_LeavesNoFile()
    {
        string file = _lake.Files["broken.csv"];
        Assert.Contains("zzz", (await _lake.QueryAsync(
            "SELECT CASE WHEN range < 100000 THEN '1' ELSE 'zzz' END::INT FROM range(100001)", "--format", "csv", "-o", file)).Refused(2),
            StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFiles(_lake.Files.Path, "broken*"));
    }

    [Fact]
    public async Task Query_FromStandardInput_AnswersOneAfterTheOther()
    {
        const string Script = "SELECT 1 AS first;\n\nSELECT\n  ';' AS second\n;\nSELECT 3 AS third";
        Outcome answered = await _lake.AskAsync(Script, isAsked: false, "--format", "csv", "--timer");
        answered.Succeeded();
        Assert.Equal("first\r\n1\r\nsecond\r\n;\r\nthird\r\n3\r\n", answered.Output);
        Assert.Equal(3, answered.Errors.Split('\n').Count(line => line.EndsWith(" s", StringComparison.Ordinal)));

        Outcome wrong = await _lake.AskAsync("SELECT 1;\nSELEC 2;\nSELECT 3;", isAsked: false, "--format", "csv");
        Assert.Equal(2, wrong.ExitCode);
        Assert.Contains("cannot be read", wrong.Errors, StringComparison.Ordinal);
        Assert.Equal("1\r\n1\r\n", wrong.Output); // and not the third
        Assert.Contains("command line", (await _lake.AskAsync("SELECT 1", isAsked: false, "-o", "x.csv")).Refused(2), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Query_AtAPrompt_GoesOnAfterAWrongOne()
    {
        Outcome answered = await _lake.AskAsync(
            "SELEC 1;\n.tables\n.schema\nSELECT count(*) AS n\nFROM segments;\n.quit\nSELECT 'unheard';", isAsked: true, "--format", "csv");
        answered.Succeeded();
        Assert.EndsWith("n\r\n240\r\n", answered.Output, StringComparison.Ordinal);
        Assert.Contains("cannot be read", answered.Errors, StringComparison.Ordinal);
        Assert.Contains(".quit", answered.Errors, StringComparison.Ordinal);
        Assert.Contains("nrser> ", answered.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Query_Schema_NamesEveryColumn()
    {
        Outcome schema = await Nrser.RunAsync("query", ".schema");
        schema.Succeeded();
        Assert.All(
            LakeTable.All.SelectMany(table => table.Columns),
            column => Assert.Contains($"  {column.Name} ", schema.Output, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Query_Explain_ShowsThePlan()
    {
        Outcome plan = await _lake.QueryAsync("SELECT max(Trust) FROM segments;", "--explain");
        plan.Succeeded();
        Assert.Contains("READ_PARQUET", plan.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Query_WithoutALake_SaysHowToGetOne() =>
        Assert.Contains("nrser lake compact", _lake.Before.Refused(2), StringComparison.Ordinal);

    [Fact]
    public async Task Copy_AndTheScriptForDuckDb_AnswerTheSame()
    {
        string lake = _lake.Files["copy"], script = _lake.Files["duckdb"];
        (await _lake.RunAsync("lake", "copy", "--out", lake)).Succeeded();
        (await Nrser.RunAsync("bi", "write", "duckdb", "--out", script, "--lake", lake)).Succeeded();

        string views = await File.ReadAllTextAsync(Path.Combine(script, "nrser.sql"), TestContext.Current.CancellationToken);
        Assert.Equal(240L, await ScalarAsync(
            $"{views};SELECT count(*) FROM segments JOIN recordings USING (RecordingId) WHERE segments.month LIKE '2026-%'"));
        Assert.True(File.Exists(Path.Combine(lake, "segments", "month=2026-03", "part-0001.parquet")));
    }

    [Fact]
    public async Task Verify_OfWhole_AgreesAndOfChanged_Names()
    {
        Outcome verified = await _lake.RunAsync("lake", "verify");
        verified.Succeeded();
        Assert.Equal("", verified.Output);
        Assert.Contains("--month", (await _lake.RunAsync("lake", "verify", "--month", "March")).Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Export_Filters_AndForms()
    {
        string[] all = Lines(await _lake.RunAsync("export", "--from", "2026-01-01"));
        Assert.Equal(241, all.Length);
        string[] trusted = Lines(await _lake.RunAsync("export", "--from", "2026-01-01", "--min-trust", "0.5"));
        JsonElement expected = (await _lake.QueryAsync("SELECT count(*) AS n FROM segments WHERE Trust >= 0.5", "--format", "json")).Json();
        Assert.Equal(expected[0].GetProperty("n").GetInt32() + 1, trusted.Length);
        Assert.Single(Lines(await _lake.RunAsync("export", "--from", "2026-01-01", "--status", "rejected"))); // the header: it has no segments
        (await _lake.RunAsync("export", "--min-trust", "2")).Failed(2);
        (await _lake.RunAsync("export", "--format", "jsonl", "--bom")).Failed(2);

        string file = _lake.Files["bom.csv"];
        (await _lake.RunAsync("export", "--from", "2026-01-01", "--bom", "--output", file)).Succeeded();
        Assert.Equal(new byte[] { 0xEF, 0xBB, 0xBF, (byte)'R' }, (await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken))[..4]);
    }

    [Theory]
    [InlineData("1")]
    [InlineData("show-1")]
    [InlineData("0000000000000001")]
    public async Task Export_Feed_HasItsRecordingsAlone(string feed)
    {
        Outcome exported = await _lake.RunAsync("export", "--from", "2026-01-01", "--format", "jsonl", "--feed", feed);
        exported.Succeeded();
        string[] names = [.. exported.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonDocument.Parse(line).RootElement.GetProperty("blobName").GetString()!)];
        Assert.Equal(80, names.Length);
        Assert.All(names, name => Assert.StartsWith("podcasts/show-1/", name, StringComparison.Ordinal));
        Assert.Contains(
            "nrser podcast list", (await _lake.RunAsync("export", "--feed", "another show")).Refused(2), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ProjectTables_Feed_FillsTheTableWithItsSegmentsAlone()
    {
        Outcome filled = await _lake.RunAsync("project-tables", "--from", "2026-01-01", "--feed", "show-1");
        filled.Succeeded();
        Assert.Contains("80 segments of 2 recordings", filled.Errors, StringComparison.Ordinal);
        CancellationToken stop = TestContext.Current.CancellationToken;
        await foreach (Recording recording in _lake.Account.Store.ListAsync(new RecordingFilter(DateOnly.MinValue, DateOnly.MaxValue), stop))
        {
            List<Segment> rows = await _lake.Account.Store.TableSegmentsAsync(recording.Id, stop).ToListAsync(stop);
            Assert.Equal(recording.BlobName!.StartsWith(FilledLake.Podcast.NamePrefix, StringComparison.Ordinal) ? 40 : 0, rows.Count);
        }
    }

    [Fact]
    public async Task Export_DefuseFormulas_QuotesWhatASpreadsheetWouldCompute()
    {
        string[] raw = Lines(await _lake.RunAsync("export", "--from", "2026-01-01"));
        string[] defused = Lines(await _lake.RunAsync("export", "--from", "2026-01-01", "--defuse-formulas"));
        Assert.Equal(40, raw.Count(line => line.Contains($",{FilledLake.Formula},", StringComparison.Ordinal)));
        Assert.Equal(40, defused.Count(line => line.Contains($",'{FilledLake.Formula},", StringComparison.Ordinal)));
        Assert.Equal(raw, defused.Select(line => line.Replace(",'@", ",@", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("csv")]
    [InlineData("jsonl")]
    [InlineData("parquet")]
    public async Task Export_BrokenOffInTheMiddle_LeavesNoFileAndSpoilsNone(string format)
    {
        string file = _lake.Files[$"damaged.{format}"];
        await File.WriteAllTextAsync(file, "an earlier one", TestContext.Current.CancellationToken);
        Outcome exported = await _lake.RunAsync("export", "--from", "2025-12-31", "--to", "2025-12-31", "--format", format, "--output", file);
        Assert.Contains("00-00001.parquet", exported.Refused(2), StringComparison.Ordinal);
        Assert.Equal("an earlier one", await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken));
        Assert.Equal([file], Directory.EnumerateFiles(_lake.Files.Path, $"damaged.{format}*"));
    }

    private static string[] Lines(Outcome outcome)
    {
        outcome.Succeeded();
        return outcome.Output.Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
    }

    private static async Task<object?> ScalarAsync(string sql)
    {
        await using var database = new DuckDBConnection("DataSource=:memory:");
        await database.OpenAsync(TestContext.Current.CancellationToken);
        object? last = null;
        IEnumerable<string> lines = sql.Split('\n').Where(line => !line.StartsWith("--", StringComparison.Ordinal));
        foreach (string statement in string.Join('\n', lines).Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            await using DuckDBCommand command = database.CreateCommand();
            command.CommandText = statement;
            last = await command.ExecuteScalarAsync(TestContext.Current.CancellationToken);
        }

        return last;
    }
}
