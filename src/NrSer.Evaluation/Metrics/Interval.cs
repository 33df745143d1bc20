namespace NrSer.Evaluation.Metrics;

/// <summary>A figure with its 95 % interval.</summary>
/// <param name="Value">The figure over all items.</param>
/// <param name="Low">Lower end; NaN where there are too few speakers to tell.</param>
/// <param name="High">Upper end; NaN where there are too few speakers to tell.</param>
/// <param name="Speakers">How many the figure rests on; for noise alone, how many recordings.</param>
public readonly record struct Interval(double Value, double Low, double High, int Speakers);
