namespace NrSer.Cli.Evaluation;

/// <summary>A line chart of a report.</summary>
/// <param name="Name">Of its file, without the extension.</param>
/// <param name="Title">What it shows.</param>
/// <param name="XLabel">With its unit.</param>
/// <param name="YLabel">With its unit.</param>
/// <param name="Lines">Points by name; NaN leaves a gap.</param>
internal sealed record ReportChart(string Name, string Title, string XLabel, string YLabel, IReadOnlyDictionary<string, (double X, double Y)[]> Lines);
