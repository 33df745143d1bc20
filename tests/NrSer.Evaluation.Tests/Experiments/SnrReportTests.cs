using NrSer.Core.Models;
using NrSer.Evaluation.Experiments;
using NrSer.Evaluation.Reports;

namespace NrSer.Evaluation.Tests.Experiments;

public sealed class SnrReportTests
{
    private static readonly ScoredTake s_clean = new(S: 0.9f, IsSpeech: true, "speaker", "corpus", NoiseType: "", NoiseSource: null, SnrDb: null);

    [Theory]
    [InlineData(null, null, "S ≥ 0.5.")]
    [InlineData(-7.5f, null, "S ≥ 0.5 and for -7.5 dB or more of the energy kept.")]
    [InlineData(null, 0.25f, "S ≥ 0.5 and for log-odds of speech of 0.25 or more.")]
    [InlineData(-7.5f, 0.25f, "S ≥ 0.5 and for -7.5 dB or more of the energy kept and for log-odds of speech of 0.25 or more.")]
    public void AddTo_Report_SaysWhatTheGateAsksFor(float? keptDb, float? logOdds, string expected)
    {
        var report = new Report("SNR level", []);
        new SnrReport(new SnrLevelEntry(0.5f, keptDb, SpeechThreshold: logOdds), [], seed: 1).AddTo(report, [s_clean], "of 2 s");
        Assert.EndsWith($"The gate asks for {expected}", Assert.Single(report.Notes), StringComparison.Ordinal);
    }
    [Fact]
    public void AddTo_BabbleAndSinging_AreToldApartFromNoise()
    {
        var report = new Report("SNR level", []);
        ScoredTake Take(string type, double? snrDb, bool passes) =>
            new(S: 0.6f, passes, type, "corpus", type, snrDb is null ? null : type, snrDb, IsNoiseAlone: snrDb is null);
        new SnrReport(new SnrLevelEntry(0.5f), [0], seed: 1).AddTo(
            report,
            [s_clean, Take("rain", 0, passes: true), Take("babble", 0, passes: false), Take("rain", null, passes: false),
                Take("singing", null, passes: true)],
            "of 2 s");
        ReportTable gate = Assert.Single(report.Tables, table => table.Title.StartsWith("Share that passes", StringComparison.Ordinal));
        Assert.Equal(
            [("clean speech", "1.000"), ("0 dB", "1.000"), ("noise alone", "0.000"), ("0 dB in babble", "0.000"), ("singing alone", "1.000")],
            gate.Rows.Select(row => (row[0], row[2].Split(' ')[0])));
        ReportTable types = Assert.Single(report.Tables, table => table.Title.StartsWith("Without speech", StringComparison.Ordinal));
        Assert.Equal([("rain", "0.000"), ("singing", "1.000")], types.Rows.Select(row => (row[0], row[2])));
    }
}
