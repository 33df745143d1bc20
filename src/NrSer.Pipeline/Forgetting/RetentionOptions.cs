using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace NrSer.Pipeline.Forgetting;

/// <summary>How long each store keeps what it has of a recording, counted from the day of its upload; null for ever.</summary>
/// <remarks>Nothing may be gone that something else is found or made from: rows lead to everything, and the lake is made from results.</remarks>
public sealed class RetentionOptions : IValidatableObject
{
    /// <summary>The configuration section.</summary>
    public const string Section = "NrSer:Retention";

    private const string Shortest = "1.00:00:00", Longest = "36500.00:00:00";

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

    /// <summary>What is kept how long, by store; in the order in which it goes.</summary>
    public IEnumerable<(RetentionStore Store, TimeSpan Period)> Periods => new[]
    {
        (RetentionStore.Uploads, Uploads), (RetentionStore.WorkAudio, WorkAudio), (RetentionStore.Lake, Lake), (RetentionStore.Results, Results),
        (RetentionStore.Receipts, Receipts), (RetentionStore.Rows, Rows),
    }.Where(each => each.Item2 is not null).Select(each => (each.Item1, each.Item2!.Value));

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Results is { } results && !(Lake <= results))
            yield return new ValidationResult($"{Section}:Lake must be set, and no longer than Results ({results}): the lake is made from them.");
        if (Rows is not { } rows)
            yield break;
        foreach ((string name, TimeSpan? period) in new[]
        {
            (nameof(Uploads), Uploads), (nameof(WorkAudio), WorkAudio), (nameof(Results), Results), (nameof(Receipts), Receipts),
            (nameof(Lake), Lake),
        })
        {
            if (!(period <= rows))
                yield return new ValidationResult($"{Section}:{name} must be set, and no longer than Rows ({rows}): rows lead to everything else.");
        }
    }
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
