using System.CommandLine;
using System.Text.Json;
using NrSer.Cli.Output;
using NrSer.Pipeline;

namespace NrSer.Cli.Commands;

/// <summary><c>nrser retry</c> and <c>nrser dismiss</c>: another run for recordings that ended badly, or none.</summary>
internal static class RetryCommand
{
    public static Command Create(Terminal terminal) => Create(
        terminal, "retry", "Starts failed and rejected recordings again. Chunks that were finished stay finished.", "started again at the next sweep",
        (rows, ids, cancellationToken) => rows.Store.RequestRetryAsync(ids, cancellationToken));

    public static Command CreateDismiss(Terminal terminal) => Create(
        terminal, "dismiss", "Leaves failed and rejected recordings out of status' counts and exit code; a retry takes that back.",
            "left out of status",
        (rows, ids, cancellationToken) => rows.Store.DismissAsync(ids, cancellationToken));

    private static Command Create(
        Terminal terminal, string name, string description, string outcome,
        Func<StoredRows, IReadOnlyList<RecordingId>, CancellationToken, Task> change)
    {
        var which = new EndedRecordings();
        var json = new Option<bool>("--json") { Description = "Print JSON." };
        var command = new Command(name, description) { json };
        which.AddTo(command);
        command.RunOnRows(terminal, async (parsed, rows, cancellationToken) =>
        {
            IReadOnlyList<RecordingId> ids = await which.ChooseAsync(parsed, rows, cancellationToken);
            bool isDry = which.IsDry(parsed);
            if (!isDry)
                await change(rows, ids, cancellationToken);
            if (parsed.GetValue(json))
                terminal.Out.WriteLine(JsonSerializer.Serialize(new RetryV1([.. ids.Select(id => id.Value)]), CliJsonContext.Default.RetryV1));
            else
            {
                string what = ids.Count == 1 ? $"{ids[0]}" : $"{ids.Count} recordings", see = ids.Count == 1 ? $" {ids[0]}" : "";
                terminal.Out.WriteLine($"{what} {(isDry ? "would" : "will")} be {outcome}. See: nrser status{see}");
            }

            return ExitCode.Success;
        });
        return command;
    }
}
