using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace NrSer.Pipeline.Lake;

/// <summary>When the lake is compacted, and what that may take.</summary>
public sealed class LakeOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "NrSer:Lake";

    /// <summary>Pause between looks at what has ended: 1 s to 1 day.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")] public TimeSpan Interval { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>A recording that ended this long ago is taken in, however few wait: 0 s to 1 day.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")] public TimeSpan CompactAfter { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>So many that wait are taken in at once: 1 to 100,000.</summary>
    [Range(1, 100_000)] public int CompactAt { get; init; } = 50;

    /// <summary>Rows of a part of segments, after which the next is begun: 1 to 1,048,576. A recording with more has a part of its own, and one
    /// that grew with a retry stays in its part.</summary>
    [Range(1, 1 << 20)] public int MaxPartRows { get; init; } = 1 << 20;

    /// <summary>Memory that sorting and joining may take before they go on on disk: 64 to 65,536 MB.</summary>
    [Range(64, 65_536)] public int MemoryMegabytes { get; init; } = 256;
}

[OptionsValidator]
internal sealed partial class LakeOptionsValidator : IValidateOptions<LakeOptions>;
