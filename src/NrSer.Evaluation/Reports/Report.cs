using System.Globalization;
using NrSer.Evaluation.Metrics;

namespace NrSer.Evaluation.Reports;

/// <summary>What an experiment found, before it is printed in one form or another.</summary>
/// <param name="Title">Of the experiment.</param>
/// <param name="Models">Names and versions of those that took part.</param>
public sealed record Report(string Title, IReadOnlyList<string> Models)
{
    /// <summary>What a reader has to know: what was left out, how many there were.</summary>
    public IList<string> Notes { get; } = [];

    /// <summary>Claims of the paper, each with its verdict.</summary>
    public IList<Claim> Claims { get; } = [];

    /// <summary>The figures.</summary>
    public IList<ReportTable> Tables { get; } = [];

    /// <summary>The same as pictures.</summary>
    public IList<ReportChart> Charts { get; } = [];

    /// <summary>Draws every chart as a PNG into a folder, which is made when it is not there.</summary>
    public void Draw(DirectoryInfo folder)
    {
        folder.Create();
        foreach (ReportChart chart in Charts)
            chart.Draw(folder);
    }

    /// <summary>A cell: the figure with its interval, or with the number of speakers where they are too few for one.</summary>
    /// <param name="interval">The figure.</param>
    /// <param name="format">Of its numbers.</param>
    public static string Cell(Interval interval, string format = "F3") => Cell(interval.Value, format) + interval switch
    {
        { Value: double.NaN } => "",
        { Speakers: < CrossedBootstrap.LeastSpeakers } => $" (n = {interval.Speakers})",
        { Low: double.NaN } => "",
        _ => $" [{Cell(interval.Low, format)}, {Cell(interval.High, format)}]",
    };

    /// <summary>The format of differences.</summary>
    public const string DifferenceFormat = "+0.000;-0.000;0.000";

    /// <summary>A cell without an interval; a dash for what could not be computed.</summary>
    /// <param name="value">The figure.</param>
    /// <param name="format">Of the number.</param>
    public static string Cell(double value, string format = "F3") => double.IsNaN(value) ? "–"
        // no sign before zero
        : (format is "F3" or DifferenceFormat && Math.Abs(value) < 0.0005 ? 0 : value).ToString(format, CultureInfo.InvariantCulture);
}
