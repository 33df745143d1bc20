namespace NrSer.Evaluation.Experiments;

/// <summary>How people rated an utterance, on the scale of the corpus.</summary>
public sealed record Ratings(float Arousal, float Valence, float Dominance);
