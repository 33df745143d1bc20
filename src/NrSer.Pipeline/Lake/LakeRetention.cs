using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;

namespace NrSer.Pipeline.Lake;

/// <summary>Knows what retention takes out of the lake while rows and journal are kept for longer: nobody misses it, or brings it back.</summary>
/// <param name="state">The periods that some host holds to.</param>
/// <param name="podcasts">Those with periods of their own.</param>
/// <param name="time">The clock.</param>
public sealed class LakeRetention(RetentionState state, PodcastStore podcasts, TimeProvider time)
{
    private const string Lake = "Lake"; // its name among what is kept for a time of its own; behind it, a podcast's

    /// <summary>What to ask of a recording: whether it is too old for the lake.</summary>
    /// <param name="cancellationToken">Stops between requests.</param>
    public async Task<Predicate<Recording>> FindAsync(CancellationToken cancellationToken)
    {
        DateTimeOffset now = time.GetUtcNow();
        var rules = new List<(DateTimeOffset Before, string? Prefix, string[] Others)>();
        await foreach (RetentionMark mark in state.StandingAsync(now, cancellationToken).ConfigureAwait(false))
        {
            if (mark.Store.Split('-', 2) is not [Lake, .. var feed])
                continue;
            string[] others = mark.Except.Split(' ', StringSplitOptions.RemoveEmptyEntries), prefixes = await podcasts.NamePrefixesAsync(
                feed.Length > 0 ? feed : others, cancellationToken).ConfigureAwait(false);
            if (feed.Length == 0)
                rules.Add((now - mark.Period, null, prefixes));
            else if (prefixes is [var own])
                rules.Add((now - mark.Period, own, []));
        }

        return recording => rules.Exists(rule => recording.UploadedAt < rule.Before
            && (rule.Prefix is null || IsBelow(recording, rule.Prefix)) && !Array.Exists(rule.Others, other => IsBelow(recording, other)));
    }

    private static bool IsBelow(Recording recording, string prefix) => recording.BlobName?.StartsWith(prefix, StringComparison.Ordinal) == true;
}
