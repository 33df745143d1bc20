using NrSer.Core.Models;

namespace NrSer.Pipeline.Results;

/// <summary>What computes results, each as <c>name@version</c>.</summary>
/// <param name="Enhancer">The enhancer.</param>
/// <param name="SnrLevel">The SNR-level block.</param>
/// <param name="Emotion">The emotion model.</param>
/// <param name="Quality">The lowest quality among them: <c>demonstration</c> or <c>production</c>.</param>
public sealed record ModelNames(string Enhancer, string SnrLevel, string Emotion, string Quality)
{
    /// <summary>Those of this process.</summary>
    /// <param name="models">The chosen models.</param>
    public static ModelNames Of(ModelSet models)
    {
        ArgumentNullException.ThrowIfNull(models);
        return new(models.EnhancerEntry.Id, models.SnrLevelEntry.Id, models.EmotionEntry.Id, models.Quality);
    }
}
