using NrSer.Core.Models;

namespace NrSer.Cli.Output;

/// <summary>What computed a result, each as <c>name@version</c>, and what it is worth.</summary>
internal sealed record AnalysisModelsV1(string Enhancer, string SnrLevel, string Emotion, string Quality)
{
    public static AnalysisModelsV1 Of(ModelSet models) =>
        new(models.EnhancerEntry.Id, models.SnrLevelEntry.Id, models.EmotionEntry.Id, models.Quality);
}
