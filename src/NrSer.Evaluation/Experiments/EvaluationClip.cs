namespace NrSer.Evaluation.Experiments;

/// <summary>One row of a manifest: something to judge the method on.</summary>
/// <param name="Recording">The recording as it is, or null when it is to be mixed from the other two.</param>
/// <param name="Clean">The same without noise, or null.</param>
/// <param name="Noise">The noise alone, or null.</param>
/// <param name="SnrDb">Where clean speech and noise are to be mixed, or were; null without noise.</param>
/// <param name="Label">The emotion, or null.</param>
/// <param name="Speaker">Who speaks; intervals are drawn over speakers. For noise, which recording it is from.</param>
/// <param name="Corpus">Where it is from.</param>
/// <param name="NoiseType">What kind of noise, e.g. <c>babble</c>; empty without noise.</param>
/// <param name="Ratings">Arousal, valence and dominance as people rated them, or null.</param>
public sealed record EvaluationClip(
    FileInfo? Recording, FileInfo? Clean, FileInfo? Noise, double? SnrDb, string? Label, string Speaker, string Corpus, string NoiseType,
    Ratings? Ratings)
{
    /// <summary>What it may be used for, as the manifest says; null leaves that to chance.</summary>
    public Split? Split { get; init; }

    /// <summary>Noise alone: nobody speaks.</summary>
    public bool IsNoiseOnly => Noise is not null && Clean is null && Recording is null;

    /// <summary>
    /// Whether a type of noise is made of voices, though nobody speaks to the listener: one that passes the gate is no mistake, and is told apart.
    /// </summary>
    /// <param name="noiseType">As <see cref="NoiseType"/>.</param>
    public static bool IsOfVoices(string noiseType) => noiseType is "babble" or "singing";

    /// <summary>Speech with noise in it, and the clean speech to compare with.</summary>
    public bool IsPair => Clean is not null && (Recording is not null || Noise is not null);

    /// <summary>The speaker, told from those of the same name in other corpora; for noise, the recording.</summary>
    public string Source => $"{Corpus}/{Speaker}";

    /// <summary>What to open when the row is no mixture.</summary>
    public FileInfo File => Recording ?? Clean ?? Noise!;
}

/// <summary>What a clip may be used for where something is fitted.</summary>
public enum Split
{
    /// <summary>To fit on.</summary>
    Train,

    /// <summary>To choose by.</summary>
    Validation,

    /// <summary>To measure on what was fitted and chosen without it.</summary>
    Test,
}
