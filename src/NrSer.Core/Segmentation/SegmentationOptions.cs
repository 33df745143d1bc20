using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace NrSer.Core.Segmentation;

/// <summary>How audio is cut into chunks and segments.</summary>
public sealed class SegmentationOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "NrSer:Segmentation";

    /// <summary>Longest chunk, the unit of work and retry: 10 s to 5 min.</summary>
    [Range(typeof(TimeSpan), "00:00:10", "00:05:00")] public TimeSpan MaxChunk { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Segment length that is aimed at where pauses leave a choice: 2 to 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:02", "00:00:10")] public TimeSpan TargetSegment { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Below this mean power a segment is silence and holds no speech, whatever its score: −120 to −30 dBFS.</summary>
    [Range(-120.0, -30.0)] public double SilenceBelowDbfs { get; init; } = -70;

    /// <summary>Length of the cross-fade where the mix weight changes: 1 to 250 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:00:00.250")] public TimeSpan CrossFade { get; init; } = TimeSpan.FromMilliseconds(50);
}

[OptionsValidator]
internal sealed partial class SegmentationOptionsValidator : IValidateOptions<SegmentationOptions>;
