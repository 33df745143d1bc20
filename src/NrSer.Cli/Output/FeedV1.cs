using NrSer.Pipeline.Podcasts.Web;
using NrSer.Pipeline.Results;

namespace NrSer.Cli.Output;

/// <summary>A feed, as <c>nrser podcast</c> prints it; what an address holds of tokens is left out.</summary>
internal sealed record FeedV1(
    string FeedId, string? Title, string? Folder, string Address, bool IsFollowed, string? Reason, DateTimeOffset? CheckedAt,
    DateTimeOffset? Since, DateTimeOffset? Until, string? Match, int? Limit, IReadOnlyDictionary<string, long> Episodes)
{
    public static FeedV1 Of(Feed feed, IReadOnlyDictionary<EpisodeStatus, long> counts) => new(
        feed.Id, feed.Title, feed.Slug, WebAddress.Shown(new Uri(feed.Url)), feed.IsFollowed, feed.Reason is { Length: > 0 } reason ? reason : null,
        feed.CheckedAt, feed.Since, feed.Until, feed.Match, feed.Limit,
        counts.ToDictionary(count => count.Key.ToString(), count => count.Value, StringComparer.Ordinal));
}

/// <summary>What <c>nrser podcast add</c> did.</summary>
internal sealed record PodcastAddedV1(IReadOnlyList<FeedAddedV1> Feeds);

/// <summary>What became of one feed that was to be added.</summary>
/// <param name="FeedId">Its id; null when it was not added.</param>
/// <param name="Title">Its title.</param>
/// <param name="Address">Without what it holds of tokens.</param>
/// <param name="NewEpisodes">Episodes that were not known.</param>
/// <param name="Reason">Why it could not be read.</param>
/// <param name="Remarks">What was passed over in it.</param>
internal sealed record FeedAddedV1(
    string? FeedId, string? Title, string Address, int NewEpisodes, string? Reason, IReadOnlyList<string> Remarks);

/// <summary>One episode of <c>nrser podcast episodes</c>.</summary>
internal sealed record EpisodeV1(
    string FeedId, string EpisodeKey, string Status, string? Reason, string? Title, DateTimeOffset? PublishedAt, int? Season, int? Number,
    double? DeclaredSeconds, long? DeclaredBytes, bool? IsExplicit, string? Link, string? BlobName, string? Sha256, long? ContentBytes,
    DateTimeOffset? StoredAt)
{
    public static EpisodeV1 Of(Episode episode) => new(
        episode.FeedId, episode.Key, episode.Status.ToString(), episode.Reason is { Length: > 0 } reason ? reason : null, episode.Title,
        episode.PublishedAt, episode.Season, episode.Number, episode.DeclaredSeconds, episode.DeclaredBytes, episode.IsExplicit,
        Uri.TryCreate(episode.Link, UriKind.Absolute, out Uri? link) ? WebAddress.Shown(link) : null, episode.BlobName, episode.Sha256,
        episode.ContentBytes, episode.StoredAt);
}

/// <summary>What <c>nrser podcast sync</c> did.</summary>
/// <param name="Feeds">Feeds asked for.</param>
/// <param name="Unchanged">Of those, what their servers said is as it was, or want no question yet.</param>
/// <param name="FeedsFailed">Of those, what could not be read.</param>
/// <param name="NewEpisodes">Episodes that were not known.</param>
/// <param name="Waiting">Episodes that waited to be fetched.</param>
/// <param name="Stored">Episodes stored.</param>
/// <param name="Bytes">Their size.</param>
/// <param name="Duplicates">Episodes whose content was there.</param>
/// <param name="PutOff">Episodes left for the next time.</param>
/// <param name="Failures">What could not be had.</param>
internal sealed record PodcastSyncV1(
    int Feeds, int Unchanged, int FeedsFailed, int NewEpisodes, long Waiting, int Stored, long Bytes, int Duplicates, int PutOff,
    IReadOnlyList<PodcastFailureV1> Failures);

/// <summary>A feed or an episode that could not be had.</summary>
internal sealed record PodcastFailureV1(string FeedId, string? EpisodeKey, string? Title, string Reason);

/// <summary>What <c>nrser podcast import</c> found in an archive.</summary>
/// <param name="File">The archive.</param>
/// <param name="Program">Whose it is.</param>
/// <param name="Names">Names in it, of which an episode may have several.</param>
/// <param name="Known">Episodes of feeds that are followed among them.</param>
/// <param name="Changed">Of those, what was not marked before.</param>
internal sealed record PodcastImportV1(string File, string Program, int Names, int Known, int Changed);

/// <summary>What <c>nrser podcast retry</c> did.</summary>
/// <param name="Listed">Episodes listed again.</param>
internal sealed record PodcastRetryV1(int Listed);

/// <summary>What <c>nrser podcast remove</c> did.</summary>
/// <param name="FeedId">The feed, which is not followed any more.</param>
/// <param name="Title">Its title.</param>
/// <param name="ForgottenRecordings">How many of its recordings were forgotten; null where that was not asked for.</param>
/// <param name="Proofs">Names of the proofs within the results container.</param>
internal sealed record PodcastRemovedV1(string FeedId, string? Title, int? ForgottenRecordings, IReadOnlyList<string> Proofs);

/// <summary>What <c>nrser podcast opml</c> exports.</summary>
/// <param name="Feeds">As the list has them.</param>
/// <param name="LeftOut">Titles of feeds that are private, or files.</param>
internal sealed record SubscriptionsV1(IReadOnlyList<SubscriptionV1> Feeds, IReadOnlyList<string> LeftOut);

/// <summary>A feed that others may be told of.</summary>
internal sealed record SubscriptionV1(string Title, Uri Address);

/// <summary>What <c>nrser podcast plan</c> reckons.</summary>
/// <param name="Episodes">To be fetched.</param>
/// <param name="WithoutLength">Of those, how many declare no length: theirs is taken from their size, or the mean.</param>
/// <param name="Hours">Of audio.</param>
/// <param name="Gigabytes">To download and keep.</param>
/// <param name="TemporaryGigabytes">Of decoded audio, at most at a time.</param>
/// <param name="Rows">Of segments.</param>
/// <param name="AudioHoursPerCoreHour">Measured here, or given.</param>
/// <param name="CoreHours">Of work.</param>
/// <param name="Dollars">What those cost in Azure, with the models and the speed of this machine.</param>
/// <param name="Days">Until all is there at the given rate and worked off on this machine's cores.</param>
/// <param name="Prices">What the same audio costs in Azure on the sizes that the README reckons.</param>
internal sealed record PodcastPlanV1(
    long Episodes, long WithoutLength, double Hours, double Gigabytes, double TemporaryGigabytes, long Rows, double AudioHoursPerCoreHour,
    double CoreHours, double Dollars, double Days, IReadOnlyList<PodcastPriceV1> Prices);

/// <summary>What audio costs on a size of deployment.</summary>
/// <param name="Size">As the README calls it.</param>
/// <param name="Dollars">Of processor or GPU time.</param>
internal sealed record PodcastPriceV1(string Size, double Dollars);
