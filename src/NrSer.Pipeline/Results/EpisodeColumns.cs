using static NrSer.Pipeline.Results.Column<NrSer.Pipeline.Results.Episode>;

namespace NrSer.Pipeline.Results;

/// <summary>Every column of an episode, once.</summary>
public static class EpisodeColumns
{
    /// <summary>In the order in which they are shown.</summary>
    public static IReadOnlyList<Column<Episode>> All { get; } =
    [
        Of("FeedId", null, Stage.Fetch, "Its feed.", e => e.FeedId, (e, v) => e with { FeedId = v }, isNullable: false, isKey: true),
        Of("EpisodeKey", null, Stage.Fetch, "The episode within its feed.", e => e.Key, (e, v) => e with { Key = v },
            "16 hex digits of a hash of feed and identity; the blob's name ends with it.", isNullable: false, isKey: true),
        Of("Status", null, Stage.Fetch, "Where it stands.", e => e.Status, (e, v) => e with { Status = v },
            "`Listed`, `Fetching`, `Stored`, `Duplicate`, `Skipped`, `Failed` or `Forgotten`."),
        Of("Reason", null, Stage.Fetch, "Why it stands so, a sentence.", e => e.Reason, (e, v) => e with { Reason = v }),
        Of("ItemId", null, Stage.Fetch, "Its GUID, verbatim.", e => e.ItemId, (e, v) => e with { ItemId = v }),
        Of("Url", null, Stage.Fetch, "Where its audio is.", e => e.Url, (e, v) => e with { Url = v }, "May hold a token."),
        Of("Title", null, Stage.Fetch, "Its title.", e => e.Title, (e, v) => e with { Title = v }),
        Of("Link", null, Stage.Fetch, "Page with its description.", e => e.Link, (e, v) => e with { Link = v }),
        Of("PublishedAt", "UTC", Stage.Fetch, "When it was published.", e => e.PublishedAt, (e, v) => e with { PublishedAt = v }),
        Of("Season", null, Stage.Fetch, "Season.", e => e.Season, (e, v) => e with { Season = v }),
        Of("Number", null, Stage.Fetch, "Number within the season.", e => e.Number, (e, v) => e with { Number = v }),
        Of("DeclaredSeconds", "s", Stage.Fetch, "Length as the feed declares it.", e => e.DeclaredSeconds, (e, v) => e with { DeclaredSeconds = v }),
        Of("DeclaredBytes", "bytes", Stage.Fetch, "Size as the feed declares it.", e => e.DeclaredBytes, (e, v) => e with { DeclaredBytes = v }),
        Of("DeclaredType", null, Stage.Fetch, "Media type as the feed declares it.", e => e.DeclaredType, (e, v) => e with { DeclaredType = v }),
        Of("IsExplicit", null, Stage.Fetch, "Whether the feed says that it is for adults alone.", e => e.IsExplicit,
            (e, v) => e with { IsExplicit = v }),
        Of("TranscriptUrl", null, Stage.Fetch, "The publisher's transcript.", e => e.TranscriptUrl, (e, v) => e with { TranscriptUrl = v }),
        Of("ChaptersUrl", null, Stage.Fetch, "The publisher's chapters.", e => e.ChaptersUrl, (e, v) => e with { ChaptersUrl = v }),
        Of("BlobName", null, Stage.Fetch, "Its blob in the recordings container.", e => e.BlobName, (e, v) => e with { BlobName = v },
            "Of a duplicate, that of the first."),
        Of("Sha256", null, Stage.Fetch, "SHA-256 of its content.", e => e.Sha256, (e, v) => e with { Sha256 = v }),
        Of("ContentBytes", "bytes", Stage.Fetch, "Size of its content.", e => e.ContentBytes, (e, v) => e with { ContentBytes = v }),
        Of("StoredAt", "UTC", Stage.Fetch, "When it was stored.", e => e.StoredAt, (e, v) => e with { StoredAt = v }),
        Of("DownloadedBy", null, Stage.Fetch, "Another program that downloaded it before.", e => e.DownloadedBy,
            (e, v) => e with { DownloadedBy = v },
            "From `nrser podcast import`; it is not fetched again."),
        Of("Attempts", null, Stage.Fetch, "How often fetching it ended badly.", e => e.Attempts, (e, v) => e with { Attempts = v }),
        Of("NextAttemptAt", "UTC", Stage.Fetch, "Before then its server wants no question.", e => e.NextAttemptAt,
            (e, v) => e with { NextAttemptAt = v }),
        Of("FetchedBy", null, Stage.Fetch, "Who fetches it.", e => e.FetchedBy, (e, v) => e with { FetchedBy = v }),
        Of("FetchedUntil", "UTC", Stage.Fetch, "Until when that is believed.", e => e.FetchedUntil, (e, v) => e with { FetchedUntil = v }),
    ];

    /// <summary>Those that say what an episode is, and hold no address of anybody.</summary>
    public static IReadOnlyList<Column<Episode>> Told { get; } = [.. All.Where(column => column.Name is
        "FeedId" or "EpisodeKey" or "Title" or "PublishedAt" or "Season" or "Number" or "IsExplicit")];
}
