using NrSer.Cli.Tests.Processes;
using NrSer.Pipeline;
using NrSer.Pipeline.Results;
using NrSer.Testing;

namespace NrSer.Cli.Tests.Local;

/// <summary>A lake of generated results, in an account of its own; nobody changes it.</summary>
public sealed class FilledLake : IAsyncLifetime
{
    internal const int Recordings = 6;

    private readonly StorageEmulator _emulator = new();

    internal StorageAccount Account { get; private set; } = null!;

    internal Scratch Files { get; } = new();

    /// <summary>A recording that was rejected, with a name that a spreadsheet would compute.</summary>
    internal static Recording Rejected { get; } = GeneratedResults.Recording(99, new DateOnly(2026, 4, 2), 0) with
    {
        BlobName = "=cmd|' /C calc'!A0", Status = RecordingStatus.Rejected, Reason = "The file is text, not a recording.",
    };

    /// <summary>Runs a command on it, within this process.</summary>
    internal Task<Outcome> RunAsync(params string[] arguments) => Nrser.RunAsync([.. arguments, "--connection-string", Account.ConnectionString]);

    /// <summary>Another account, with nothing in it.</summary>
    internal Task<StorageAccount> EmptyAsync() => StorageAccount.CreateAsync(_emulator);

    /// <summary>Runs a query on it.</summary>
    internal Task<Outcome> QueryAsync(params string[] arguments) => RunAsync(["query", .. arguments, "--cache", Files["cache"]]);

    public async ValueTask InitializeAsync()
    {
        await _emulator.InitializeAsync();
        Account = await StorageAccount.CreateAsync(_emulator);
        for (int number = 0; number < Recordings; number++)
        {
            Recording recording = GeneratedResults.Recording(number, new DateOnly(2026, 3, 30).AddDays(number), 40);
            await GeneratedResults.StoreAsync(Account, recording, CancellationToken.None);
        }

        await Account.Store.AdvanceAsync(Rejected, CancellationToken.None);
        (await RunAsync("lake", "compact")).Succeeded();
    }

    public async ValueTask DisposeAsync()
    {
        await _emulator.DisposeAsync();
        Files.Dispose();
    }
}
