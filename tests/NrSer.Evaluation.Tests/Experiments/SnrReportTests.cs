using NrSer.Core.Models;
using NrSer.Evaluation.Experiments;
using NrSer.Evaluation.Reports;

namespace NrSer.Evaluation.Tests.Experiments;

public sealed class SnrReportTests
{
    [Theory]
    [InlineData(null, null, "S ≥ 0.5.")]
    [InlineData(-7.5f, null, "S ≥ 0.5 and for -7.5 dB or more of the energy kept.")]
    [InlineData(null, 0.25f, "S ≥ 0.5 and for log-odds of speech of 0.25 or more.")]
    [InlineData(-7.5f, 0.25f, "S ≥ 0.5 and for -7.5 dB or more of the energy kept and for log-odds of speech of 0.25 or more.")]
    public void AddTo_Report_SaysWhatTheGateAsksFor(float? keptDb, float? logOdds, string expected)
    {
        var report = new Report("SNR level", []);
        var clean = new ScoredTake(S: 0.9f, IsSpeech: true, "speaker", "corpus", NoiseType: "", NoiseSource: null, SnrDb: null);
        new SnrReport(new SnrLevelEntry(0.5f, keptDb, SpeechThreshold: logOdds), [], seed: 1).AddTo(report, [clean], "of 2 s");
        Assert.EndsWith($"The gate asks for {expected}", Assert.Single(report.Notes), StringComparison.Ordinal);
    }
}
