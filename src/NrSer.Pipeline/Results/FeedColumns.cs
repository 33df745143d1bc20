using static NrSer.Pipeline.Results.Column<NrSer.Pipeline.Results.Feed>;

namespace NrSer.Pipeline.Results;

/// <summary>Every column of a feed, once.</summary>
public static class FeedColumns
{
    /// <summary>In the order in which they are shown.</summary>
    public static IReadOnlyList<Column<Feed>> All { get; } =
    [
        Of("FeedId", null, Stage.Fetch, "The feed.", f => f.Id, (f, v) => f with { Id = v },
            "16 hex digits of a hash of the address that it was added by.", isNullable: false, isKey: true),
        Of("Url", null, Stage.Fetch, "Where it is read from.", f => f.Url, (f, v) => f with { Url = v },
            "May hold a token: of a private feed it is not to be shown.", isNullable: false),
        Of("Title", null, Stage.Fetch, "Its title.", f => f.Title, (f, v) => f with { Title = v }),
        Of("Slug", null, Stage.Fetch, "Its folder below `podcasts/`.", f => f.Slug, (f, v) => f with { Slug = v }, "Fixed once it is known."),
        Of("IsFollowed", null, Stage.Fetch, "Whether its episodes are fetched.", f => f.IsFollowed, (f, v) => f with { IsFollowed = v }),
        Of("Reason", null, Stage.Fetch, "Why it could not be read the last time.", f => f.Reason, (f, v) => f with { Reason = v },
            "Empty or null when it could."),
        Of("CheckedAt", "UTC", Stage.Fetch, "When it was last asked for.", f => f.CheckedAt, (f, v) => f with { CheckedAt = v }),
        Of("NextCheckAt", "UTC", Stage.Fetch, "Before then its server wants no question.", f => f.NextCheckAt,
            (f, v) => f with { NextCheckAt = v }),
        Of("HttpETag", null, Stage.Fetch, "ETag of what was read, verbatim.", f => f.HttpETag, (f, v) => f with { HttpETag = v }),
        Of("HttpLastModified", null, Stage.Fetch, "Last-Modified of what was read, verbatim.", f => f.HttpLastModified,
            (f, v) => f with { HttpLastModified = v }),
        Of("HasWork", null, Stage.Fetch, "Whether episodes wait to be fetched.", f => f.HasWork, (f, v) => f with { HasWork = v }),
        Of("Since", "UTC", Stage.Fetch, "Only episodes published from then on are wanted.", f => f.Since, (f, v) => f with { Since = v }),
        Of("Until", "UTC", Stage.Fetch, "Only episodes published before then are wanted.", f => f.Until, (f, v) => f with { Until = v }),
        Of("Match", null, Stage.Fetch, "Only episodes are wanted whose title matches this regular expression.", f => f.Match,
            (f, v) => f with { Match = v }),
        Of("Segments", null, Stage.Fetch, "Where the segments of its episodes stand: `Table` or `Blob`.", f => f.Segments,
            (f, v) => f with { Segments = v }, "Null for the setting."),
        Of("Limit", null, Stage.Fetch, "Only so many of the latest episodes are wanted.", f => f.Limit, (f, v) => f with { Limit = v }),
    ];

    /// <summary>Those that say what a podcast is, and hold no address of anybody.</summary>
    public static IReadOnlyList<Column<Feed>> Told { get; } = [.. All.Where(column => column.Name is "FeedId" or "Title" or "Slug" or "IsFollowed")];
}
