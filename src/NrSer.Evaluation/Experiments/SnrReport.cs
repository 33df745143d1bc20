using System.Globalization;
using NrSer.Core.Models;
using NrSer.Evaluation.Metrics;
using NrSer.Evaluation.Reports;

namespace NrSer.Evaluation.Experiments;

/// <summary>What scores of clean speech, of speech in noise and of noise alone say of an SNR-level block.</summary>
/// <param name="entry">Its thresholds.</param>
/// <param name="snrsDb">Where speech was mixed, rising.</param>
/// <param name="seed">Of the bootstrap.</param>
public sealed class SnrReport(SnrLevelEntry entry, IReadOnlyList<double> snrsDb, int seed)
{
    private static readonly double[] s_thresholds = [.. Enumerable.Range(0, 21).Select(step => step / 20.0)];

    /// <summary>Adds tables, charts and the paper's claim.</summary>
    /// <param name="report">Receives them.</param>
    /// <param name="takes">All that was scored.</param>
    /// <param name="length">How long each was.</param>
    /// <param name="screen">The enhancer that heard everything first; null where there was none.</param>
    public void AddTo(Report report, IReadOnlyCollection<ScoredTake> takes, string length, string? screen = null)
    {
        ArgumentNullException.ThrowIfNull(report);
        ScoredTake[] alone = [.. takes.Where(take => take.IsNoiseAlone)], speech = [.. takes.Where(take => !take.IsNoiseAlone)];
        ScoredTake[] noise = [.. alone.Where(take => !EvaluationClip.IsOfVoices(take.NoiseType))];
        ScoredTake[] clean = [.. speech.Where(take => take.SnrDb is null)], mixed = [.. speech.Where(take => take.SnrDb is not null)];
        report.Notes.Add(
            $"{clean.Length} clips of speech, {noise.Length} of noise alone, each taken as one segment {length}. The gate asks for "
            + $"S ≥ {entry.NoiseThreshold}{(entry.KeptEnergyThresholdDb is { } leastDb ? $" and for {leastDb} dB or more of the energy kept" : "")}"
            + $"{(entry.SpeechThreshold is { } leastLogOdds ? $" and for log-odds of speech of {leastLogOdds} or more" : "")}.");
        if (noise.Length > 0)
            report.Tables.Add(Accuracy(clean, noise));
        report.Tables.Add(Gate(clean, mixed, alone));
        if (alone.Length > 0)
            report.Tables.Add(ByType(alone));
        if (screen is not null)
            report.Tables.Add(Cascade(clean, mixed, alone, screen));
        report.Tables.Add(Ranking(clean));
        if (mixed.Length == 0)
            return;
        report.Tables.Add(BySnr(clean, mixed, noise, type: null));
        foreach (string type in mixed.Select(score => score.NoiseType).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))
            report.Tables.Add(BySnr(clean, mixed, noise, type));
        report.Claims.Add(Monotone(mixed));
        report.Charts.Add(new ReportChart("snr-mean", "Mean S by SNR and noise", "SNR in dB", "mean S", mixed
            .GroupBy(score => score.NoiseType, StringComparer.Ordinal)
            .OrderBy(group => group.Key, StringComparer.Ordinal)
            .ToDictionary(group => group.Key, group => Means(group).Select(mean => (mean.SnrDb, mean.Value)).ToArray(), StringComparer.Ordinal)));
    }

    private ReportTable Accuracy(ScoredTake[] clean, ScoredTake[] noise)
    {
        float gate = entry.NoiseThreshold;
        double At(double threshold) =>
            (clean.Average(score => score.S >= threshold ? 1.0 : 0) + noise.Average(score => score.S < threshold ? 1.0 : 0)) / 2;
        double best = s_thresholds.Concat(clean.Concat(noise).Select(score => (double)score.S)).MaxBy(At);
        return new ReportTable(
            "Clean speech against noise alone: mean of both accuracies by threshold", ["threshold", "accuracy"],
            [.. s_thresholds.Append(gate).Order().Select(threshold => new[]
            {
                threshold.ToString("0.###", CultureInfo.InvariantCulture) + (threshold == gate ? " (gate)" : ""), Report.Cell(At(threshold)),
            }), [$"{Report.Cell(best)} (best here)", Report.Cell(At(best))]]);
    }

    private ReportTable Gate(ScoredTake[] clean, ScoredTake[] mixed, ScoredTake[] alone) => new(
        "Share that passes the gate as speech", ["what", "clips", "passes", "would pass by S alone"],
        [.. Kinds(clean, mixed, alone).Select(kind => (string[])[
            kind.Name, $"{kind.Scores.Length}", Share(kind.Scores, score => score.IsSpeech),
            Report.Cell(kind.Scores.Average(score => score.S >= entry.NoiseThreshold ? 1.0 : 0))])]);

    private static ReportTable ByType(ScoredTake[] alone) => new(
        "Without speech, by type: share that passes all the same", ["noise", "clips", "passes"],
        [.. alone.GroupBy(take => take.NoiseType, StringComparer.Ordinal).OrderBy(group => group.Key, StringComparer.Ordinal).Select(group => new[]
        {
            group.Key, $"{group.Count()}", Report.Cell(group.Average(take => take.IsSpeech ? 1.0 : 0)),
        })]);

    private ReportTable Cascade(ScoredTake[] clean, ScoredTake[] mixed, ScoredTake[] alone, string screen) => new(
        $"Share that {screen} leaves to the enhancer", ["what", "clips", "is left to it"],
        [.. Kinds(clean, mixed, alone).Select(kind => (string[])[
            kind.Name, $"{kind.Scores.Length}", Share(kind.Scores, score => !score.IsScreened)])]);

    /// <summary>Clean speech, every SNR from the highest, noise alone; what is mixed with voices, and voices alone, apart from them.</summary>
    private IEnumerable<(string Name, ScoredTake[] Scores)> Kinds(ScoredTake[] clean, ScoredTake[] mixed, ScoredTake[] alone)
    {
        string[] types =
            [.. mixed.Concat(alone).Select(take => take.NoiseType).Where(EvaluationClip.IsOfVoices).Distinct().Order(StringComparer.Ordinal)];
        IEnumerable<(string Name, ScoredTake[] Scores)> In(Func<ScoredTake, bool> chosen, string with, string without) => snrsDb.Reverse()
            .Select(snrDb => ($"{snrDb:+0;-0;0} dB{with}", mixed.Where(take => take.SnrDb == snrDb && chosen(take)).ToArray()))
            .Append((without, [.. alone.Where(chosen)]));
        return new (string Name, ScoredTake[] Scores)[] { ("clean speech", clean) }
            .Concat(In(take => !EvaluationClip.IsOfVoices(take.NoiseType), "", "noise alone"))
            .Concat(types.SelectMany(type => In(take => take.NoiseType == type, $" in {type}", $"{type} alone")))
            .Where(kind => kind.Scores.Length > 0);
    }

    private string Share(ScoredTake[] scores, Func<ScoredTake, bool> holds) =>
        Report.Cell(Bootstrap(scores).Estimate(items => items.Average(item => holds(scores[item]) ? 1.0 : 0)));

    private ReportTable Ranking(ScoredTake[] clean) => new(
        "Corpora by mean S", ["corpus", "clips", "mean S", "spread"],
        [.. clean.GroupBy(score => score.Corpus, StringComparer.Ordinal)
            .Select(group => (group.Key, Scores: group.ToArray()))
            .OrderByDescending(corpus => corpus.Scores.Average(score => score.S))
            .Select(corpus => new[]
            {
                corpus.Key.Length > 0 ? corpus.Key : "–", $"{corpus.Scores.Length}", Report.Cell(Mean(corpus.Scores)),
                Report.Cell(Spread(corpus.Scores)),
            })]);

    private ReportTable BySnr(ScoredTake[] clean, ScoredTake[] mixed, ScoredTake[] noise, string? type)
    {
        var rows = new List<string[]>();
        void Row(string name, ScoredTake[] scores)
        {
            if (scores.Length > 0)
                rows.Add([name, $"{scores.Length}", Report.Cell(Mean(scores)), Report.Cell(Spread(scores))]);
        }

        Row("noise alone", [.. noise.Where(score => type is null || score.NoiseType == type)]);
        foreach (double snrDb in snrsDb)
            Row($"{snrDb:+0;-0;0} dB", [.. mixed.Where(score => score.SnrDb == snrDb && (type is null || score.NoiseType == type))]);
        if (type is null)
            Row("clean", clean);
        return new ReportTable(type is null ? "S by SNR, all noises" : $"S by SNR, {type}", ["SNR", "clips", "mean S", "spread"], rows);
    }

    /// <summary>The least rise of the mean from one SNR to the next, over all types of noise.</summary>
    private Claim Monotone(ScoredTake[] mixed)
    {
        double Least(int[] items) => items.Select(item => mixed[item]).GroupBy(score => score.NoiseType, StringComparer.Ordinal).Min(group =>
        {
            (double SnrDb, double Value)[] means = [.. Means(group)];
            return means.Zip(means.Skip(1), (lower, higher) => higher.Value - lower.Value).DefaultIfEmpty(double.NaN).Min();
        });
        Interval rise = Bootstrap(mixed).Estimate(Least);
        return Claim.Above("Mean S rises with every step of SNR, for every type of noise (least rise)", rise, 0);
    }

    private static IEnumerable<(double SnrDb, double Value)> Means(IEnumerable<ScoredTake> scores) =>
        scores.GroupBy(score => score.SnrDb!.Value).OrderBy(group => group.Key).Select(group => (group.Key, group.Average(score => (double)score.S)));

    private Interval Mean(ScoredTake[] scores) =>
        Bootstrap(scores).Estimate(items => items.Average(item => scores[item].S));

    private CrossedBootstrap Bootstrap(ScoredTake[] scores) =>
        new(scores.Select(score => (score.Speaker, score.NoiseSource)), seed);

    private static double Spread(ScoredTake[] scores)
    {
        double mean = scores.Average(score => score.S);
        return Math.Sqrt(scores.Average(score => (score.S - mean) * (score.S - mean)));
    }
}
