using System.Globalization;
using Azure.Data.Tables;

namespace NrSer.Pipeline.Results.Tables;

/// <summary>The turns at hosts, under their rows' ETags, so that several machines share them.</summary>
/// <param name="tables">The tables.</param>
public sealed class HostTurnStore(ResultTables tables)
{
    private const string Partition = "host"; // of the table of feeds

    /// <summary>Who is at a host, and when the next may ask.</summary>
    /// <param name="host">Its name and port.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    public async Task<HostTurns> FindAsync(string host, CancellationToken cancellationToken)
    {
        TableEntity? row = await TableRows.FindAsync(tables.Feeds, Partition, HostKey(host), cancellationToken).ConfigureAwait(false);
        return new HostTurns(
            host, row?.GetDateTimeOffset(nameof(HostTurns.NextAt)), HostTurn.Parse(row?.GetString(nameof(HostTurns.Turns))), row?.ETag.ToString());
    }

    /// <summary>Writes who is at a host.</summary>
    /// <param name="turns">As read, with what changed.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    /// <returns>False when another was faster: look again.</returns>
    public async Task<bool> TryWriteAsync(HostTurns turns, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(turns);
        var row = new TableEntity(Partition, HostKey(turns.Host))
        {
            [nameof(turns.NextAt)] = turns.NextAt, [nameof(turns.Turns)] = HostTurn.Format(turns.Turns),
        };
        return await TableRows.TryWriteAsync(tables.Feeds, row, turns.Version, cancellationToken).ConfigureAwait(false) is not null;
    }

    private static string HostKey(string host) => host.Length <= 260 && !host.AsSpan().ContainsAny("/\\#?") // RFC 1035: 253, and a port
        ? host : throw new ArgumentException("It is no name of a host.", nameof(host));
}

/// <summary>Who is at a host.</summary>
/// <param name="Host">Its name and port.</param>
/// <param name="NextAt">When the next may ask; null at once.</param>
/// <param name="Turns">Who asks now.</param>
/// <param name="Version">Of the row; null for a new one.</param>
public sealed record HostTurns(string Host, DateTimeOffset? NextAt, IReadOnlyList<HostTurn> Turns, string? Version = null);

/// <summary>One request at a host.</summary>
/// <param name="Id">Whose: machine and process, then a number.</param>
/// <param name="Until">Until when that is believed.</param>
public sealed record HostTurn(string Id, DateTimeOffset Until)
{
    internal static string Format(IEnumerable<HostTurn> turns) =>
        string.Join('\n', turns.Select(turn => string.Create(CultureInfo.InvariantCulture, $"{turn.Until.UtcTicks} {turn.Id}")));

    internal static IReadOnlyList<HostTurn> Parse(string? text) => [.. (text ?? "").Split('\n', StringSplitOptions.RemoveEmptyEntries)
        .Select(line => line.Split(' ', 2))
        .Where(parts => parts.Length == 2)
        .Select(parts => new HostTurn(parts[1], new DateTimeOffset(long.Parse(parts[0], CultureInfo.InvariantCulture), TimeSpan.Zero)))];
}
