using System.CommandLine;
using Microsoft.Extensions.DependencyInjection;
using NrSer.Cli.Output;
using NrSer.Cli.Storage;
using NrSer.Pipeline.Lake;

namespace NrSer.Cli.Commands;

/// <summary><c>nrser lake</c>: the Parquet files that BI tools read.</summary>
internal static class LakeCommand
{
    private const int MaxShown = 100;

    public static Command Create(Terminal terminal) => new(
        "lake",
        "The Parquet files that BI tools read: results/lake/v1 in storage. 'nrser up' and the deployment in Azure keep them up to date.")
    {
        Child(
            terminal, "compact", "Takes in what has ended since the last time, now. Recordings of before version 0.2: see rebuild.", hasMonth: false,
            async (services, _, cancellationToken) =>
                Told(terminal, await services.GetRequiredService<LakeCompactor>().CompactAsync(cancellationToken), "taken in")),
        Child(terminal, "verify", "Compares the lake with rows and journal, row by row. Exit code 1 if they differ.", hasMonth: true,
            (services, month, cancellationToken) => VerifyAsync(terminal, services, month, cancellationToken)),
        Child(terminal, "rebuild", "Writes every part anew from the journal, and takes in what was never taken in.", hasMonth: true,
            async (services, month, cancellationToken) =>
                Told(terminal, await services.GetRequiredService<LakeRebuild>().RunAsync(month, cancellationToken), "written")),
        CopyChild(terminal),
    };

    private static Command CopyChild(Terminal terminal)
    {
        var output = new Option<DirectoryInfo>("--out", "-o") { Description = "Folder to write into; made if there is none.", Required = true };
        var storage = new StorageLocation();
        var command =
            new Command("copy", "Copies the lake as it stands into a folder, for Excel, Power BI Desktop and others that read files.") { output };
        storage.AddTo(command);
        command.Run(terminal, async (parsed, cancellationToken) =>
        {
            await using ServiceProvider services = CliServices.Pipeline(terminal, storage.Settings(parsed, terminal));
            var lake = new LakeCache(
                services.GetRequiredService<LakeBlobs>(), storage.LakeFolder(parsed, terminal) ?? LakeCache.DefaultFolder,
                services.GetRequiredService<TimeProvider>());
            using LakeSnapshot snapshot = await lake.PinAsync(cancellationToken) ?? throw new UsageException(QueryCommand.NoLake);
            DirectoryInfo folder = parsed.GetRequiredValue(output);
            snapshot.CopyTo(folder.FullName);
            terminal.Note($"{snapshot.Parts.Count} parts are in {folder}.");
            return ExitCode.Success;
        });
        return command;
    }

    private static Command Child(
        Terminal terminal, string name, string description, bool hasMonth, Func<IServiceProvider, string?, CancellationToken, Task<int>> body)
    {
        var month = new Option<string?>("--month") { Description = "One month of upload, yyyy-MM (UTC); all by default." };
        month.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var text }] && !LakeMonths.IsValid(text))
                result.AddError($"--month takes a month such as 2026-03, not '{text}'.");
        });
        var storage = new StorageLocation();
        var command = new Command(name, description);
        if (hasMonth)
            command.Add(month);
        storage.AddTo(command);
        command.Run(terminal, async (parsed, cancellationToken) =>
        {
            await using ServiceProvider services = CliServices.Pipeline(terminal, storage.Settings(parsed, terminal));
            return await body(services, hasMonth ? parsed.GetValue(month) : null, cancellationToken);
        });
        return command;
    }

    private static int Told(Terminal terminal, int? recordings, string what)
    {
        if (recordings is null)
            throw new UsageException("Another host is compacting the lake, or was killed at it less than a minute ago. Try again then.");
        terminal.Note($"{recordings} recordings {what}.");
        return ExitCode.Success;
    }

    private static async Task<int> VerifyAsync(Terminal terminal, IServiceProvider services, string? month, CancellationToken cancellationToken)
    {
        long count = 0;
        await foreach (LakeDifference difference in services.GetRequiredService<LakeVerifier>().RunAsync(month, cancellationToken))
        {
            if (count++ < MaxShown)
                terminal.Out.WriteLine($"{difference.RecordingId} {difference.What}".TrimStart()); // what stands beside the parts has no recording
        }

        if (count == 0)
        {
            terminal.Note("Lake and journal agree.");
            return ExitCode.Success;
        }

        terminal.Note(
            $"{count} differences{(count > MaxShown ? $", the first {MaxShown} above" : "")}. Mend them with: nrser lake rebuild"
            + (month is null ? "" : $" --month {month}"));
        return ExitCode.SomeFailed;
    }
}
