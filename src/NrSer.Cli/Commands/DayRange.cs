using System.CommandLine;

namespace NrSer.Cli.Commands;

/// <summary>The options <c>--from</c> and <c>--to</c>: days of upload, both included.</summary>
internal sealed class DayRange
{
    private const int DefaultDays = 400;

    private readonly Option<DateOnly?> _from =
        new("--from", "--since") { Description = $"First day of upload, yyyy-MM-dd (UTC); {DefaultDays} days ago by default." };
    private readonly Option<DateOnly?> _to = new("--to") { Description = "Last day of upload, yyyy-MM-dd (UTC); no end by default." };

    public void AddTo(Command command)
    {
        command.Add(_from);
        command.Add(_to);
    }

    /// <exception cref="UsageException">The first day comes after the last.</exception>
    public (DateOnly From, DateOnly To) Of(ParseResult parsed, TimeProvider time)
    {
        DateOnly today = DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime);
        DateOnly from = parsed.GetValue(_from) ?? today.AddDays(-DefaultDays), to = parsed.GetValue(_to) ?? today.AddDays(1);
        return from <= to ? (from, to) : throw new UsageException($"--from {from:yyyy-MM-dd} comes after --to {to:yyyy-MM-dd}.");
    }
}
