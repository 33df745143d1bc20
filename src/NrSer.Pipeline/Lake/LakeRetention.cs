using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;

namespace NrSer.Pipeline.Lake;

/// <summary>Knows what retention has taken out of the lake while rows and journal are kept for longer: nobody misses it, or brings it back.</summary>
/// <param name="state">How far retention has come.</param>
/// <param name="podcasts">Those with periods of their own.</param>
public sealed class LakeRetention(RetentionState state, PodcastStore podcasts)
{
    /// <summary>Name of the lake among what is kept for a time of its own; behind it, that of a podcast.</summary>
    public const string Store = "Lake";

    /// <summary>What to ask of a recording: whether it was taken out.</summary>
    /// <param name="cancellationToken">Stops between requests.</param>
    public async Task<Predicate<Recording>> FindAsync(CancellationToken cancellationToken)
    {
        var rules = new List<(string Through, string? Prefix, string[] Others)>();
        await foreach (RetentionMark mark in state.ListAsync(cancellationToken).ConfigureAwait(false))
        {
            if (mark.Store.Split('-', 2) is not [Store, .. var feed])
                continue;
            string[] others = mark.Except.Split(' ', StringSplitOptions.RemoveEmptyEntries), prefixes = await PrefixesAsync(
                feed.Length > 0 ? feed : others, cancellationToken).ConfigureAwait(false);
            if (feed.Length == 0)
                rules.Add((TextOf(mark.Through), null, prefixes));
            else if (prefixes is [var own])
                rules.Add((TextOf(mark.Through), own, []));
        }

        return recording => rules.Exists(rule => string.CompareOrdinal(recording.Id.Day, rule.Through) <= 0
            && (rule.Prefix is null || IsBelow(recording, rule.Prefix)) && !Array.Exists(rule.Others, other => IsBelow(recording, other)));
    }

    private static string TextOf(DateOnly day) => day.ToString("yyyyMMdd", System.Globalization.CultureInfo.InvariantCulture);

    private static bool IsBelow(Recording recording, string prefix) => recording.BlobName?.StartsWith(prefix, StringComparison.Ordinal) == true;

    private async Task<string[]> PrefixesAsync(IEnumerable<string> feeds, CancellationToken cancellationToken)
    {
        var prefixes = new List<string>();
        foreach (string id in feeds)
        {
            if (await podcasts.FindFeedAsync(id, cancellationToken).ConfigureAwait(false) is { } feed)
                prefixes.Add(feed.NamePrefix);
        }

        return [.. prefixes];
    }
}
