namespace NrSer.Core.Models;

/// <summary>What an emotion model's outputs mean.</summary>
/// <param name="Labels">Categories in the order of the logits.</param>
/// <param name="Attributes">Attributes in the order of the second output; empty when the model has none.</param>
/// <param name="AttributeRange">Lowest and highest rating of the scale the attributes were learned on.</param>
/// <param name="MinimumSamples">Shortest input the network accepts.</param>
public sealed record EmotionEntry(
    IReadOnlyList<string> Labels, IReadOnlyList<string> Attributes, IReadOnlyList<float> AttributeRange, int MinimumSamples);
