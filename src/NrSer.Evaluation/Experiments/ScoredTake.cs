namespace NrSer.Evaluation.Experiments;

/// <summary>What the first half of the method said of clean speech, of speech in noise or of noise alone.</summary>
/// <param name="S">S.</param>
/// <param name="IsSpeech">Whether it passed the gate.</param>
/// <param name="Speaker">Who speaks, told from those of other corpora; for noise alone, which recording it is from.</param>
/// <param name="Corpus">Where it is from.</param>
/// <param name="NoiseType">What kind of noise; empty without.</param>
/// <param name="NoiseSource">Which recording the noise of a mixture is from; null otherwise.</param>
/// <param name="SnrDb">Where it was mixed; null otherwise.</param>
/// <param name="IsNoiseAlone">Whether nobody speaks.</param>
/// <param name="IsScreened">Whether the screen's word was enough.</param>
public sealed record ScoredTake(
    float S, bool IsSpeech, string Speaker, string Corpus, string NoiseType, string? NoiseSource, double? SnrDb, bool IsNoiseAlone = false,
    bool IsScreened = false);
