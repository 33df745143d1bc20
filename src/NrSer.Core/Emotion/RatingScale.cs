using System.Globalization;

namespace NrSer.Core.Emotion;

/// <summary>The scale that arousal, valence and dominance are told on.</summary>
/// <param name="Lowest">Its lowest rating.</param>
/// <param name="Highest">Its highest.</param>
public readonly record struct RatingScale(float Lowest, float Highest)
{
    /// <summary>The place of a rating of this scale on another.</summary>
    /// <param name="rating">Of this scale.</param>
    /// <param name="other">The other.</param>
    public float? On(float? rating, RatingScale other) =>
        other.Lowest + ((rating - Lowest) / (Highest - Lowest) * (other.Highest - other.Lowest));

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Lowest}–{Highest}");
}
