namespace NrSer.Cli.Evaluation;

/// <summary>How people rated an utterance, on the scale of the corpus.</summary>
internal sealed record Ratings(float Arousal, float Valence, float Dominance);
