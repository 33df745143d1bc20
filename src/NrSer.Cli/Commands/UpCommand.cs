using System.CommandLine;
using Microsoft.Extensions.DependencyInjection;
using NrSer.Cli.Local;
using NrSer.Cli.Output;
using NrSer.Cli.Storage;
using NrSer.Core.Models;
using NrSer.Dashboard;
using NrSer.Emulator;
using NrSer.Pipeline.Results;
using Spectre.Console;

namespace NrSer.Cli.Commands;

/// <summary><c>nrser up</c>: the pipeline on this machine, until it is interrupted.</summary>
internal static class UpCommand
{
    private const double FullnessStep = 0.05; // from one note to the next

    private static readonly TimeSpan s_lookInterval = TimeSpan.FromMinutes(1);

    public static Command Create(Terminal terminal)
    {
        Option<DirectoryInfo> data = StorageLocation.DataOption();
        var quiet = new Option<bool>("--quiet") { Description = "Log errors only." };
        var page = new DashboardPort();
        var noPage = new Option<bool>("--no-dashboard") { Description = "Without the page." };
        var command = new Command("up",
            "Runs the whole pipeline on this machine, with a page to look at what it heard, and keeps its data in a folder. Ctrl-C ends it; nothing "
            + "is lost.")
        { data, quiet, noPage };
        page.AddTo(command);
        command.Run(terminal, async (parsed, cancellationToken) =>
        {
            DirectoryInfo folder = parsed.GetRequiredValue(data);
            var deaths = new EmulatorDeaths(TimeProvider.System);
            while (true)
            {
                if (await RunAsync(
                    folder, verbose: !parsed.GetValue(quiet), parsed.GetValue(noPage) ? null : page.Of(parsed), deaths, terminal, cancellationToken))
                    throw new LocalStackException(
                        $"The storage emulator ended by itself {EmulatorDeaths.Most} times in a row. Is the disk full, or {folder} damaged?");
                terminal.Note("The storage emulator ended by itself. Starting it again on its data.");
            }
        });
        return command;
    }

    /// <summary>Runs the stack until its emulator ends.</summary>
    /// <returns>Whether it did so too often.</returns>
    private static async Task<bool> RunAsync(
        DirectoryInfo folder, bool verbose, ChosenPort? page, EmulatorDeaths deaths, Terminal terminal, CancellationToken cancellationToken)
    {
        await using LocalStack stack = await LocalStack.StartAsync(folder.FullName, verbose, terminal, cancellationToken);
        await using DashboardServer? dashboard = page is null ? null : await page.StartAsync(
            terminal, [CliServices.ConnectionSetting(stack.ConnectionString),
                KeyValuePair.Create("NrSer:Dashboard:LakeFolder", (string?)Path.Combine(folder.FullName, "lake"))], cancellationToken);
        terminal.Notes.MarkupLineInterpolated($"[green]NrSer is up[/] on {folder.FullName}. Ctrl-C ends it.");
        if (dashboard is not null)
            terminal.Note($"look and listen:  {dashboard.Address}");
        string option = folder.Name == ".nrser" ? "" : $" --data {folder}";
        terminal.Note(
            $"drop recordings:  nrser ingest{option} recordings/     see them: nrser status{option}     "
            + $"rows: nrser results{option} <id or name>");
        terminal.Note($"connection string for other tools: {stack.ConnectionString}");
        if (QualityNotice.Of(stack.Services.GetRequiredService<ModelSet>().Quality) is { } notice)
            terminal.Notes.MarkupLineInterpolated($"[yellow]{notice}[/]"); // with --quiet, too
        deaths.Served();
        Task exited = stack.EmulatorExited(cancellationToken);
        double noted = 0.5;
        while (await Task.WhenAny(exited, Task.Delay(s_lookInterval, cancellationToken)) != exited)
        {
            double fullness = stack.Fullness;
            if (fullness > noted)
            {
                noted = fullness + FullnessStep;
                terminal.Note(
                    $"The storage emulator is {fullness:P0} full; at {AzuriteProcess.Full:P0} nothing more is taken in. Large archives: see "
                    + "docs/limits.md, or use another --data folder.");
            }
        }

        await exited;
        return deaths.Died(); // before the stages have given it up, which takes long
    }
}
