using System.Globalization;
using NrSer.Pipeline.Work;

namespace NrSer.Pipeline.Uploads;

/// <summary>What an upload's metadata may say of it; whoever drops files may set the same.</summary>
public static class UploadMetadata
{
    /// <summary><c>Bulk</c> for one of an archive, which what somebody waits for may overtake; else <c>Live</c>.</summary>
    public const string LaneName = "nrser_lane";

    /// <summary>When it was recorded or published, ISO 8601.</summary>
    public const string RecordedAt = "recordedAt";

    /// <summary>Where a person can hear it: an address of http or https.</summary>
    public const string ListenUrl = "listenUrl";

    /// <summary>Its length in seconds, as its publisher says.</summary>
    public const string DeclaredSeconds = "declaredSeconds";

    /// <summary>SHA-256 of its content, lower-case hex.</summary>
    public const string Sha256 = "sha256";

    /// <summary>Words for finding it again, divided by commas or semicolons; percent-encoded where they are no ASCII, as headers must be.</summary>
    public const string Tags = "tags";

    /// <summary>SHA-256 of the address that it was fetched from, lower-case hex: the address itself may hold a token.</summary>
    public const string Source = "source";

    /// <summary>The feed of the episode that it is; with <see cref="EpisodeKey"/>.</summary>
    public const string FeedId = "feedId";

    /// <summary>The episode that it is, within its feed.</summary>
    public const string EpisodeKey = "episodeKey";

    internal const int MaxAddressChars = 2000; // browsers take no longer one, and all metadata together no more than 8 KiB

    /// <summary>What somebody says of a recording, as metadata.</summary>
    /// <param name="recordedAt">When it was recorded or published; null where nobody knows.</param>
    /// <param name="tags">As <see cref="TagsOf(string)"/> has them.</param>
    public static IDictionary<string, string> Of(DateTimeOffset? recordedAt, string? tags)
    {
        var metadata = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        if (recordedAt is { } time)
            metadata[RecordedAt] = time.UtcDateTime.ToString("O");
        if (tags is not null)
        {
            metadata[Tags] = string.Concat(tags.EnumerateRunes().Select(letter => letter.Value is >= ' ' and <= '~' and not '%'
                ? letter.ToString() : Uri.EscapeDataString(letter.ToString())));
        }

        return metadata;
    }

    /// <summary>Tags in their one form: each once, divided by a comma and a space; null where there are none.</summary>
    /// <param name="text">Divided by commas or semicolons.</param>
    public static string? TagsOf(string? text)
    {
        IEnumerable<string> tags = (text ?? "").Split(',', ';')
            .Select(tag => string.Concat(tag.Where(letter => !char.IsControl(letter))).Trim())
            .Where(tag => tag.Length > 0).Distinct(StringComparer.OrdinalIgnoreCase);
        return string.Join(", ", tags) is { Length: > 0 } all ? all : null;
    }

    /// <summary>The tags, as <see cref="TagsOf(string)"/> has them.</summary>
    internal static string? TagsOf(IDictionary<string, string> metadata) => TagsOf(Uri.UnescapeDataString(Find(metadata, Tags) ?? ""));

    /// <summary>The lane; that of whoever waits for what says none.</summary>
    internal static Lane LaneOf(IDictionary<string, string> metadata) =>
        Enum.TryParse(Find(metadata, LaneName), ignoreCase: true, out Lane lane) && Enum.IsDefined(lane) ? lane : default;

    /// <summary>The episode that an upload is; null where it is none.</summary>
    internal static (string FeedId, string Key)? EpisodeOf(IDictionary<string, string> metadata) =>
        Find(metadata, FeedId) is { } feed && Find(metadata, EpisodeKey) is { } key ? (feed, key) : null;

    /// <summary>The time in ISO 8601; null for what is none, since anybody may write anything.</summary>
    internal static DateTimeOffset? RecordedAtOf(IDictionary<string, string> metadata) =>
        Find(metadata, RecordedAt) is { } text && DateTimeOffset.TryParse(
            text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out DateTimeOffset time)
            && time.Year > 1600 ? time : null; // tables know no earlier time

    /// <summary>An address of http or https without a name and a password; null for what is none.</summary>
    internal static string? ListenUrlOf(IDictionary<string, string> metadata) =>
        Uri.TryCreate(Find(metadata, ListenUrl), UriKind.Absolute, out Uri? address) && address is { UserInfo: "" }
            && (address.Scheme == Uri.UriSchemeHttps || address.Scheme == Uri.UriSchemeHttp) && address.AbsoluteUri.Length <= MaxAddressChars
            ? address.AbsoluteUri : null;

    /// <summary>A positive number of seconds; null for what is none.</summary>
    internal static double? DeclaredSecondsOf(IDictionary<string, string> metadata) =>
        double.TryParse(Find(metadata, DeclaredSeconds), NumberStyles.Float, CultureInfo.InvariantCulture, out double seconds)
            && seconds is > 0 and < 1e7 ? seconds : null;

    /// <remarks>The service keeps the case of names, and HTTP does not.</remarks>
    private static string? Find(IDictionary<string, string> metadata, string name) =>
        metadata.FirstOrDefault(pair => pair.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).Value;
}
