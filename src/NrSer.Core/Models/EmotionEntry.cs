using System.Text.Json.Serialization;

namespace NrSer.Core.Models;

/// <summary>What an emotion model's outputs mean, and when its word counts.</summary>
/// <param name="Labels">Categories in the order of the logits, as the model's makers call them; empty when the model rates alone.</param>
/// <param name="Attributes">Attributes in the order of the last output; empty when the model has none.</param>
/// <param name="AttributeRange">Lowest and highest rating of the scale the attributes were learned on.</param>
/// <param name="MinimumSamples">Shortest input the network accepts.</param>
/// <param name="Trust">How far an estimate can be trusted, from 0 to 1.</param>
/// <param name="ReportableAbove">From this trust on, itself included, an estimate is reported, 0 to 1. The default stands for no choice: one
/// half.</param>
public sealed record EmotionEntry(
    IReadOnlyList<string> Labels, IReadOnlyList<string> Attributes, IReadOnlyList<float> AttributeRange, int MinimumSamples,
    TrustRule Trust = TrustRule.Confidence, float ReportableAbove = 0.5f)
{
    /// <summary>
    /// Names of <see cref="EmotionVocabulary"/> for labels that are called otherwise; null for an output that is no emotion, such as one for raters
    /// who did not agree, which is left out of the probabilities. Labels that stand for one emotion, such as neutral and calm, are added up. Not
    /// needed where labels and vocabulary agree.
    /// </summary>
    public IReadOnlyDictionary<string, string?>? Vocabulary { get; init; }

    /// <summary>
    /// T: what the network says of each emotion is raised to 1/T, and made to add up to 1 again. Above 1 it is less sure of itself, below 1 more so
    /// (Guo et al. 2017). Null is 1.
    /// </summary>
    public float? Temperature { get; init; }

    /// <summary>
    /// Shortest and longest input that the network was trained on, in samples: what is shorter is repeated, of what is longer even windows are heard
    /// and their logits averaged. Null takes everything as it is.
    /// </summary>
    public IReadOnlyList<int>? TrainedSamples { get; init; }

    /// <summary>
    /// Slope and offset of <see cref="TrustRule.Calibrated"/>, in log-odds; null under any other rule.
    /// </summary>
    public IReadOnlyList<float>? TrustLine { get; init; }

    /// <summary>What results call each label, in the order of the logits; null where it is left out.</summary>
    [JsonIgnore]
    public IReadOnlyList<string?> Emotions =>
        [.. Labels.Select(label => Vocabulary is not null && Vocabulary.TryGetValue(label, out string? name) ? name : label)];
}

/// <summary>Rules that make a trust of what a model says.</summary>
public enum TrustRule
{
    /// <summary>The probability of the likeliest emotion.</summary>
    Confidence,

    /// <summary>
    /// How often such a probability p was right about speakers, languages and recordings that training never heard: log-odds that are a straight
    /// line of p's own, slope · ln(p / (1 − p)) + offset (Platt 1999).
    /// </summary>
    Calibrated,
}
