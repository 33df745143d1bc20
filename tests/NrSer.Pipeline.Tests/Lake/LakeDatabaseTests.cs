using DuckDB.NET.Data;
using Microsoft.Extensions.Time.Testing;
using NrSer.Pipeline.Lake;
using NrSer.Pipeline.Results;
using NrSer.Testing;

namespace NrSer.Pipeline.Tests.Lake;

public sealed class LakeDatabaseTests(StorageEmulator emulator) : IDisposable
{
    // it would take years
    private const string Endless = "SELECT count(*) FROM range(1000000000000) a, range(1000) b WHERE a.range * b.range % 7 = 3";

    private readonly DirectoryInfo _cache = Directory.CreateTempSubdirectory("nrser-lake-tests-");

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public static TheoryData<string> NotOneSelect =>
    [
        "CREATE TABLE t (i INT)", "COPY segments TO 'x.csv'", "DROP VIEW segments", "SET threads = 1", "INSTALL httpfs", "LOAD httpfs",
        "ATTACH 'x.db'", "PRAGMA database_list", "CALL pragma_version()", "EXPORT DATABASE 'x'", "SELECT 1; SELECT 2",
        "SELECT 1; DROP VIEW segments", "", ";", "-- nothing", "EXPLAIN SELECT 1",
    ];

    public static TheoryData<string> Outside =>
    [
        "SELECT * FROM read_text('/etc/passwd')", "SELECT * FROM read_csv('/etc/passwd')", "SELECT * FROM glob('/etc/*')",
        "SELECT * FROM read_parquet('https://example.invalid/x.parquet')", "SELECT * FROM read_text('{cache}/../outside.txt')",
        "SELECT * FROM read_blob('{root}outside.txt')", "SELECT * FROM query('COPY segments TO ''x.csv''')",
    ];

    public void Dispose() => _cache.Delete(recursive: true);

    [Theory]
    [MemberData(nameof(NotOneSelect))]
    public async Task QueryAsync_WhatIsNotOneSelect_IsRefused(string sql)
    {
        using LakeDatabase database = LakeDatabase.Open(lake: null, _cache.FullName, 64);
        await Assert.ThrowsAsync<LakeQueryException>(() => database.QueryAsync(sql, Stop));
        await Assert.ThrowsAsync<LakeQueryException>(() => database.ExplainAsync(sql, Stop));
        await Assert.ThrowsAsync<LakeQueryException>(() => database.WriteParquetAsync(sql, Path.Combine(_cache.FullName, "x.parquet"), Stop));
        Assert.Empty(Directory.EnumerateFiles(_cache.FullName));
    }

    [Theory]
    [MemberData(nameof(Outside))]
    public async Task QueryAsync_FilesOutsideTheFolder_AreOutOfReach(string sql)
    {
        string folder = Directory.CreateDirectory(Path.Combine(_cache.FullName, "cache")).FullName;
        await File.WriteAllTextAsync(Path.Combine(_cache.FullName, "outside.txt"), "secret", Stop);
        using LakeDatabase database = LakeDatabase.Open(lake: null, folder, 64);
        string asked = sql.Replace("{cache}", folder, StringComparison.Ordinal).Replace("{root}", $"{_cache.FullName}/", StringComparison.Ordinal);
        await Assert.ThrowsAsync<LakeQueryException>(async () =>
        {
            using LakeRows rows = await database.QueryAsync(asked, Stop);
            while (rows.Read())
                Assert.Fail($"{asked} answered {rows.Reader.GetValue(0)}");
            throw new LakeQueryException("nothing was found");
        });
    }

    [Fact]
    public async Task WriteParquetAsync_OutsideTheFolder_IsRefused()
    {
        string folder = Directory.CreateDirectory(Path.Combine(_cache.FullName, "cache")).FullName;
        using LakeDatabase database = LakeDatabase.Open(lake: null, folder, 64);
        await Assert.ThrowsAsync<LakeQueryException>(() => database.WriteParquetAsync("SELECT 1", Path.Combine(_cache.FullName, "x.parquet"), Stop));
        string file = Path.Combine(folder, "x.parquet");
        await database.WriteParquetAsync("SELECT * FROM range(2) -- two;\n;", file, Stop);
        Assert.Equal(["0", "1"], await Search.RowsAsync(database, $"SELECT * FROM '{file}'"));
    }

    [Fact]
    public async Task QueryAsync_Stopped_EndsInTheMiddle()
    {
        using LakeDatabase database = LakeDatabase.Open(lake: null, _cache.FullName, 64);
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        Task<string[]> endless = Task.Run(async () =>
        {
            using LakeRows rows = await database.QueryAsync(Endless, stopping.Token);
            return rows.Read() ? ["ended"] : Array.Empty<string>();
        }, Stop);
        stopping.CancelAfter(TimeSpan.FromSeconds(0.5));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => endless);
        Assert.Equal(["1"], await Search.RowsAsync(database, "SELECT 1"));
    }

    // DuckDB forgets an interruption that comes while it begins, and says of one that comes while it prepares that the query is wrong.
    [Fact]
    public async Task QueryAsync_StoppedAtItsBegin_EndsAllTheSame()
    {
        using LakeDatabase database = LakeDatabase.Open(lake: null, _cache.FullName, 64);
        for (int microseconds = 0; microseconds < 2000; microseconds += 5)
        {
            using var stopping = CancellationTokenSource.CreateLinkedTokenSource(Stop);
            Task endless = Task.Run(async () => (await database.QueryAsync(Endless, stopping.Token)).Dispose(), Stop);
            long begun = TimeProvider.System.GetTimestamp();
            while (TimeProvider.System.GetElapsedTime(begun).TotalMicroseconds < microseconds)
            {
                // no timer is so exact
            }

            await stopping.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => endless);
        }
    }

    [Fact]
    public async Task Views_WithoutALake_HaveAllColumns()
    {
        using LakeDatabase database = LakeDatabase.Open(lake: null, _cache.FullName, 64);
        foreach (LakeTable table in LakeTable.All)
        {
            using LakeRows rows = await database.QueryAsync($"SELECT * FROM {table.Name}", Stop);
            Assert.False(rows.Read());
            Assert.Equal(
                [.. table.Columns.Select(column => column.Name), .. table.IsPartitioned ? new[] { "month" } : []],
                Enumerable.Range(0, rows.Reader.FieldCount).Select(rows.Reader.GetName));
        }
    }

    // A part of before a column was added: the column is null in its rows, and the next rewriting fills it.
    [Fact]
    public async Task Views_PartOfAnEarlierVersion_LackNothing()
    {
        LakeUnderTest lake = await LakeUnderTest.CreateAsync(emulator);
        await lake.EndAsync(0, 2, day: new DateOnly(2026, 3, 1));
        await lake.Compactor.CompactAsync(Stop);
        LakePart part = (await lake.PartsAsync(LakeTable.Segments))[0];
        string old = Path.Combine(_cache.FullName, "old.parquet"), file = Path.Combine(_cache.FullName, "now.parquet");
        Assert.True(await lake.Blobs.TryDownloadAsync(part.BlobName, part.ETag, file, Stop));
        await using (var rewriting = new DuckDBConnection("DataSource=:memory:"))
        {
            await rewriting.OpenAsync(Stop);
            await using DuckDBCommand copy = rewriting.CreateCommand();
            copy.CommandText = $"COPY (SELECT * EXCLUDE (Trust, DurationSeconds) FROM '{file}') TO '{old}' (FORMAT parquet)";
            await copy.ExecuteNonQueryAsync(Stop);
        }

        await lake.Blobs.ReplaceAsync(part, old, part.Rows, Stop);
        using (LakeDatabase database = await lake.OpenAsync(Path.Combine(_cache.FullName, "cache")))
            Assert.Equal(["20|0"], await Search.RowsAsync(database, "SELECT count(*), count(Trust) FROM segments"));

        await lake.Rebuild.RunAsync(month: null, Stop);
        Assert.Empty(await lake.DifferencesAsync());
    }

    [Fact]
    public async Task PinAsync_WhileThePartIsRewritten_KeepsWhatItPinned()
    {
        LakeUnderTest lake = await LakeUnderTest.CreateAsync(emulator);
        await lake.EndAsync(0, 2, day: new DateOnly(2026, 3, 1));
        await lake.Compactor.CompactAsync(Stop);
        using LakeDatabase before = await lake.OpenAsync(_cache.FullName);
        await lake.EndAsync(2, 2, day: new DateOnly(2026, 3, 1));
        await lake.Compactor.CompactAsync(Stop);
        using LakeDatabase after = await lake.OpenAsync(_cache.FullName);

        Assert.Equal(["20"], await Search.RowsAsync(before, "SELECT count(*) FROM segments"));
        Assert.Equal(["40"], await Search.RowsAsync(after, "SELECT count(*) FROM segments"));
    }

    // A prompt may stay open for a day, while other commands fetch what is newer and clear away what they do not need.
    [Fact]
    public async Task PinAsync_HoursAfterAnotherDid_LeavesWhatThatStillReads()
    {
        LakeUnderTest lake = await LakeUnderTest.CreateAsync(emulator);
        var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        var cache = new LakeCache(lake.Blobs, _cache.FullName, time);
        await EndAndCompactAsync(0, new DateOnly(2026, 3, 1));
        using LakeDatabase open = LakeDatabase.Open(await cache.PinAsync(Stop), cache.Folder, 64);
        await EndAndCompactAsync(2, new DateOnly(2026, 3, 2));
        await EndAndCompactAsync(4, new DateOnly(2025, 12, 31)); // the dates begin earlier then
        time.Advance(TimeSpan.FromHours(5));
        (await cache.PinAsync(Stop))!.Dispose();
        Assert.Equal(["20|03/01/2026"], await Search.RowsAsync(open, "SELECT count(*), (SELECT min(Date) FROM dates) FROM segments"));

        int before = Directory.GetFiles(cache.Folder, "*.parquet", SearchOption.AllDirectories).Length;
        open.Dispose();
        time.Advance(TimeSpan.FromHours(5));
        (await cache.PinAsync(Stop))!.Dispose();
        Assert.InRange(Directory.GetFiles(cache.Folder, "*.parquet", SearchOption.AllDirectories).Length, 1, before - 3);

        async Task EndAndCompactAsync(int number, DateOnly day)
        {
            await lake.EndAsync(number, 2, day: day);
            await lake.Compactor.CompactAsync(Stop);
        }
    }

    [Fact]
    public void Columns_AreThoseOfTheResults()
    {
        Assert.Equal(
            SegmentColumns.All.Select(column => column.Name),
            LakeTable.Segments.Columns.Where(column => column.Expression is null).Select(column => column.Name));
        Assert.Equal(
            RecordingColumns.All.Where(column => column.Owners != Stage.Sweep).Select(column => column.Name),
            LakeTable.Recordings.Columns.Where(column => column.Expression is null).Select(column => column.Name));
    }
}
