using NrSer.Cli.Evaluation;

namespace NrSer.Cli.Output;

/// <summary>What <c>nrser evaluate</c> prints as JSON.</summary>
internal sealed record EvaluationV1(
    string Experiment, IReadOnlyList<string> Models, IReadOnlyList<string> Notes, IReadOnlyList<EvaluationClaimV1> Claims, IReadOnlyList<EvaluationTableV1> Tables)
{
    public static EvaluationV1 Of(Report report) => new(
        report.Title, report.Models, [.. report.Notes], [.. report.Claims.Select(EvaluationClaimV1.Of)],
        [.. report.Tables.Select(table => new EvaluationTableV1(table.Title, table.Columns, table.Rows))]);
}
