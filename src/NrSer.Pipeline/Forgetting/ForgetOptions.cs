using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace NrSer.Pipeline.Forgetting;

/// <summary>When what was forgotten is looked for again.</summary>
public sealed class ForgetOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "NrSer:Forgetting";

    /// <summary>How often Sweep looks whether there is anything to forget or to look for: 1 s to 1 h.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")] public TimeSpan Interval { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>When the last look follows, after which a proof is final: 1 h to 30 days.</summary>
    [Range(typeof(TimeSpan), "01:00:00", "30.00:00:00")] public TimeSpan FinalAfter { get; init; } = TimeSpan.FromDays(1);

    /// <summary>How long logs of hosts are kept, of which proofs say until when they may remain: 1 to 4383 days, twelve years, the most of a
    /// workspace; null where nobody here knows.</summary>
    [Range(typeof(TimeSpan), "1.00:00:00", "4383.00:00:00")] public TimeSpan? LogsKept { get; init; }
}

[OptionsValidator]
internal sealed partial class ForgetOptionsValidator : IValidateOptions<ForgetOptions>;
