using System.Text.Json;
using NrSer.Cli.Evaluation;
using ScottPlot;
using Spectre.Console;

namespace NrSer.Cli.Output;

/// <summary>Prints a report for people, for a document or for a program, and draws its charts.</summary>
internal static class ReportWriter
{
    private const int ChartWidth = 900, ChartHeight = 600;

    /// <summary>Forms that a report can be printed in.</summary>
    public enum Format
    {
        Text,
        Markdown,
        Json,
    }

    /// <summary>Prints it.</summary>
    public static void Print(Report report, Format format)
    {
        switch (format)
        {
            case Format.Json:
                Console.Out.WriteLine(JsonSerializer.Serialize(EvaluationV1.Of(report), CliJsonContext.Default.EvaluationV1));
                break;
            case Format.Markdown:
                Console.Out.WriteLine(string.Join('\n', Markdown(report)));
                break;
            default:
                PrintText(report);
                break;
        }
    }

    /// <summary>Draws every chart as a PNG into a folder, which is made when it is not there.</summary>
    public static void Draw(Report report, DirectoryInfo folder)
    {
        folder.Create();
        foreach (ReportChart chart in report.Charts)
        {
            using var plot = new Plot();
            foreach ((string name, (double X, double Y)[] points) in chart.Lines)
            {
                (double X, double Y)[] known = [.. points.Where(point => double.IsFinite(point.X) && double.IsFinite(point.Y))];
                plot.Add.Scatter(known.Select(point => point.X).ToArray(), known.Select(point => point.Y).ToArray()).LegendText = name;
            }

            plot.Title(chart.Title);
            plot.XLabel(chart.XLabel);
            plot.YLabel(chart.YLabel);
            plot.ShowLegend(Edge.Right);
            plot.SavePng(Path.Combine(folder.FullName, $"{chart.Name}.png"), ChartWidth, ChartHeight);
        }
    }

    private static void PrintText(Report report)
    {
        Terminal.Data.MarkupLineInterpolated($"[bold]{report.Title}[/]  {string.Join(", ", report.Models)}");
        foreach (string note in report.Notes)
            Terminal.Data.WriteLine(note);
        foreach (ReportTable content in report.Tables)
        {
            Terminal.Data.WriteLine();
            Terminal.Data.MarkupLineInterpolated($"[bold]{content.Title}[/]");
            Table table = new Table().AddColumns([.. content.Columns.Select(Markup.Escape)]);
            foreach (IReadOnlyList<string> row in content.Rows)
                table.AddRow([.. row.Select(Markup.Escape)]);
            Terminal.Data.Write(table);
        }

        foreach (Claim claim in report.Claims)
            Terminal.Data.MarkupLineInterpolated($"{claim.Text}: [bold]{claim.Verdict}[/], {Report.Cell(claim.Figure)}");
    }

    private static IEnumerable<string> Markdown(Report report)
    {
        yield return $"### {report.Title}\n\n{string.Join(", ", report.Models.Select(model => $"`{model}`"))}. {string.Join(' ', report.Notes)}";
        foreach (ReportTable table in report.Tables)
        {
            yield return $"\n**{table.Title}**\n\n{Row(table.Columns)}\n{Row(table.Columns.Select(_ => "---"))}";
            foreach (IReadOnlyList<string> row in table.Rows)
                yield return Row(row);
        }

        if (report.Claims.Count > 0)
            yield return "";
        foreach (Claim claim in report.Claims)
            yield return $"- {claim.Text}: **{claim.Verdict}**, {Report.Cell(claim.Figure)}";

        static string Row(IEnumerable<string> cells) => $"| {string.Join(" | ", cells.Select(cell => cell.Replace("|", "\\|", StringComparison.Ordinal)))} |";
    }
}
