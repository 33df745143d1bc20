using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace NrSer.Core.Emotion;

/// <summary>How segments are batched.</summary>
public sealed class EmotionOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "NrSer:Emotion";

    /// <summary>Audio in one batch, all of its segments together: 10 s to 10 min. More uses more memory.</summary>
    [Range(typeof(TimeSpan), "00:00:10", "00:10:00")] public TimeSpan MaxBatch { get; init; } = TimeSpan.FromSeconds(10);
}

[OptionsValidator]
internal sealed partial class EmotionOptionsValidator : IValidateOptions<EmotionOptions>;
