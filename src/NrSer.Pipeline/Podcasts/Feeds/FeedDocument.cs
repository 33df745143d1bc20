namespace NrSer.Pipeline.Podcasts.Feeds;

/// <summary>What a feed says of itself and of its episodes; what nobody here needs, such as descriptions, is not kept.</summary>
public sealed record FeedDocument
{
    /// <summary>Its title, or null.</summary>
    public string? Title { get; init; }

    /// <summary>Where it says that it has moved to.</summary>
    public Uri? MovedTo { get; init; }

    /// <summary>Where it says that it is.</summary>
    public Uri? Self { get; init; }

    /// <summary>The page or archive with older items (RFC 5005).</summary>
    public Uri? Older { get; init; }

    /// <summary>In the order of the feed, those without audio included.</summary>
    public required IReadOnlyList<FeedItem> Items { get; init; }

    /// <summary>What was passed over, and why, a sentence each; of many alike the first.</summary>
    public required IReadOnlyList<string> Remarks { get; init; }

    /// <summary>False where it broke off: what was read counts, and the rest may be there next time.</summary>
    public required bool IsWhole { get; init; }
}

/// <summary>One item of a feed.</summary>
public sealed record FeedItem
{
    /// <summary>Its identity, verbatim but for space around it; null without one.</summary>
    public string? ItemId { get; init; }

    /// <summary>Its title.</summary>
    public string? Title { get; init; }

    /// <summary>Page with its description.</summary>
    public Uri? Link { get; init; }

    /// <summary>When it was published.</summary>
    public DateTimeOffset? PublishedAt { get; init; }

    /// <summary>Season, from 0.</summary>
    public int? Season { get; init; }

    /// <summary>Number within the season, from 0.</summary>
    public int? Number { get; init; }

    /// <summary>Length as declared.</summary>
    public double? DurationSeconds { get; init; }

    /// <summary>Whether it says that it is for adults alone.</summary>
    public bool? IsExplicit { get; init; }

    /// <summary>The publisher's transcript, of several the one with times.</summary>
    public FeedLink? Transcript { get; init; }

    /// <summary>The publisher's chapters.</summary>
    public FeedLink? Chapters { get; init; }

    /// <summary>Its files, in order.</summary>
    public required IReadOnlyList<FeedLink> Enclosures { get; init; }

    /// <summary>The file to download: the first that says it is audio, else the first that does not say it is something else.</summary>
    public FeedLink? Audio => Enclosures.FirstOrDefault(file => file.IsAudio) ?? Enclosures.FirstOrDefault(file => file.MayBeAudio);
}

/// <summary>A file that an item names.</summary>
/// <param name="Url">Where.</param>
/// <param name="Type">Its media type as declared, or null.</param>
/// <param name="Bytes">Its size as declared, or null.</param>
public sealed record FeedLink(Uri Url, string? Type, long? Bytes)
{
    /// <summary>Whether it says that it is audio.</summary>
    public bool IsAudio => Type?.StartsWith("audio/", StringComparison.OrdinalIgnoreCase) == true;

    /// <summary>Whether it may hold audio, as videos do.</summary>
    public bool MayBeAudio => Type is null || IsAudio || Type.StartsWith("video/", StringComparison.OrdinalIgnoreCase)
        || Type.StartsWith("application/", StringComparison.OrdinalIgnoreCase);
}

/// <summary>It is no feed.</summary>
/// <param name="message">What it is instead, or where it broke.</param>
/// <param name="inner">What the parser said.</param>
public sealed class InvalidFeedException(string message, Exception? inner = null) : Exception(message, inner);
