using NrSer.Pipeline.Results;

namespace NrSer.Pipeline.Podcasts;

/// <summary>What came of reading a feed.</summary>
/// <param name="Feed">As it stands now.</param>
/// <param name="Outcome">In a word.</param>
public sealed record FeedUpdateResult(Feed Feed, FeedUpdateOutcome Outcome)
{
    /// <summary>Episodes that were not known.</summary>
    public int NewEpisodes { get; init; }

    /// <summary>Whether it would fail again.</summary>
    public bool IsForGood { get; init; }

    /// <summary>What was passed over, a sentence each.</summary>
    public IReadOnlyList<string> Remarks { get; init; } = [];

    /// <summary>Of one that somebody else had forgotten meanwhile.</summary>
    /// <param name="feed">As it stood.</param>
    public static FeedUpdateResult Forgotten(Feed feed) =>
        new(feed with { Reason = "It was forgotten while it was read." }, FeedUpdateOutcome.Forgotten);
}

/// <summary>What came of reading a feed.</summary>
public enum FeedUpdateOutcome
{
    /// <summary>It was read.</summary>
    Read,

    /// <summary>Its server says that it is as it was.</summary>
    Unchanged,

    /// <summary>Its server wants no question yet.</summary>
    NotDue,

    /// <summary>It could not be read; its reason says why.</summary>
    Failed,

    /// <summary>It was forgotten while it was read; what had been written of it is taken back.</summary>
    Forgotten,
}
