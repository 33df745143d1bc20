using NrSer.Pipeline.Storage;

namespace NrSer.Pipeline.Results;

/// <summary>A podcast that is followed, or was.</summary>
/// <remarks><see cref="FeedColumns"/> says what each property means.</remarks>
public sealed record Feed
{
    /// <summary>16 hex digits, of the address that it was added by.</summary>
    public required string Id { get; init; }

    /// <summary>Where it is read from now; may hold a token.</summary>
    public string Url { get; init; } = "";

    /// <summary>Its title, or null before it was read.</summary>
    public string? Title { get; init; }

    /// <summary>Its folder below <c>podcasts/</c>; fixed once it is known.</summary>
    public string? Slug { get; init; }

    /// <summary>Begins the names of its episodes' uploads.</summary>
    public string NamePrefix => $"{StorageNames.PodcastsPrefix}{Slug ?? Id}/";

    /// <summary>Whether its episodes are fetched.</summary>
    public bool IsFollowed { get; init; } = true;

    /// <summary>Why it could not be read the last time; empty when it could.</summary>
    public string? Reason { get; init; }

    /// <summary>When it was last asked for.</summary>
    public DateTimeOffset? CheckedAt { get; init; }

    /// <summary>Not before then, by what its server said.</summary>
    public DateTimeOffset? NextCheckAt { get; init; }

    /// <summary>ETag of what was read, verbatim.</summary>
    public string? HttpETag { get; init; }

    /// <summary>Last-Modified of what was read, verbatim.</summary>
    public string? HttpLastModified { get; init; }

    /// <summary>Whether episodes wait to be fetched, as far as is known.</summary>
    public bool HasWork { get; init; }

    /// <summary>Only episodes published from this day on.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Only episodes published until this day.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>Only episodes whose title matches this.</summary>
    public string? Match { get; init; }

    /// <summary>Only so many of the latest episodes.</summary>
    public int? Limit { get; init; }

    /// <summary>Where the segments of its episodes stand; null for the setting.</summary>
    public SegmentStore? Segments { get; init; }

    /// <summary>Of the row, as the store tells; null for a new one.</summary>
    public string? Version { get; init; }
}
