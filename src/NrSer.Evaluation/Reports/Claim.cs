using NrSer.Evaluation.Metrics;

namespace NrSer.Evaluation.Reports;

/// <summary>Something that the paper says, and what was found of it.</summary>
/// <param name="Text">The claim.</param>
/// <param name="Verdict"><c>shown</c>, <c>not shown</c> or <c>contradicted</c>.</param>
/// <param name="Figure">The figure that it rests on.</param>
public sealed record Claim(string Text, string Verdict, Interval Figure)
{
    /// <summary>A claim that a figure is at least a bound: shown when all of its interval is, contradicted when none of it is.</summary>
    public static Claim AtLeast(string text, Interval figure, double bound) =>
        new(text, figure.Low >= bound ? "shown" : figure.High < bound ? "contradicted" : "not shown", figure);

    /// <summary>A claim that a figure is above a bound.</summary>
    public static Claim Above(string text, Interval figure, double bound) =>
        new(text, figure.Low > bound ? "shown" : figure.High <= bound ? "contradicted" : "not shown", figure);

    /// <summary>A claim that a figure is at most a bound.</summary>
    public static Claim AtMost(string text, Interval figure, double bound) =>
        new(text, figure.High <= bound ? "shown" : figure.Low > bound ? "contradicted" : "not shown", figure);
}
