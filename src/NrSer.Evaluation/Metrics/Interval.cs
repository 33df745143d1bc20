namespace NrSer.Evaluation.Metrics;

/// <summary>A figure with its 95 % interval.</summary>
/// <param name="Value">The figure over all items.</param>
/// <param name="Low">Lower end; NaN where there is only one speaker.</param>
/// <param name="High">Upper end; NaN where there is only one speaker.</param>
public readonly record struct Interval(double Value, double Low, double High);
