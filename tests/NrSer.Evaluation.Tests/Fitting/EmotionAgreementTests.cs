using NrSer.Evaluation.Fitting;
using NrSer.Evaluation.Metrics;
using NrSer.Evaluation.Reports;

namespace NrSer.Evaluation.Tests.Fitting;

public sealed class EmotionAgreementTests
{
    [Theory]
    [InlineData(100, 100, 0.99, 0.005, null, true)]
    [InlineData(100, 100, 0.989, 0.0, null, false)]
    [InlineData(100, 100, 1.0, -0.006, null, false)]
    [InlineData(100, 100, 1.0, double.NaN, null, false)]
    [InlineData(100, 100, 1.0, 0.0, 0.98, false)] // it rates, too
    [InlineData(100, null, 1.0, double.NaN, 0.99, true)] // it rates alone: labels mean nothing
    [InlineData(100, null, 1.0, double.NaN, 0.989, false)]
    [InlineData(100, null, 1.0, double.NaN, double.NaN, false)]
    public void IsClose_OfEnoughHearings_HoldsEachBound(
        int hearings, int? labelled, double agreement, double change, double? concordance, bool expected)
    {
        EmotionAgreement found = Of(hearings, labelled, agreement, change, concordance);
        Assert.Null(found.Unjudged);
        Assert.Equal(expected, found.IsClose);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(99, 99)]
    [InlineData(99, null)]
    [InlineData(500, 0)]
    [InlineData(500, 99)]
    public void IsClose_OfTooFew_DecidesNothing(int hearings, int? labelled)
    {
        EmotionAgreement found = Of(hearings, labelled, 1, labelled == 0 ? double.NaN : 0, 1);
        Assert.NotNull(found.Unjudged);
        Assert.False(found.IsClose);
    }

    private static EmotionAgreement Of(int hearings, int? labelled, double agreement, double change, double? concordance) => new(
        hearings, labelled, new Interval(agreement, agreement, agreement, 8), new Interval(change, change, change, 8),
        concordance is { } value ? new Dictionary<string, double> { ["arousal"] = value } : [])
    {
        Report = new Report("", []), Measured = [],
    };
}
