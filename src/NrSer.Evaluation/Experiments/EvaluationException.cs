namespace NrSer.Evaluation.Experiments;

/// <summary>What was given cannot be evaluated as asked: a manifest, a folder or a clip is wrong or missing.</summary>
/// <param name="message">What, and what would do.</param>
public sealed class EvaluationException(string message) : Exception(message);
