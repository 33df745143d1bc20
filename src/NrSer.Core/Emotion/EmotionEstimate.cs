namespace NrSer.Core.Emotion;

/// <summary>What was heard in one segment.</summary>
/// <param name="Emotion">The likeliest label; null of a classifier that rates alone.</param>
/// <param name="Probabilities">One per label of the classifier, adding up to 1, as calibrated as the model's card says.</param>
/// <param name="Arousal">Calm to excited, on the model's rating scale, or null when it was not trained on ratings.</param>
/// <param name="Valence">Unpleasant to pleasant, likewise.</param>
/// <param name="Dominance">Weak to strong, likewise.</param>
public sealed record EmotionEstimate(string? Emotion, IReadOnlyList<float> Probabilities, float? Arousal, float? Valence, float? Dominance)
{
    /// <summary>Probability of the likeliest label; 0 where there is none.</summary>
    public float Confidence => Probabilities.DefaultIfEmpty().Max();

    /// <summary>How far the estimate can be trusted, 0 to 1, by the rule that the model's entry names.</summary>
    public required float Trust { get; init; }

    /// <summary>What the ratings are told on; null where there are none.</summary>
    public RatingScale? Scale { get; init; }

    /// <summary>Whether the trust is enough for the estimate to be counted and shown.</summary>
    public required bool IsReportable { get; init; }
}
