using System.Diagnostics;
using System.Globalization;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Specialized;
using NrSer.Cli.Tests.Processes;
using NrSer.Emulator;
using NrSer.Pipeline.Lake;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Storage;
using NrSer.Testing;

namespace NrSer.Cli.Tests.Local;

/// <summary>The compactor is killed again and again, while somebody reads. By hand, with more kills: NRSER_LAKE_KILLS=50.</summary>
public sealed class LakeKillTests : IAsyncLifetime
{
    private const int Segments = 40;
    private const int RecordingsARound = 6;

    private static readonly int s_kills = int.Parse(Environment.GetEnvironmentVariable("NRSER_LAKE_KILLS") ?? "2", CultureInfo.InvariantCulture);

    private readonly Scratch _files = new();
    private AzuriteProcess? _emulator;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        string script = await AzuriteInstallation.EnsureAsync(_ => { }, Stop);
        _emulator = await AzuriteProcess.StartAsync(script, _files["emulator"], Stop);
    }

    public async ValueTask DisposeAsync()
    {
        if (_emulator is not null)
            await _emulator.DisposeAsync();
        _files.Dispose();
    }

    // A minute with one kill: tests/README.md has the command.
    [Fact(Explicit = true)]
    public async Task Compact_KilledAnywhere_IsNeverSeenByReadersAndGoesOn()
    {
        StorageAccount account = await StorageAccount.ConnectAsync(_emulator!.ConnectionString);
        using var reading = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        int next = await EndAsync(account, 0);
        TimeSpan whole = await CompactAsync(account, killAfter: null); // what is to be killed somewhere within
        Task<int> reader = Task.Run(() => ReadAsync(account, reading.Token), Stop);

        var random = new Random(1);
        int killed = 0;
        while (killed < s_kills)
        {
            Assert.False(reader.IsFaulted, reader.Exception?.ToString());
            next = await EndAsync(account, next);
            await account.Store.AdvanceAsync(Recording(random.Next(next)), Stop); // as a retry that found the same
            if (await CompactAsync(account, killAfter: whole * random.NextDouble()) > TimeSpan.Zero)
                continue;
            killed++;
            await BreakLeaseAsync(account);
            (await RunAsync(account, "lake", "verify")).Succeeded();
        }

        await CompactAsync(account, killAfter: null);
        (await RunAsync(account, "lake", "verify")).Succeeded();
        await reading.CancelAsync();
        TestContext.Current.SendDiagnosticMessage($"{killed} kills, {await reader} readings");
        Assert.Equal(next, await LookAsync(account, []));
    }

    private static Recording Recording(int number) => GeneratedResults.Recording(number, new DateOnly(2026, 3, 30).AddDays(number % 4), Segments);

    private static async Task<int> EndAsync(StorageAccount account, int from)
    {
        for (int number = from; number < from + RecordingsARound; number++)
            await GeneratedResults.StoreAsync(account, Recording(number), Stop);
        return from + RecordingsARound;
    }

    /// <summary>Reads until it is stopped.</summary>
    /// <returns>How often.</returns>
    private async Task<int> ReadAsync(StorageAccount account, CancellationToken cancellationToken)
    {
        int readings = 0;
        var seen = new HashSet<string>(StringComparer.Ordinal);
        while (!cancellationToken.IsCancellationRequested)
        {
            await LookAsync(account, seen);
            readings++;
        }

        return readings;
    }

    /// <summary>Reads the lake as it stands: no row twice, no recording with too few, none that was there before and is not.</summary>
    /// <returns>How many recordings have segments.</returns>
    private async Task<int> LookAsync(StorageAccount account, HashSet<string> seen)
    {
        var cache = new LakeCache(new LakeBlobs(account.Blobs), _files["cache"], TimeProvider.System);
        using LakeDatabase database = LakeDatabase.Open(await cache.PinAsync(Stop), cache.Folder, memoryMegabytes: 128);
        using LakeRows rows = await database.QueryAsync(
            "SELECT s.RecordingId, count(*), count(DISTINCT s.StartSeconds), count(r.RecordingId) "
            + "FROM segments s LEFT JOIN recordings r USING (RecordingId) GROUP BY ALL", Stop);
        var now = new HashSet<string>(StringComparer.Ordinal);
        while (rows.Read())
        {
            string id = rows.Reader.GetString(0);
            Assert.Equal(
                (id, Segments, Segments, Segments),
                (id, (int)rows.Reader.GetInt64(1), (int)rows.Reader.GetInt64(2), (int)rows.Reader.GetInt64(3)));
            now.Add(id);
        }

        Assert.Subset(now, seen);
        seen.UnionWith(now);
        return now.Count;
    }

    /// <summary>Compacts in a process of its own.</summary>
    /// <returns>How long it took; zero when it was killed.</returns>
    private static async Task<TimeSpan> CompactAsync(StorageAccount account, TimeSpan? killAfter)
    {
        long begun = Stopwatch.GetTimestamp();
        using Process process = Process.Start(
            Nrser.StartInfo([], ownSession: false, "lake", "compact", "--connection-string", account.ConnectionString))!;
        process.StandardInput.Close();
        Task<string> output = process.StandardOutput.ReadToEndAsync(Stop), errors = process.StandardError.ReadToEndAsync(Stop);
        if (killAfter is { } wait)
        {
            await Task.WhenAny(process.WaitForExitAsync(Stop), Task.Delay(wait, TimeProvider.System, Stop));
            if (!process.HasExited)
                process.Kill();
        }

        await process.WaitForExitAsync(Stop);
        string said = $"{await output}{await errors}";
        const int Killed = 128 + 9; // SIGKILL, as the runtime reports it
        if (process.ExitCode == Killed)
            return TimeSpan.Zero;
        Assert.True(process.ExitCode == 0, said);
        return Stopwatch.GetElapsedTime(begun);
    }

    /// <summary>What a minute would do.</summary>
    private static async Task BreakLeaseAsync(StorageAccount account)
    {
        BlobClient lease = account.Blobs.Container(StorageNames.Chunks).GetBlobClient("leases/Lake");
        try
        {
            await lease.GetBlobLeaseClient().BreakAsync(TimeSpan.Zero, cancellationToken: Stop);
        }
        catch (RequestFailedException none) when (none.Status is 404 or 409)
        {
            // Killed before it had one.
        }
    }

    private static Task<Outcome> RunAsync(StorageAccount account, params string[] arguments) =>
        Nrser.RunAsync([.. arguments, "--connection-string", account.ConnectionString]);
}
