using System.Text.Json.Serialization;
using NrSer.Core.Models;

namespace NrSer.Pipeline.Results;

/// <summary>What computes results, each as <c>name@version</c>.</summary>
/// <param name="Enhancer">The enhancer.</param>
/// <param name="SnrLevel">The SNR-level block.</param>
/// <param name="Emotion">The emotion model.</param>
/// <param name="Quality">The lowest quality among them: <c>demonstration</c> or <c>production</c>.</param>
/// <param name="ScreenEnhancer">The enhancer that hears everything first; null where there is none.</param>
/// <param name="ScreenSnrLevel">Its SNR-level block.</param>
public sealed record ModelNames(
    string Enhancer, string SnrLevel, string Emotion, string Quality,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? ScreenEnhancer = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? ScreenSnrLevel = null)
{
    /// <summary>Those of this process.</summary>
    /// <param name="models">The chosen models.</param>
    public static ModelNames Of(ModelSet models)
    {
        ArgumentNullException.ThrowIfNull(models);
        return new(
            models.EnhancerEntry.Id, models.SnrLevelEntry.Id, models.EmotionEntry.Id, models.Quality, models.Screen?.Enhancer.Id,
            models.Screen?.SnrLevel.Id);
    }
}
