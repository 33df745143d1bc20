using NrSer.Cli.Tests.Processes;
using NrSer.Emulator;
using NrSer.Pipeline;
using NrSer.Pipeline.Chunks;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Storage;
using NrSer.Testing;

namespace NrSer.Cli.Tests.Local;

/// <summary>A lake of generated results, in an account of its own; nobody changes it.</summary>
public sealed class FilledLake : IAsyncLifetime
{
    internal const int Recordings = 6;

    private AzuriteProcess? _emulator; // with its own one account: those of StorageEmulator are named in the environment, which "up" would inherit

    internal StorageAccount Account { get; private set; } = null!;

    internal Scratch Files { get; } = new();

    /// <summary>A recording that was rejected, with a name that a spreadsheet would compute.</summary>
    internal static Recording Rejected { get; } = GeneratedResults.Recording(99, new DateOnly(2026, 4, 2), 0) with
    {
        BlobName = "=cmd|' /C calc'!A0",
        Status = RecordingStatus.Rejected,
        Reason = "The file is text, not a recording.",
    };

    /// <summary>A podcast, of which two of the recordings are episodes.</summary>
    internal static Feed Podcast { get; } = GeneratedResults.Feed(1);

    /// <summary>What a recording is called that a spreadsheet would compute.</summary>
    internal const string Formula = "@SUM(1+1)*cmd|' /C calc'!A0.wav";

    /// <summary>A recording that is still being processed, one of whose two chunks was damaged on the way, and the only one of its day.</summary>
    internal static Recording Damaged { get; } = GeneratedResults.Recording(98, new DateOnly(2025, 12, 31), 80) with
    {
        Status = RecordingStatus.Processing,
    };

    /// <summary>Runs a command on it, within this process.</summary>
    internal Task<Outcome> RunAsync(params string[] arguments) => Nrser.RunAsync([.. arguments, "--connection-string", Account.ConnectionString]);

    /// <summary>What a query said before there was a lake.</summary>
    internal Outcome Before { get; private set; } = null!;

    /// <summary>Runs a query on it.</summary>
    internal Task<Outcome> QueryAsync(params string[] arguments) => RunAsync(["query", .. arguments, "--cache", Files["cache"]]);

    /// <summary>Runs queries on it that come from standard input.</summary>
    internal Task<Outcome> AskAsync(string input, bool isAsked, params string[] arguments) => Nrser.RunTypedAsync(
        input, isAsked, [], ["query", "--connection-string", Account.ConnectionString, "--cache", Files["cache"], .. arguments]);

    public async ValueTask InitializeAsync()
    {
        string script = await AzuriteInstallation.EnsureAsync(_ => { }, CancellationToken.None);
        _emulator = await AzuriteProcess.StartAsync(script, Files["emulator"], CancellationToken.None);
        Account = await StorageAccount.ConnectAsync(_emulator.ConnectionString);
        Before = await QueryAsync("SELECT 1");
        for (int number = 0; number < Recordings; number++)
        {
            Recording recording = GeneratedResults.Recording(number, new DateOnly(2026, 3, 30).AddDays(number), 40);
            if (number < 2)
                recording = await GeneratedResults.StoreEpisodeAsync(Account, Podcast, recording, $"Episode {number}", CancellationToken.None);
            else if (number == 2)
                recording = recording with { BlobName = Formula };
            await GeneratedResults.StoreAsync(Account, recording, CancellationToken.None);
        }

        await Account.Store.AdvanceAsync(Rejected, CancellationToken.None);
        await GeneratedResults.StoreRowsAsync(Account, [Damaged], CancellationToken.None);
        var segments = new SegmentBlobs(Account.Blobs);
        Segment[][] chunks = [.. GeneratedResults.Segments(Damaged).Chunk(75)];
        foreach ((int index, Segment[] chunk) in chunks.Index())
            await segments.MergeAsync(new ChunkId(Damaged.Id, 0, index), chunk, Stage.Enhance, CancellationToken.None);
        await Account.Blobs.Container(StorageNames.Results).GetBlobClient($"{Damaged.Id}/segments/00-00001.parquet")
            .UploadAsync(BinaryData.FromString("damaged"), overwrite: true, CancellationToken.None);
        (await RunAsync("lake", "compact")).Succeeded();
    }

    public async ValueTask DisposeAsync()
    {
        if (_emulator is not null)
            await _emulator.DisposeAsync();
        Files.Dispose();
    }
}
