using System.CommandLine;
using Microsoft.Extensions.DependencyInjection;
using NrSer.Cli.Commands.Podcasts;
using NrSer.Cli.Output;
using NrSer.Cli.Storage;
using NrSer.Pipeline.Results.Tables;

namespace NrSer.Cli.Commands;

/// <summary>Gives commands their rows.</summary>
internal static class StoredRowsCommand
{
    /// <summary>Adds the options that say which rows, and sets a command's action.</summary>
    public static void RunOnRows(this Command command, Terminal terminal, Func<ParseResult, StoredRows, CancellationToken, Task<int>> body) =>
        command.RunOnRows(terminal, feed: null, body);

    /// <summary>The same for a command that may be asked for the rows of a podcast alone.</summary>
    public static void RunOnRowsOfFeed(this Command command, Terminal terminal, Func<ParseResult, StoredRows, CancellationToken, Task<int>> body)
    {
        var feed = new Option<string?>("--feed") { Description = "Only recordings of a podcast: its id, folder, address or a part of the title." };
        command.Add(feed);
        command.RunOnRows(terminal, feed, body);
    }

    private static void RunOnRows(
        this Command command, Terminal terminal, Option<string?>? feed, Func<ParseResult, StoredRows, CancellationToken, Task<int>> body)
    {
        var days = new DayRange();
        var storage = new StorageLocation();
        days.AddTo(command);
        storage.AddTo(command);
        command.Run(terminal, async (parsed, cancellationToken) =>
        {
            await using ServiceProvider services = CliServices.Pipeline(terminal, storage.Settings(parsed, terminal));
            (DateOnly from, DateOnly to) = days.Of(parsed, services.GetRequiredService<TimeProvider>());
            string? wanted = feed is null ? null : parsed.GetValue(feed);
            string? prefix = wanted is null ? null
                : (await PodcastCommand.FindAsync(services.GetRequiredService<PodcastStore>(), [wanted], cancellationToken))[0].NamePrefix;
            return await body(parsed, new StoredRows(services.GetRequiredService<RecordingStore>(), from, to, prefix), cancellationToken);
        });
    }
}
