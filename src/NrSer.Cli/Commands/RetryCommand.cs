using System.CommandLine;
using System.Text.Json;
using NrSer.Cli.Output;
using NrSer.Pipeline;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;
using Spectre.Console;

namespace NrSer.Cli.Commands;

/// <summary><c>nrser retry</c>: asks for another run of one recording, or of all that ended badly.</summary>
internal static class RetryCommand
{
    private static readonly RecordingStatus[] s_retried = [RecordingStatus.Failed, RecordingStatus.Rejected];

    public static Command Create(Terminal terminal)
    {
        var which = new Argument<string?>("id") { Description = "A recording's id or name.", Arity = ArgumentArity.ZeroOrOne };
        var all = new Option<bool>("--all") { Description = "All failed and rejected recordings of the chosen days." };
        var status = new Option<RecordingStatus?>("--status") { Description = "All of the chosen days that stand so: failed or rejected." };
        var reason = new Option<string?>("--reason") { Description = "With --all or --status, only those whose reason contains this text." };
        var dryRun = new Option<bool>("--dry-run") { Description = "Only say which." };
        var json = new Option<bool>("--json") { Description = "Print JSON." };
        var command = new Command("retry", "Starts failed and rejected recordings again. Chunks that were finished stay finished.")
        {
            which, all, status, reason, dryRun, json,
        };
        command.RunOnRows(terminal, async (parsed, rows, cancellationToken) =>
        {
            if (parsed.GetValue(status) is { } named && !s_retried.Contains(named))
                throw new UsageException($"Only failed and rejected recordings are retried, not {named}.");
            bool many = parsed.GetValue(all) || parsed.GetValue(status) is not null;
            if (many == (parsed.GetValue(which) is not null) || (!many && parsed.GetValue(reason) is not null))
                throw new UsageException("Name one recording, or choose among many with --all or --status; --reason and days narrow that down.");
            RecordingId[] ids = many
                ? await ChooseAsync(rows, parsed.GetValue(status), parsed.GetValue(reason), cancellationToken).ToArrayAsync(cancellationToken)
                : [await OneAsync(rows, parsed.GetValue(which)!, cancellationToken)];
            bool isDry = parsed.GetValue(dryRun);
            if (!isDry)
                await rows.Store.RequestRetryAsync(ids, cancellationToken);
            if (parsed.GetValue(json))
                terminal.Out.WriteLine(JsonSerializer.Serialize(new RetryV1([.. ids.Select(id => id.Value)]), CliJsonContext.Default.RetryV1));
            else if (!many)
                terminal.Data.MarkupLineInterpolated($"{ids[0]} {(isDry ? "would" : "will")} be started again at the next sweep. See: nrser status {ids[0]}");
            else
                terminal.Data.MarkupLineInterpolated($"{ids.Length} recordings {(isDry ? "would" : "will")} be started again at the next sweep. See: nrser status");
            return ExitCode.Success;
        });
        return command;
    }

    private static async Task<RecordingId> OneAsync(StoredRows rows, string wanted, CancellationToken cancellationToken)
    {
        Recording row = await rows.FindAsync(wanted, cancellationToken);
        return s_retried.Contains(row.Status) ? row.Id
            : throw new UsageException($"{row.Id} is {row.Status}; only failed and rejected recordings are retried.");
    }

    private static async IAsyncEnumerable<RecordingId> ChooseAsync(
        StoredRows rows, RecordingStatus? status, string? reason, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (RecordingStatus wanted in status is { } one ? [one] : s_retried)
        {
            await foreach (Recording row in rows.Store.ListAsync(new RecordingFilter(rows.From, rows.To, wanted), cancellationToken))
            {
                if (reason is null || row.Reason?.Contains(reason, StringComparison.OrdinalIgnoreCase) == true)
                    yield return row.Id;
            }
        }
    }
}
