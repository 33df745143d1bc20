using System.CommandLine;
using System.Text.Json;
using NrSer.Cli.Output;
using NrSer.Pipeline;
using NrSer.Pipeline.Rows;
using Spectre.Console;

namespace NrSer.Cli.Commands;

/// <summary><c>nrser retry</c>: asks for another run of a recording.</summary>
internal static class RetryCommand
{
    public static Command Create()
    {
        var which = new Argument<string>("id") { Description = "A recording's id or name." };
        var json = new Option<bool>("--json") { Description = "Print JSON." };
        var command = new Command("retry", "Starts a failed or rejected recording again. Chunks that were finished stay finished.") { which, json };
        command.RunOnRows(async (parsed, rows, cancellationToken) =>
        {
            RecordingRow row = await rows.FindAsync(parsed.GetRequiredValue(which), cancellationToken);
            if (row.Status is not (nameof(RecordingStatus.Failed) or nameof(RecordingStatus.Rejected)))
                throw new UsageException($"{row.RowKey} is {row.Status}; only failed and rejected recordings are retried.");
            await rows.Tables.MarkRetryAsync(RecordingId.Parse(row.RowKey), requested: true, cancellationToken);
            if (parsed.GetValue(json))
                Console.Out.WriteLine(JsonSerializer.Serialize(new RetryV1([row.RowKey]), CliJsonContext.Default.RetryV1));
            else
                Terminal.Data.MarkupLineInterpolated($"{row.RowKey} will be started again at the next sweep. See: nrser status {row.RowKey}");
            return ExitCode.Success;
        });
        return command;
    }
}
