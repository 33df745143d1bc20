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
    public static void Print(Terminal terminal, Report report, Format format)
    {
        switch (format)
        {
            case Format.Json:
                terminal.Out.WriteLine(ReportJson.Write(report));
                break;
            case Format.Markdown:
                terminal.Out.WriteLine(ReportMarkdown.Write(report));
                break;
            default:
                PrintText(terminal, report);
                break;
        }
    }

    private static void PrintText(Terminal terminal, Report report)
    {
        terminal.Data.MarkupLineInterpolated($"[bold]{report.Title}[/]  {string.Join(", ", report.Models)}");
        foreach (string note in report.Notes)
            terminal.Data.WriteLine(note);
        foreach (ReportTable content in report.Tables)
        {
            terminal.Data.WriteLine();
            terminal.Data.MarkupLineInterpolated($"[bold]{content.Title}[/]");
            Table table = new Table().AddColumns([.. content.Columns.Select(Markup.Escape)]);
            foreach (IReadOnlyList<string> row in content.Rows)
                table.AddRow([.. row.Select(Markup.Escape)]);
            terminal.Data.Write(table);
        }

        foreach (Claim claim in report.Claims)
            terminal.Data.MarkupLineInterpolated($"{claim.Text}: [bold]{claim.Verdict}[/], {Report.Cell(claim.Figure)}");
    }
}
