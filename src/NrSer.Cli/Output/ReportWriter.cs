using NrSer.Evaluation.Reports;
using Spectre.Console;

namespace NrSer.Cli.Output;

/// <summary>Prints a report for people, for a document or for a program.</summary>
internal static class ReportWriter
{
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
                Console.Out.WriteLine(ReportJson.Write(report));
                break;
            case Format.Markdown:
                Console.Out.WriteLine(ReportMarkdown.Write(report));
                break;
            default:
                PrintText(report);
                break;
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
}
