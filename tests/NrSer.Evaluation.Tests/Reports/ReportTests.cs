using NrSer.Evaluation.Reports;
using NrSer.Evaluation.Metrics;

namespace NrSer.Evaluation.Tests.Reports;

public sealed class ReportTests
{
    [Theory]
    [InlineData(0.0251, "+0.025")]
    [InlineData(-0.0251, "-0.025")]
    [InlineData(-0.0004, "0.000")] // a sign before zero would read as a difference
    [InlineData(0.0004, "0.000")]
    [InlineData(double.NaN, "–")]
    public void Cell_ADifference_CarriesItsSign(double value, string expected) => Assert.Equal(expected, Report.Cell(value, Report.DifferenceFormat));

    [Fact]
    public void Cell_AnInterval_StandsInBrackets() => Assert.Equal("0.500 [0.000, 0.613]", Report.Cell(new Interval(0.5, -0.0001, 0.6128, 8)));

    [Fact]
    public void Cell_TooFewSpeakersForAnInterval_SaysHowMany() =>
        Assert.Equal("0.500 (n = 7)", Report.Cell(new Interval(0.5, double.NaN, double.NaN, 7)));

    [Fact]
    public void Cell_AnIntervalThatCouldNotBeComputed_IsLeftOut() =>
        Assert.Equal("–", Report.Cell(new Interval(double.NaN, double.NaN, double.NaN, 8)));
}
