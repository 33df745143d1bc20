using System.Globalization;

namespace NrSer.Pipeline.Results.Tables;

/// <summary>A content, and the episode that it was first seen in.</summary>
/// <param name="Sha256">Lower-case hex.</param>
/// <param name="FeedId">The episode's feed.</param>
/// <param name="EpisodeKey">The episode.</param>
/// <param name="BlobName">Where it lies, or is about to.</param>
/// <param name="Version">Of the row; null for a new one.</param>
public sealed record KnownContent(string Sha256, string FeedId, string EpisodeKey, string BlobName, string? Version = null);

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
