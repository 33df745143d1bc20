using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using NrSer.Cli.Tests.Processes;
using NrSer.Pipeline;
using NrSer.Pipeline.Chunks;
using NrSer.Pipeline.Lake;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;
using NrSer.Pipeline.Storage;
using NrSer.Testing;

namespace NrSer.Cli.Tests.Local;

/// <summary>Whoever works on a recording is killed at each stage, and at each state of a part of the lake, and whoever forgets it just then is
/// killed, too; what is left in the end is a tombstone and a proof.</summary>
public sealed class ForgetKillTests(StorageEmulator emulator) : IClassFixture<StorageEmulator>
{
    private const string Name = "an interview.wav";
    private const int Segments = 40, Recordings = 6; // of the lake, two a part

    private static readonly Dictionary<string, string> s_smallParts =
        new(StringComparer.Ordinal) { ["NrSer__Lake__MaxPartRows"] = $"{2 * Segments}" };

    private static readonly TimeSpan s_close = TimeSpan.FromMilliseconds(5);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>How far a recording has come.</summary>
    public enum Stage
    {
        /// <summary>It lies there, and perhaps its message.</summary>
        Uploaded,

        /// <summary>Chunks are written.</summary>
        Ingesting,

        /// <summary>A chunk is enhanced.</summary>
        Enhancing,

        /// <summary>A chunk has its emotions.</summary>
        Recognizing,

        /// <summary>It has ended.</summary>
        Completed,
    }

    /// <summary>How a part stands.</summary>
    public enum Part
    {
        /// <summary>More recordings go into it.</summary>
        Open,

        /// <summary>It is full.</summary>
        Closed,

        /// <summary>It is about to be written, by somebody who is killed at it.</summary>
        Compacting,
    }

    [Theory]
    [InlineData(Stage.Enhancing)]
    public Task Forget_HostKilledAtAStageAndWhoeverForgetsToo_LeavesTombstoneAndProof(Stage stage) => StageAsync(stage);

    // Two minutes: dotnet run --project tests/NrSer.Cli.Tests -c Release -- -explicit only -class "*ForgetKillTests"
    [Theory(Explicit = true)]
    [InlineData(Stage.Uploaded)]
    [InlineData(Stage.Ingesting)]
    [InlineData(Stage.Recognizing)]
    [InlineData(Stage.Completed)]
    public Task Forget_HostKilledAtAnotherStageAndWhoeverForgetsToo_LeavesTombstoneAndProof(Stage stage) => StageAsync(stage);

    [Theory]
    [InlineData(Part.Open)]
    [InlineData(Part.Closed)]
    [InlineData(Part.Compacting)]
    public async Task Forget_KilledAtAPartOfTheLake_TakesTheRecordingOutAndNoOther(Part part)
    {
        StorageAccount account = await StorageAccount.CreateAsync(emulator);
        Recording[] all = [.. Enumerable.Range(0, Recordings).Select(number =>
            GeneratedResults.Recording(number, new DateOnly(2026, 3, 9), Segments) with { BlobName = $"take-{number}.wav" })];
        foreach (Recording each in all[..^1])
            await GeneratedResults.StoreAsync(account, each, Stop);
        (await RunAsync("lake", "compact")).Succeeded();
        await GeneratedResults.StoreAsync(account, all[^1], Stop); // which goes into the last part, with the fifth
        Assert.Equal(3, await account.Blobs.Container(StorageNames.Results).GetBlobsAsync(
            BlobTraits.None, BlobStates.None, $"{LakePart.Root}segments/", Stop).CountAsync(Stop));
        Recording meant = all[part switch { Part.Open => ^2, Part.Closed => 0, _ => ^1 }];
        if (part == Part.Compacting)
            await KilledAsync("Lake", "lake", "compact");

        await KilledAsync(part == Part.Compacting ? "Forget" : "Lake", "forget", meant.BlobName!, "--yes");
        (await RunAsync("forget", meant.Id.Value, "--yes")).Succeeded(); // by its id: the name may be gone by now
        (await RunAsync("forget", "verify")).Succeeded();
        (await RunAsync("lake", "compact")).Succeeded();

        (await RunAsync("lake", "verify")).Succeeded();
        Assert.True(await Search.AssertForgottenAsync(account, [meant.Id], meant.BlobName!));
        Assert.Equal(
            all.Where(recording => recording != meant).Select(recording => $"{recording.Id}|{Segments}").Order(StringComparer.Ordinal),
            await Search.InLakeAsync(account, "SELECT RecordingId, count(*) FROM segments GROUP BY ALL ORDER BY ALL"));

        Task<Outcome> RunAsync(params string[] arguments) =>
            Nrser.RunWithAsync(s_smallParts, [.. arguments, "--connection-string", account.ConnectionString]);

        // Has somebody begin something, and kills it as soon as it has the lease for that.
        async Task KilledAsync(string lease, params string[] arguments)
        {
            BlobClient held = account.Blobs.Container(StorageNames.Chunks).GetBlobClient($"leases/{lease}");
            await using RunningNrser dying = await RunningNrser.StartAsync(
                "", s_smallParts, [.. arguments, "--connection-string", account.ConnectionString]);
            await Waiting.UntilAsync($"the lease {lease}", s_close, async _ => dying.HasEnded || await IsHeldAsync(held) ? "" : null);
            await dying.KillAsync();
            foreach (string each in new[] { "Forget", "Lake" })
                await BreakAsync(account.Blobs.Container(StorageNames.Chunks).GetBlobClient($"leases/{each}"));
        }
    }

    private static async Task StageAsync(Stage stage)
    {
        await using Stack stack = await Stack.StartedAsync([.. KillTests.ShortLocks, ("NrSer__Forgetting__Interval", "00:00:01")]);
        byte[] content = SampleFiles.Concatenated(60, SampleFiles.Noisy, SampleFiles.Clean);
        RecordingStore store = stack.Store();
        await stack.DropAsync(Name, content);
        await Waiting.UntilAsync($"{stage}", s_close, async cancellationToken =>
            stage == Stage.Uploaded || await IsThereAsync(store, stage, cancellationToken) ? "" : null);
        await stack.Up.KillAsync();
        await using (RunningNrser dying = await RunningNrser.StartAsync("", [], "forget", Name, "--yes", "--data", stack.Data))
        {
            ForgottenStore forgotten = stack.Forgotten();
            await Waiting.UntilAsync("the request", s_close, async cancellationToken =>
                dying.HasEnded || await forgotten.HasRequestsAsync(cancellationToken) ? "" : null);
            await dying.KillAsync();
        }

        StorageAccount account = await StorageAccount.ConnectAsync(stack.StackFile()!.ConnectionString);
        await BreakAsync(stack.Container(StorageNames.Chunks).GetBlobClient("leases/Forget"));
        await stack.StartAsync();
        await Waiting.UntilAsync("it is forgotten, and nobody works on it", async cancellationToken =>
        {
            bool isOpen = await stack.Forgotten().HasRequestsAsync(cancellationToken)
                || (await Search.TombstonesAsync(account)).Length == 0;
            foreach (string queue in StorageNames.LaneQueues)
                isOpen |= await stack.CountAsync(queue) > 0;
            return isOpen ? null : "";
        });
        await stack.Up.KillAsync();
        RecordingId[] tombstones = await Search.TombstonesAsync(account);
        Assert.Single(tombstones);
        Assert.True(await Search.AssertForgottenAsync(
            account, tombstones, Name, Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(content))));
        (await stack.RunAsync("forget", "verify")).Succeeded();
    }

    private static async Task<bool> IsThereAsync(RecordingStore store, Stage stage, CancellationToken cancellationToken)
    {
        if (await Stack.FindAsync(store, Name, cancellationToken) is not { } row)
            return false;
        if (stage == Stage.Completed || !row.Status.IsOpen())
            return row.Status == RecordingStatus.Completed;
        List<Chunk> chunks = await Stack.ChunksAsync(store, row, cancellationToken);
        return chunks.Exists(chunk => stage switch
        {
            Stage.Ingesting => true,
            Stage.Enhancing => chunk.EnhancedAt is not null,
            _ => chunk is { FinishedAt: not null, HasSpeech: true },
        });
    }

    private static async Task<bool> IsHeldAsync(BlobClient lease)
    {
        try
        {
            return (await lease.GetPropertiesAsync(cancellationToken: Stop)).Value.LeaseState == LeaseState.Leased;
        }
        catch (RequestFailedException none) when (none.Status == 404)
        {
            return false;
        }
    }

    /// <summary>What a minute would do.</summary>
    private static async Task BreakAsync(BlobClient lease)
    {
        try
        {
            await lease.GetBlobLeaseClient().BreakAsync(TimeSpan.Zero, cancellationToken: Stop);
        }
        catch (RequestFailedException none) when (none.Status is 404 or 409)
        {
            // Nobody had it.
        }
    }
}
