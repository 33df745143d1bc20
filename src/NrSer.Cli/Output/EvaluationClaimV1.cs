using NrSer.Cli.Evaluation;

namespace NrSer.Cli.Output;

/// <summary>A claim and its verdict; numbers that could not be computed are null.</summary>
internal sealed record EvaluationClaimV1(string Claim, string Verdict, double? Value, double? Low, double? High)
{
    public static EvaluationClaimV1 Of(Claim claim) =>
        new(claim.Text, claim.Verdict, Finite(claim.Figure.Value), Finite(claim.Figure.Low), Finite(claim.Figure.High));

    private static double? Finite(double value) => double.IsFinite(value) ? value : null;
}
