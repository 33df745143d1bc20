using System.Globalization;
using NrSer.Core.Models;
using NrSer.Evaluation.Metrics;
using NrSer.Evaluation.Reports;

namespace NrSer.Evaluation.Experiments;

/// <summary>How well S tells clean speech from noise, and how it follows the SNR: the paper's first experiment.</summary>
public static class SnrExperiment
{
    /// <summary>Where speech is mixed unless told otherwise.</summary>
    public static IReadOnlyList<double> DefaultSnrsDb { get; } = [-10, -5, 0, 5, 10, 15, 20, 25, 30];

    private static readonly double[] s_thresholds = [.. Enumerable.Range(0, 21).Select(step => step / 20.0)];

    /// <summary>Runs it.</summary>
    public static async Task<Report> RunAsync(Experiment experiment, Action<double> progress, CancellationToken cancellationToken)
    {
        EvaluationSet set = experiment.Set;
        Scored[][] bySpeech = await experiment.ForEachAsync(
            set.Speech, (clip, token) => ScoreSpeechAsync(experiment, clip, token), share => progress(0.9 * share), cancellationToken)
                .ConfigureAwait(false);
        Scored[] noise = await experiment.ForEachAsync(
            set.Noise, async (clip, token) => Scored.Of(
                experiment.Judge(await experiment.NoiseAsync(clip, token).ConfigureAwait(false), token), clip, clip.NoiseType, null, null),
            share => progress(0.9 + (0.1 * share)), cancellationToken).ConfigureAwait(false);
        Scored[] clean = [.. bySpeech.Select(scores => scores[0])], mixed = [.. bySpeech.SelectMany(scores => scores[1..])];

        SnrLevelEntry entry = experiment.Models.SnrLevelEntry.SnrLevel!;
        float gate = entry.NoiseThreshold;
        Report report = experiment.NewReport("SNR level", [experiment.Models.EnhancerEntry.Id, experiment.Models.SnrLevelEntry.Id]);
        report.Notes.Add(
            $"{clean.Length} clips of speech, {noise.Length} of noise alone, each taken as one segment of up to 30 s. "
            + $"The gate asks for S ≥ {gate}{(entry.KeptEnergyThresholdDb is { } least ? $" and for {least} dB or more of the energy kept" : "")}.");
        if (noise.Length > 0)
            report.Tables.Add(Accuracy(clean, noise, gate));
        report.Tables.Add(Gate(experiment, clean, mixed, noise));
        report.Tables.Add(Ranking(experiment, clean));
        if (mixed.Length > 0)
        {
            report.Tables.Add(BySnr(experiment, clean, mixed, noise, type: null));
            foreach (string type in mixed.Select(score => score.NoiseType).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))
                report.Tables.Add(BySnr(experiment, clean, mixed, noise, type));
            report.Claims.Add(Monotone(experiment, mixed));
            report.Charts.Add(new ReportChart("snr-mean", "Mean S by SNR and noise", "SNR in dB", "mean S", mixed
                .GroupBy(score => score.NoiseType, StringComparer.Ordinal)
                .OrderBy(group => group.Key, StringComparer.Ordinal)
                .ToDictionary(group => group.Key, group => Means(group).Select(mean => (mean.SnrDb, mean.Value)).ToArray(), StringComparer.Ordinal)));
        }

        return report;
    }

    private static async Task<Scored[]> ScoreSpeechAsync(Experiment experiment, EvaluationClip clip, CancellationToken cancellationToken)
    {
        Take[] takes = await experiment.TakesAsync(clip, cancellationToken).ConfigureAwait(false);
        return [.. takes.Select(take =>
            Scored.Of(experiment.Judge(take.Recording, cancellationToken), clip, take.NoiseType, take.NoiseSource, take.SnrDb))];
    }

    private static ReportTable Accuracy(Scored[] clean, Scored[] noise, float gate)
    {
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

    private static ReportTable Gate(Experiment experiment, Scored[] clean, Scored[] mixed, Scored[] noise)
    {
        float threshold = experiment.Models.SnrLevelEntry.SnrLevel!.NoiseThreshold;
        var rows = new List<string[]>();
        void Row(string name, Scored[] scores)
        {
            if (scores.Length == 0)
                return;
            Interval kept = Bootstrap(experiment, scores).Estimate(items => items.Average(item => scores[item].IsSpeech ? 1.0 : 0));
            rows.Add([name, $"{scores.Length}", Report.Cell(kept), Report.Cell(scores.Average(score => score.S >= threshold ? 1.0 : 0))]);
        }

        Row("clean speech", clean);
        foreach (double snrDb in experiment.SnrsDb.Reverse())
            Row($"{snrDb:+0;-0;0} dB", [.. mixed.Where(score => score.SnrDb == snrDb)]);
        Row("noise alone", noise);
        return new ReportTable("Share that passes the gate as speech", ["what", "clips", "passes", "would pass by S alone"], rows);
    }

    private static ReportTable Ranking(Experiment experiment, Scored[] clean) => new(
        "Corpora by mean S", ["corpus", "clips", "mean S", "spread"],
        [.. clean.GroupBy(score => score.Corpus, StringComparer.Ordinal)
            .Select(group => (group.Key, Scores: group.ToArray()))
            .OrderByDescending(corpus => corpus.Scores.Average(score => score.S))
            .Select(corpus => new[]
            {
                corpus.Key.Length > 0 ? corpus.Key : "–", $"{corpus.Scores.Length}", Report.Cell(Mean(experiment, corpus.Scores)),
                Report.Cell(Spread(corpus.Scores)),
            })]);

    private static ReportTable BySnr(Experiment experiment, Scored[] clean, Scored[] mixed, Scored[] noise, string? type)
    {
        var rows = new List<string[]>();
        void Row(string name, Scored[] scores)
        {
            if (scores.Length > 0)
                rows.Add([name, $"{scores.Length}", Report.Cell(Mean(experiment, scores)), Report.Cell(Spread(scores))]);
        }

        Row("noise alone", [.. noise.Where(score => type is null || score.NoiseType == type)]);
        foreach (double snrDb in experiment.SnrsDb)
            Row($"{snrDb:+0;-0;0} dB", [.. mixed.Where(score => score.SnrDb == snrDb && (type is null || score.NoiseType == type))]);
        if (type is null)
            Row("clean", clean);
        return new ReportTable(type is null ? "S by SNR, all noises" : $"S by SNR, {type}", ["SNR", "clips", "mean S", "spread"], rows);
    }

    /// <summary>The least rise of the mean from one SNR to the next, over all types of noise.</summary>
    private static Claim Monotone(Experiment experiment, Scored[] mixed)
    {
        double Least(int[] items) => items.Select(item => mixed[item]).GroupBy(score => score.NoiseType, StringComparer.Ordinal).Min(group =>
        {
            (double SnrDb, double Value)[] means = [.. Means(group)];
            return means.Zip(means.Skip(1), (lower, higher) => higher.Value - lower.Value).DefaultIfEmpty(double.NaN).Min();
        });
        Interval rise = Bootstrap(experiment, mixed).Estimate(Least);
        return Claim.Above("Mean S rises with every step of SNR, for every type of noise (least rise)", rise, 0);
    }

    private static IEnumerable<(double SnrDb, double Value)> Means(IEnumerable<Scored> scores) =>
        scores.GroupBy(score => score.SnrDb!.Value).OrderBy(group => group.Key).Select(group => (group.Key, group.Average(score => (double)score.S)));

    private static Interval Mean(Experiment experiment, Scored[] scores) =>
        Bootstrap(experiment, scores).Estimate(items => items.Average(item => scores[item].S));

    private static CrossedBootstrap Bootstrap(Experiment experiment, Scored[] scores) =>
        new(scores.Select(score => (score.Speaker, score.NoiseSource)), experiment.Seed);

    private static double Spread(Scored[] scores)
    {
        double mean = scores.Average(score => score.S);
        return Math.Sqrt(scores.Average(score => (score.S - mean) * (score.S - mean)));
    }

    private sealed record Scored(float S, bool IsSpeech, string Speaker, string Corpus, string NoiseType, string? NoiseSource, double? SnrDb)
    {
        public static Scored Of(Judgement judged, EvaluationClip clip, string noiseType, string? noiseSource, double? snrDb) =>
            new(judged.Score.Value, judged.IsSpeech, clip.Source, clip.Corpus, noiseType, noiseSource, snrDb);
    }
}
