using System.Runtime.CompilerServices;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;

namespace NrSer.Pipeline.Forgetting;

/// <summary>Finds what a rule of retention is for.</summary>
/// <param name="recordings">Rows.</param>
/// <param name="podcasts">Podcasts that have periods of their own.</param>
public sealed class RetentionScope(RecordingStore recordings, PodcastStore podcasts)
{
    /// <summary>The recordings that a rule is for. What it does not know, it leaves alone: a podcast that is none has no recordings.</summary>
    /// <param name="rule">The rule.</param>
    /// <param name="from">First day of upload.</param>
    /// <param name="last">Last day of upload.</param>
    /// <param name="cancellationToken">Stops between pages.</param>
    public async IAsyncEnumerable<Recording> OldAsync(
        RetentionRule rule, DateOnly from, DateOnly last, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(rule);
        var filter = new RecordingFilter(from, last);
        if (rule.FeedId is { } id)
        {
            if (await podcasts.FindFeedAsync(id, cancellationToken).ConfigureAwait(false) is not { } feed)
                yield break;
            filter = filter with { NamePrefix = feed.NamePrefix };
        }

        string[] others = await podcasts.NamePrefixesAsync(rule.Except, cancellationToken).ConfigureAwait(false);
        await foreach (Recording recording in recordings.ListAsync(filter, cancellationToken).ConfigureAwait(false))
        {
            if (!Array.Exists(others, prefix => recording.BlobName?.StartsWith(prefix, StringComparison.Ordinal) == true))
                yield return recording;
        }
    }
}
