using System.CommandLine;
using Microsoft.Extensions.DependencyInjection;
using NrSer.Cli.Output;
using NrSer.Cli.Storage;
using NrSer.Pipeline.Results.Tables;

namespace NrSer.Cli.Commands;

/// <summary>Gives commands their rows.</summary>
internal static class StoredRowsCommand
{
    /// <summary>Adds the options that say which rows, and sets a command's action.</summary>
    public static void RunOnRows(this Command command, Terminal terminal, Func<ParseResult, StoredRows, CancellationToken, Task<int>> body)
    {
        var days = new DayRange();
        var storage = new StorageLocation();
        days.AddTo(command);
        storage.AddTo(command);
        command.Run(terminal, async (parsed, cancellationToken) =>
        {
            await using ServiceProvider services = CliServices.Pipeline(terminal, storage.Settings(parsed, terminal));
            (DateOnly from, DateOnly to) = days.Of(parsed, services.GetRequiredService<TimeProvider>());
            return await body(parsed, new StoredRows(services.GetRequiredService<RecordingStore>(), from, to), cancellationToken);
        });
    }
}
