using System.ComponentModel.DataAnnotations;
using System.Globalization;
using Microsoft.Extensions.Options;
using NrSer.Pipeline.Results.Tables;

namespace NrSer.Pipeline.Forgetting;

/// <summary>How long each store keeps what it has of a recording, counted from the day of its upload; null for ever.</summary>
/// <remarks>Nothing may be gone that something else is found or made from: rows lead to everything, and the lake is made from results.</remarks>
public sealed class RetentionOptions : RetentionPeriods, IValidatableObject
{
    /// <summary>The configuration section.</summary>
    public const string Section = "NrSer:Retention";

    private const int FeedIdChars = 16;

    private static readonly TimeSpan s_shortest = TimeSpan.Parse(Shortest, CultureInfo.InvariantCulture);
    private static readonly TimeSpan s_longest = TimeSpan.Parse(Longest, CultureInfo.InvariantCulture);

    /// <summary>What holds for the recordings of podcasts, by the feed's id; what is not said there holds as for all others.</summary>
    public IDictionary<string, RetentionPeriods> Feeds { get; init; } = new Dictionary<string, RetentionPeriods>(StringComparer.Ordinal);

    /// <summary>What holds for whom, in the order in which it goes.</summary>
    public IEnumerable<RetentionRule> Rules
    {
        get
        {
            foreach (RetentionStore store in Enum.GetValues<RetentionStore>())
            {
                string[] own = [.. Feeds.Where(feed => feed.Value.Of(store) is not null).Select(feed => feed.Key).Order(StringComparer.Ordinal)];
                if (Of(store) is { } period)
                    yield return new RetentionRule(store, period, FeedId: null, own);
                foreach (string feed in own)
                    yield return new RetentionRule(store, Feeds[feed].Of(store)!.Value, feed, []);
            }
        }
    }

    /// <summary>How long what is kept of a recording, in words; null where all of it is kept until it is forgotten.</summary>
    /// <param name="feedId">The podcast that it is of; null for none.</param>
    public string? InWords(string? feedId)
    {
        RetentionPeriods? own = feedId is null ? null : Feeds.TryGetValue(feedId, out RetentionPeriods? found) ? found : null;
        string words = string.Join(", ", Enum.GetValues<RetentionStore>().Select(store => (Store: store, Period: own?.Of(store) ?? Of(store)))
            .Where(each => each.Period is not null)
            .Select(each => string.Create(CultureInfo.InvariantCulture, $"{each.Store} {each.Period!.Value.TotalDays:0.##} days")));
        return words.Length == 0 ? null : words;
    }

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (ValidationResult wrong in Validate(Section, Of))
            yield return wrong;
        foreach ((string feed, RetentionPeriods own) in Feeds)
        {
            string section = $"{Section}:Feeds:{feed}";
            if (feed.Length != FeedIdChars || !feed.All(char.IsAsciiHexDigitLower))
                yield return new ValidationResult($"{section}: it takes the id of a podcast, 16 hex digits, as nrser podcast list shows it.");
            foreach (RetentionStore store in Enum.GetValues<RetentionStore>()
                .Where(store => own.Of(store) < s_shortest || own.Of(store) > s_longest))
                yield return new ValidationResult($"{section}:{store} takes {Shortest} to {Longest}.");
            foreach (ValidationResult wrong in Validate(section, store => own.Of(store) ?? Of(store)))
                yield return wrong;
        }
    }

    /// <summary>Whether what is kept together can go so.</summary>
    private static IEnumerable<ValidationResult> Validate(string section, Func<RetentionStore, TimeSpan?> periodOf)
    {
        if (periodOf(RetentionStore.Results) is { } results && !(periodOf(RetentionStore.Lake) <= results))
            yield return new ValidationResult($"{section}:Lake must be set, and no longer than Results ({results}): the lake is made from them.");
        if (periodOf(RetentionStore.Rows) is not { } rows)
            yield break;
        foreach (RetentionStore store in Enum.GetValues<RetentionStore>().Where(store => !(periodOf(store) <= rows)))
            yield return new ValidationResult($"{section}:{store} must be set, and no longer than Rows ({rows}): rows lead to everything else.");
    }
}

/// <summary>Periods by store.</summary>
public class RetentionPeriods
{
    /// <summary>The shortest period, and the longest.</summary>
    private protected const string Shortest = "1.00:00:00", Longest = "36500.00:00:00";

    /// <summary>Uploads, with versions and snapshots: 1 day to 100 years.</summary>
    [Range(typeof(TimeSpan), Shortest, Longest)] public TimeSpan? Uploads { get; init; }

    /// <summary>Decoded and enhanced audio, and manifests: 1 day to 100 years.</summary>
    [Range(typeof(TimeSpan), Shortest, Longest)] public TimeSpan? WorkAudio { get; init; }

    /// <summary>Parquet files and segments of single recordings: 1 day to 100 years; the lake may keep them no longer.</summary>
    [Range(typeof(TimeSpan), Shortest, Longest)] public TimeSpan? Results { get; init; }

    /// <summary>Receipts: 1 day to 100 years.</summary>
    [Range(typeof(TimeSpan), Shortest, Longest)] public TimeSpan? Receipts { get; init; }

    /// <summary>Rows in the lake: 1 day to 100 years.</summary>
    [Range(typeof(TimeSpan), Shortest, Longest)] public TimeSpan? Lake { get; init; }

    /// <summary>Rows of tables, what is known of names included: 1 day to 100 years; nothing else may be kept for longer.</summary>
    [Range(typeof(TimeSpan), Shortest, Longest)] public TimeSpan? Rows { get; init; }

    /// <summary>How long a store keeps what it has; null for ever, or where another says.</summary>
    /// <param name="store">The store.</param>
    public TimeSpan? Of(RetentionStore store) => store switch
    {
        RetentionStore.Uploads => Uploads,
        RetentionStore.WorkAudio => WorkAudio,
        RetentionStore.Lake => Lake,
        RetentionStore.Results => Results,
        RetentionStore.Receipts => Receipts,
        _ => Rows,
    };
}

/// <summary>How long a store keeps what it has, and of what.</summary>
/// <param name="Store">The store.</param>
/// <param name="Period">Since the day of upload.</param>
/// <param name="FeedId">Of the podcast alone; null for all recordings.</param>
/// <param name="Except">But for those of podcasts that have rules of their own.</param>
public sealed record RetentionRule(RetentionStore Store, TimeSpan Period, string? FeedId, IReadOnlyList<string> Except)
{
    /// <summary>Tells it from the others.</summary>
    public string Key => FeedId is null ? Store.ToString() : $"{Store}-{FeedId}";

    /// <summary>The rule that was reported or applied; null of a store that is not known here.</summary>
    /// <param name="mark">How far it has come.</param>
    public static RetentionRule? Of(RetentionMark mark)
    {
        ArgumentNullException.ThrowIfNull(mark);
        string[] parts = mark.Store.Split('-', 2);
        return Enum.TryParse(parts[0], out RetentionStore store)
            ? new RetentionRule(store, mark.Period, parts.ElementAtOrDefault(1), mark.Except.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            : null;
    }

    /// <inheritdoc/>
    public override string ToString() => FeedId is null ? Store.ToString() : $"{Store} of podcast {FeedId}";
}

/// <summary>What is kept for a time of its own.</summary>
public enum RetentionStore
{
    /// <summary>What was uploaded.</summary>
    Uploads,

    /// <summary>Audio between stages.</summary>
    WorkAudio,

    /// <summary>Rows in the lake.</summary>
    Lake,

    /// <summary>Parquet files and segments of single recordings.</summary>
    Results,

    /// <summary>Receipts.</summary>
    Receipts,

    /// <summary>Rows of tables.</summary>
    Rows,
}

[OptionsValidator]
internal sealed partial class RetentionOptionsValidator : IValidateOptions<RetentionOptions>;
