using System.Text.RegularExpressions;
using NrSer.Pipeline.Results;

namespace NrSer.Pipeline.Podcasts;

/// <summary>Which episodes of a feed are wanted.</summary>
internal static class EpisodeRules
{
    private static readonly TimeSpan s_matchLimit = TimeSpan.FromSeconds(1);

    /// <summary>Lists what is wanted and was not before, and skips what is not any more; what has begun or ended stays.</summary>
    public static void Apply(Feed feed, EpisodeMerge episodes)
    {
        Regex? match = feed.Match is { } pattern ? PatternOf(pattern) : null;
        var latest = new HashSet<string>(StringComparer.Ordinal);
        if (feed.Limit is { } limit)
        {
            latest.UnionWith(episodes.All.Where(episode => WhyNot(feed, match, episode) is null)
                .OrderByDescending(episode => episode.PublishedAt).ThenBy(episode => episode.Key, StringComparer.Ordinal).Take(limit)
                .Select(episode => episode.Key));
        }

        foreach (Episode episode in episodes.All.Where(episode => episode.Status is EpisodeStatus.Listed or EpisodeStatus.Skipped).ToArray())
        {
            string? reason = WhyNot(feed, match, episode)
                ?? (feed.Limit is { } most && !latest.Contains(episode.Key) ? $"Not among the latest {most}." : null);
            if (reason is not null)
                episodes.Set(episode with { Status = EpisodeStatus.Skipped, Reason = reason });
            else if (episode.Status == EpisodeStatus.Skipped)
                episodes.Set(episode with { Status = EpisodeStatus.Listed, Reason = "" });
        }
    }

    /// <summary>A pattern of titles.</summary>
    /// <exception cref="ArgumentException">It is no regular expression.</exception>
    public static Regex PatternOf(string pattern) =>
        new(pattern, RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking, s_matchLimit);

    private static string? WhyNot(Feed feed, Regex? match, Episode episode) =>
        episode.DownloadedBy is { } program ? $"Downloaded before by {program}, as its archive says."
        : feed.Since is { } since && !(episode.PublishedAt >= since) ? $"Published before {since:yyyy-MM-dd}, or undated."
        : feed.Until is { } until && !(episode.PublishedAt < until) ? $"Published after {until.AddTicks(-1):yyyy-MM-dd}, or undated."
        : match?.IsMatch(episode.Title ?? "") == false ? $"Its title does not match '{feed.Match}'."
        : null;
}
