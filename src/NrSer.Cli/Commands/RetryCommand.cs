using System.CommandLine;
using System.Text.Json;
using NrSer.Cli.Output;
using NrSer.Pipeline;
using NrSer.Pipeline.Results;
using Spectre.Console;

namespace NrSer.Cli.Commands;

/// <summary><c>nrser retry</c>: asks for another run of a recording.</summary>
internal static class RetryCommand
{
    public static Command Create(Terminal terminal)
    {
        var which = new Argument<string>("id") { Description = "A recording's id or name." };
        var json = new Option<bool>("--json") { Description = "Print JSON." };
        var command = new Command("retry", "Starts a failed or rejected recording again. Chunks that were finished stay finished.") { which, json };
        command.RunOnRows(terminal, async (parsed, rows, cancellationToken) =>
        {
            Recording row = await rows.FindAsync(parsed.GetRequiredValue(which), cancellationToken);
            if (row.Status is not (RecordingStatus.Failed or RecordingStatus.Rejected))
                throw new UsageException($"{row.Id} is {row.Status}; only failed and rejected recordings are retried.");
            await rows.Store.MarkRetryAsync(row.Id, requested: true, cancellationToken);
            if (parsed.GetValue(json))
                terminal.Out.WriteLine(JsonSerializer.Serialize(new RetryV1([row.Id.Value]), CliJsonContext.Default.RetryV1));
            else
                terminal.Data.MarkupLineInterpolated($"{row.Id} will be started again at the next sweep. See: nrser status {row.Id}");
            return ExitCode.Success;
        });
        return command;
    }
}
