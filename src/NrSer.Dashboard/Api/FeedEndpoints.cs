using System.ComponentModel;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;

namespace NrSer.Dashboard.Api;

/// <summary>Podcasts, without their addresses: those may hold a subscriber's token.</summary>
internal static class FeedEndpoints
{
    private const int MostEpisodes = 1000;

    public static void MapFeeds(this IEndpointRouteBuilder api)
    {
        api.MapGet("/feeds", FeedsAsync).WithName("feeds").WithSummary("Podcasts that are followed, or were.");
        api.MapGet("/feeds/{id}/episodes", EpisodesAsync).WithName("episodes").WithSummary("Episodes of a podcast, latest first.")
            .WithDescription($"Of the first {MostEpisodes} by key; `isWhole` says whether there are more.").ProducesProblem(
                StatusCodes.Status404NotFound);
    }

    private static async Task<Ok<FeedsV1>> FeedsAsync(PodcastStore store, CancellationToken cancellationToken) => TypedResults.Ok(new FeedsV1(
        [.. (await store.FeedsAsync(cancellationToken).ToListAsync(cancellationToken).ConfigureAwait(false))
            .Select(feed => new FeedV1(feed.Id, feed.Title, feed.Slug, feed.IsFollowed, Blank(feed.Reason), feed.CheckedAt))
            .OrderBy(feed => feed.Title, StringComparer.OrdinalIgnoreCase)]));

    private static async Task<Ok<EpisodesV1>> EpisodesAsync(
        [Description("As `feeds` gives it.")] string id, [Description("Those that stand so.")] EpisodeStatus? status, PodcastStore store,
        CancellationToken cancellationToken)
    {
        _ = await store.FindFeedAsync(id, cancellationToken).ConfigureAwait(false)
            ?? throw new RefusedException(StatusCodes.Status404NotFound, "There is no such feed.");
        List<Episode> episodes = await store.EpisodesAsync(id, status, cancellationToken).Take(MostEpisodes + 1).ToListAsync(cancellationToken)
            .ConfigureAwait(false);
        return TypedResults.Ok(new EpisodesV1(
            episodes.Count <= MostEpisodes,
            [.. episodes.Take(MostEpisodes).OrderByDescending(episode => episode.PublishedAt).Select(episode => new EpisodeV1(
                episode.Key, episode.Title, episode.Status.ToString(), Blank(episode.Reason), episode.PublishedAt, episode.DeclaredSeconds,
                episode.BlobName))]));
    }

    private static string? Blank(string? text) => string.IsNullOrEmpty(text) ? null : text;
}

/// <summary>Podcasts.</summary>
/// <param name="Feeds">By title.</param>
internal sealed record FeedsV1(IReadOnlyList<FeedV1> Feeds);

/// <summary>A podcast.</summary>
/// <param name="Id">16 hex digits.</param>
/// <param name="Title">Null before it was read.</param>
/// <param name="Folder">Below podcasts/, where its episodes are.</param>
/// <param name="IsFollowed">Whether its episodes are fetched.</param>
/// <param name="Reason">Why it could not be read the last time; null when it could.</param>
/// <param name="CheckedAt">When it was last asked for.</param>
internal sealed record FeedV1(string Id, string? Title, string? Folder, bool IsFollowed, string? Reason, DateTimeOffset? CheckedAt);

/// <summary>Episodes.</summary>
/// <param name="IsWhole">Whether these are all.</param>
/// <param name="Episodes">Latest first.</param>
internal sealed record EpisodesV1(bool IsWhole, IReadOnlyList<EpisodeV1> Episodes);

/// <summary>An episode.</summary>
/// <param name="Key">16 hex digits.</param>
/// <param name="Title">Its title.</param>
/// <param name="Status">How it stands.</param>
/// <param name="Reason">Why; null where that needs none.</param>
/// <param name="PublishedAt">When it was published.</param>
/// <param name="DeclaredSeconds">Length as the feed declares it.</param>
/// <param name="BlobName">Its upload.</param>
internal sealed record EpisodeV1(
    string Key, string? Title, string Status, string? Reason, DateTimeOffset? PublishedAt, double? DeclaredSeconds, string? BlobName);
