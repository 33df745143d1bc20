using System.CommandLine;
using NrSer.Cli.Output;
using NrSer.Cli.Storage;
using NrSer.Dashboard;
using Spectre.Console;

namespace NrSer.Cli.Commands;

/// <summary><c>nrser serve</c>: the page alone, over a storage that something else fills.</summary>
internal static class ServeCommand
{
    public static Command Create(Terminal terminal)
    {
        var storage = new StorageLocation();
        var page = new DashboardPort();
        var command = new Command(
            "serve",
            "Shows what was heard on a page of this machine: of a running stack, or with --azure of a deployment, read with your own rights. Ctrl-C "
            + "ends it.");
        storage.AddTo(command);
        page.AddTo(command);
        command.Run(terminal, async (parsed, cancellationToken) =>
        {
            var settings = new Dictionary<string, string?>(storage.Settings(parsed, terminal), StringComparer.Ordinal);
            if (storage.LakeFolder(parsed, terminal) is { } folder)
                settings["NrSer:Dashboard:LakeFolder"] = folder;
            await using DashboardServer dashboard = await page.Of(parsed).StartAsync(terminal, settings, cancellationToken);
            terminal.Notes.MarkupLineInterpolated($"[green]The page is up.[/] Ctrl-C ends it.");
            terminal.Note($"look and listen:  {dashboard.Address}");
            await Task.Delay(Timeout.Infinite, cancellationToken);
            return ExitCode.Success;
        });
        return command;
    }
}
