using ScottPlot;

namespace NrSer.Evaluation.Reports;

/// <summary>A line chart of a report.</summary>
/// <param name="Name">Of its file, without the extension.</param>
/// <param name="Title">What it shows.</param>
/// <param name="XLabel">With its unit.</param>
/// <param name="YLabel">With its unit.</param>
/// <param name="Lines">Points by name; NaN leaves a gap.</param>
public sealed record ReportChart(string Name, string Title, string XLabel, string YLabel, IReadOnlyDictionary<string, (double X, double Y)[]> Lines)
{
    private const int WidthPixels = 900, HeightPixels = 600;

    /// <summary>Draws it as a PNG into a folder.</summary>
    public void Draw(DirectoryInfo folder)
    {
        using var plot = new Plot();
        foreach ((string name, (double X, double Y)[] points) in Lines)
        {
            (double X, double Y)[] known = [.. points.Where(point => double.IsFinite(point.X) && double.IsFinite(point.Y))];
            plot.Add.Scatter(known.Select(point => point.X).ToArray(), known.Select(point => point.Y).ToArray()).LegendText = name;
        }

        plot.Title(Title);
        plot.XLabel(XLabel);
        plot.YLabel(YLabel);
        plot.ShowLegend(Edge.Right);
        plot.SavePng(Path.Combine(folder.FullName, $"{Name}.png"), WidthPixels, HeightPixels);
    }
}
