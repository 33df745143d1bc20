using System.CommandLine;
using System.Runtime.CompilerServices;
using NrSer.Pipeline;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;

namespace NrSer.Cli.Commands;

/// <summary>Options that choose recordings which ended badly: one by id or name, or many.</summary>
internal sealed class EndedRecordings
{
    private readonly Argument<string?> _which = new("id") { Description = "A recording's id or name.", Arity = ArgumentArity.ZeroOrOne };
    private readonly Option<bool> _all = new("--all") { Description = "All failed and rejected recordings of the chosen days." };
    private readonly Option<RecordingStatus?> _status = new("--status") { Description = "All of the chosen days that stand so: failed or rejected." };
    private readonly Option<string?> _reason = new("--reason")
    {
        Description = "With --all or --status, only those whose reason contains this text.",
    };

    private readonly Option<bool> _dryRun = new("--dry-run") { Description = "Only say which." };

    /// <summary>Adds the options.</summary>
    public void AddTo(Command command)
    {
        command.Add(_which);
        foreach (Option option in new Option[] { _all, _status, _reason, _dryRun })
            command.Add(option);
    }

    /// <summary>Whether nothing is to be changed.</summary>
    public bool IsDry(ParseResult parsed) => parsed.GetValue(_dryRun);

    /// <summary>The chosen recordings.</summary>
    /// <exception cref="UsageException">There is no such recording, it did not end badly, or the options contradict each other.</exception>
    public async Task<IReadOnlyList<RecordingId>> ChooseAsync(ParseResult parsed, StoredRows rows, CancellationToken cancellationToken)
    {
        if (parsed.GetValue(_status) is { } named && !RecordingStatusExtensions.EndedBadly.Contains(named))
            throw new UsageException($"This is for failed and rejected recordings, not for {named}.");
        bool many = parsed.GetValue(_all) || parsed.GetValue(_status) is not null;
        if (many == (parsed.GetValue(_which) is not null) || (!many && parsed.GetValue(_reason) is not null))
            throw new UsageException("Name one recording, or choose among many with --all or --status; --reason, --from and --to narrow that down.");
        if (many)
            return await ListAsync(rows, parsed.GetValue(_status), parsed.GetValue(_reason), cancellationToken).ToListAsync(cancellationToken);
        Recording row = await rows.FindAsync(parsed.GetValue(_which)!, cancellationToken);
        return RecordingStatusExtensions.EndedBadly.Contains(row.Status) ? [row.Id]
            : throw new UsageException($"{row.Id} is {row.Status}; this is for failed and rejected recordings.");
    }

    private static async IAsyncEnumerable<RecordingId> ListAsync(
        StoredRows rows, RecordingStatus? status, string? reason, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (RecordingStatus wanted in status is { } one ? [one] : RecordingStatusExtensions.EndedBadly)
        {
            await foreach (Recording row in rows.Store.ListAsync(new RecordingFilter(rows.From, rows.To, wanted), cancellationToken))
            {
                if (reason is null || row.Reason?.Contains(reason, StringComparison.OrdinalIgnoreCase) == true)
                    yield return row.Id;
            }
        }
    }
}
