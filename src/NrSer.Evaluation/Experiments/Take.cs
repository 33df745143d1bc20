namespace NrSer.Evaluation.Experiments;

/// <summary>One hearing of a speech clip.</summary>
/// <param name="SnrDb">Where it was mixed; null without noise, NaN where nobody knows.</param>
/// <param name="NoiseType">What kind of noise; empty without.</param>
/// <param name="NoiseSource">Which recording the noise is from; null without noise, or where nobody knows.</param>
/// <param name="Recording">x, [samples], what is heard.</param>
/// <param name="Clean">s, [samples], what a perfect enhancer would make of it.</param>
public sealed record Take(double? SnrDb, string NoiseType, string? NoiseSource, float[] Recording, float[] Clean);
