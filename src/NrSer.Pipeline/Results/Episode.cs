using System.Security.Cryptography;
using System.Text;

namespace NrSer.Pipeline.Results;

/// <summary>One episode of a feed.</summary>
/// <remarks><see cref="EpisodeColumns"/> says what each property means.</remarks>
public sealed record Episode
{
    /// <summary>Its feed.</summary>
    public required string FeedId { get; init; }

    /// <summary>16 hex digits, of the identity under which it was first seen.</summary>
    public required string Key { get; init; }

    /// <inheritdoc cref="EpisodeStatus"/>
    public EpisodeStatus Status { get; init; }

    /// <summary>Why it stands so, a sentence; empty where that needs none.</summary>
    public string? Reason { get; init; }

    /// <summary>Its GUID, verbatim; null without one.</summary>
    public string? ItemId { get; init; }

    /// <summary>Where its audio is; may hold a token.</summary>
    public string? Url { get; init; }

    /// <summary>Its title.</summary>
    public string? Title { get; init; }

    /// <summary>Page with its description.</summary>
    public string? Link { get; init; }

    /// <summary>When it was published.</summary>
    public DateTimeOffset? PublishedAt { get; init; }

    /// <summary>Season.</summary>
    public int? Season { get; init; }

    /// <summary>Number within the season.</summary>
    public int? Number { get; init; }

    /// <summary>Length as the feed declares it.</summary>
    public double? DeclaredSeconds { get; init; }

    /// <summary>Size as the feed declares it.</summary>
    public long? DeclaredBytes { get; init; }

    /// <summary>Media type as the feed declares it.</summary>
    public string? DeclaredType { get; init; }

    /// <summary>Whether the feed says that it is for adults alone.</summary>
    public bool? IsExplicit { get; init; }

    /// <summary>The publisher's transcript; may hold a token.</summary>
    public string? TranscriptUrl { get; init; }

    /// <summary>The publisher's chapters; may hold a token.</summary>
    public string? ChaptersUrl { get; init; }

    /// <summary>Its blob in the recordings container; of a duplicate, that of the first.</summary>
    public string? BlobName { get; init; }

    /// <summary>SHA-256 of the content, lower-case hex.</summary>
    public string? Sha256 { get; init; }

    /// <summary>Size of the content.</summary>
    public long? ContentBytes { get; init; }

    /// <summary>When it was stored.</summary>
    public DateTimeOffset? StoredAt { get; init; }

    /// <summary>Another program that downloaded it before, as its archive says: it is not fetched again.</summary>
    public string? DownloadedBy { get; init; }

    /// <summary>How often fetching it ended badly.</summary>
    public int Attempts { get; init; }

    /// <summary>Not before then, by what its server said.</summary>
    public DateTimeOffset? NextAttemptAt { get; init; }

    /// <summary>Who fetches it: machine and process.</summary>
    public string? FetchedBy { get; init; }

    /// <summary>Until when that is believed.</summary>
    public DateTimeOffset? FetchedUntil { get; init; }

    /// <summary>Of the row, as the store tells; null for a new one.</summary>
    public string? Version { get; init; }

    /// <summary>Every key that its feed may give it: by its GUID, by its file, and the one that it has.</summary>
    public IEnumerable<string> Keys
    {
        get
        {
            var identities = new List<string>();
            if (ItemId is { } id)
                identities.Add($"guid {id}");
            if (Uri.TryCreate(Url, UriKind.Absolute, out Uri? address))
                identities.AddRange([$"file {FileOf(address)}", $"file {address.AbsoluteUri}"]);
            return identities.Select(identity => KeyOf(FeedId, identity)).Append(Key).Distinct(StringComparer.Ordinal);
        }
    }

    /// <summary>The key of an episode.</summary>
    /// <param name="feedId">Its feed.</param>
    /// <param name="identity">What tells it from others of the feed.</param>
    public static string KeyOf(string feedId, string identity) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{feedId}\n{identity}")).AsSpan(0, 8));

    /// <summary>An audio file's address without its query.</summary>
    /// <param name="address">The address.</param>
    public static string FileOf(Uri address)
    {
        ArgumentNullException.ThrowIfNull(address);
        return address.GetLeftPart(UriPartial.Path);
    }
}

/// <summary>How an episode stands.</summary>
public enum EpisodeStatus
{
    /// <summary>It waits to be fetched.</summary>
    Listed,

    /// <summary>Somebody fetches it.</summary>
    Fetching,

    /// <summary>It lies in the recordings container.</summary>
    Stored,

    /// <summary>Its content was stored before, under another name.</summary>
    Duplicate,

    /// <summary>It is not wanted, by the rules of its feed.</summary>
    Skipped,

    /// <summary>It cannot be fetched.</summary>
    Failed,

    /// <summary>It was deleted for good and is not fetched again.</summary>
    Forgotten,
}
