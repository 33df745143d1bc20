namespace NrSer.Pipeline.Results;

/// <summary>What computed a result, each as <c>name@version</c>.</summary>
/// <param name="Enhancer">The enhancer.</param>
/// <param name="SnrLevel">The SNR-level block.</param>
/// <param name="Emotion">The emotion model; null when no segment held speech.</param>
/// <param name="Quality">The lowest quality among them.</param>
public sealed record ReceiptModelsV1(string? Enhancer, string? SnrLevel, string? Emotion, string? Quality);
