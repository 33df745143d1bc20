using System.Text.Json;
using System.Text.Json.Serialization;

namespace NrSer.Evaluation.Reports;

/// <summary>A report for programs.</summary>
public static partial class ReportJson
{
    /// <summary>The report as one indented object; its charts are left out, as pictures of what the tables say.</summary>
    public static string Write(Report report) => JsonSerializer.Serialize(EvaluationV1.Of(report), ReportJsonContext.Default.EvaluationV1);

    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
    [JsonSerializable(typeof(EvaluationV1))]
    private sealed partial class ReportJsonContext : JsonSerializerContext;

    private sealed record EvaluationV1(string Experiment, IReadOnlyList<string> Models, IReadOnlyList<string> Notes, IReadOnlyList<ClaimV1> Claims,
        IReadOnlyList<TableV1> Tables)
    {
        public static EvaluationV1 Of(Report report) => new(
            report.Title, report.Models, [.. report.Notes], [.. report.Claims.Select(ClaimV1.Of)],
            [.. report.Tables.Select(table => new TableV1(table.Title, table.Columns, table.Rows))]);
    }

    /// <summary>A claim and its verdict; numbers that could not be computed are null.</summary>
    private sealed record ClaimV1(string Claim, string Verdict, double? Value, double? Low, double? High)
    {
        public static ClaimV1 Of(Claim claim) =>
            new(claim.Text, claim.Verdict, Finite(claim.Figure.Value), Finite(claim.Figure.Low), Finite(claim.Figure.High));

        private static double? Finite(double value) => double.IsFinite(value) ? value : null;
    }

    /// <summary>A table: cells as text, with intervals in brackets.</summary>
    private sealed record TableV1(string Title, IReadOnlyList<string> Columns, IReadOnlyList<IReadOnlyList<string>> Rows);
}
