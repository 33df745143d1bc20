using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace NrSer.Pipeline.Stages;

/// <summary>When Sweep steps in.</summary>
public sealed class SweepOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "NrSer:Sweep";

    /// <summary>Pause between sweeps: 1 s to 1 day.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")] public TimeSpan Interval { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>A blob without a row this long after its upload has lost its event: 0 s to 1 day.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")] public TimeSpan LostEventAfter { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>A recording without any progress for this long, and without a message that may still wait in a queue, is started again: 1 min to 7
    /// days.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "7.00:00:00")] public TimeSpan StuckAfter { get; init; } = TimeSpan.FromHours(6);

    /// <summary>A recording of which so many runs got stuck or lost their segments is failed: 1 to 100.</summary>
    [Range(1, 100)] public int MaxFailedRuns { get; init; } = 3;

    /// <summary>How often everything is looked through, listing every upload: 1 s to 30 days.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "30.00:00:00")] public TimeSpan ReconcileEvery { get; init; } = TimeSpan.FromDays(1);

    /// <summary>How far back rows are looked at when everything is: 1 to 3650 days.</summary>
    [Range(1, 3650)] public int LookBackDays { get; init; } = 400;
}

[OptionsValidator]
internal sealed partial class SweepOptionsValidator : IValidateOptions<SweepOptions>;
