namespace NrSer.Evaluation.Reports;

/// <summary>A report for a document.</summary>
public static class ReportMarkdown
{
    /// <summary>The report as a section with a heading of the third level; its charts are left out.</summary>
    public static string Write(Report report) => string.Join('\n', Lines(report));

    private static IEnumerable<string> Lines(Report report)
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

        static string Row(IEnumerable<string> cells) =>
            $"| {string.Join(" | ", cells.Select(cell => cell.Replace("|", "\\|", StringComparison.Ordinal)))} |";
    }
}
