using NrSer.Evaluation.Metrics;
using NrSer.Evaluation.Reports;

namespace NrSer.Evaluation.Experiments;

/// <summary>What a cascade saves, and what it changes: the same recordings with a small enhancer before the chosen one, and without it.</summary>
public static class CascadeExperiment
{
    // An archive is a share of clean recordings among others at these levels.
    private static readonly double[] s_cleanShares = [0, 0.25, 0.5, 0.75, 0.9, 1];

    /// <summary>Where speech is mixed unless told otherwise.</summary>
    public static IReadOnlyList<double> DefaultSnrsDb { get; } = [0, 10, 20, 30];

    /// <summary>Runs it on the speech of the set, each recording taken as one segment, and on its noise alone.</summary>
    /// <exception cref="EvaluationException">The chosen enhancer is the small one itself.</exception>
    public static async Task<Report> RunAsync(Experiment experiment, Action<double> progress, CancellationToken cancellationToken)
    {
        EvaluationSet set = experiment.Set;
        if (experiment.Models.Screen is not { } screen)
        {
            throw new EvaluationException(
                $"{experiment.Models.EnhancerEntry.Id} is the small enhancer itself, which nothing is put before: choose another with its block.");
        }

        var work = new Work(experiment);
        Heard[][] speech = await experiment.ForEachAsync(set.Speech, async (clip, token) =>
            (await experiment.TakesAsync(clip, token).ConfigureAwait(false)).Select(take => work.Hear(clip, take, token)).ToArray(),
            share => progress(0.9 * share), cancellationToken).ConfigureAwait(false);
        Heard[] noise = await experiment.ForEachAsync(set.Noise, async (clip, token) =>
            work.Hear(clip, new Take(null, clip.NoiseType, null, await experiment.NoiseAsync(clip, token).ConfigureAwait(false), []), token),
            share => progress(0.9 + (0.1 * share)), cancellationToken).ConfigureAwait(false);

        string chosen = experiment.Models.EnhancerEntry.Id;
        Report report = experiment.NewReport("Cascade", [screen.Enhancer.Id, screen.SnrLevel.Id, chosen, experiment.Models.SnrLevelEntry.Id]);
        (string Name, double? SnrDb, Heard[] Items)[] kinds = [.. speech.SelectMany(takes => takes).GroupBy(item => item.SnrDb)
            .OrderByDescending(group => group.Key ?? double.PositiveInfinity)
            .Select(group => (group.Key is { } snrDb ? $"{snrDb:+0;-0;0} dB" : "as recorded", group.Key, group.ToArray()))];
        report.Notes.Add(
            $"{set.Speech.Count} recordings of speech, {noise.Length} of noise alone, each as one segment of up to 30 s. {screen.Enhancer.Id} takes "
            + $"an RTF of {work.SmallRtf:F4}, {chosen} {work.LargeRtf:F4} (one thread each, {experiment.Models.Options.EffectiveThreads} at once).");
        report.Tables.Add(new ReportTable(
            $"With the cascade and without: what it leaves to {chosen}, and what is told otherwise",
            ["what", "clips", "left to it", "same word of the gate", "mean S with", "mean S without", "same emotion", "UAR with", "UAR without",
                "difference"],
            [.. kinds.Append(("noise alone", null, noise)).Where(kind => kind.Items.Length > 0)
                .Select(kind => Row(experiment, kind.Name, kind.Items, kind.Items != noise))]));
        double[] left = [.. kinds.Where(kind => kind.SnrDb is not null).Select(kind => kind.Items.Average(item => item.IsLeft ? 1.0 : 0))];
        if (left.Length > 0)
            report.Tables.Add(Archives(work, kinds[0].Items.Average(item => item.IsLeft ? 1.0 : 0), left.Average(), chosen));
        return report;
    }

    private static ReportTable Archives(Work work, double leftOfClean, double leftOfOthers, string chosen) => new(
        "Archives of which a share is clean, and the rest evenly at the levels above",
        ["clean", $"left to {chosen}", "enhancement's time, of that without a cascade", "times as fast"],
        [.. s_cleanShares.Select(clean =>
        {
            double left = (clean * leftOfClean) + ((1 - clean) * leftOfOthers), time = (work.SmallRtf / work.LargeRtf) + left;
            return (string[])[Report.Cell(clean, "P0"), Report.Cell(left), Report.Cell(time), Report.Cell(1 / time, "F1")];
        })]);

    private static string[] Row(Experiment experiment, string name, Heard[] items, bool isSpeech)
    {
        Heard[] labelled = [.. items.Where(item => item.With.Actual >= 0)];
        Prediction[] cascaded = [.. labelled.Select(item => item.With)], alone = [.. labelled.Select(item => item.Without)];
        int labels = experiment.Classifier.Labels.Count;
        return
        [
            name, $"{items.Length}",
            Cell(items, drawn => drawn.Average(i => items[i].IsLeft ? 1.0 : 0)),
            Cell(items, drawn => drawn.Average(i => items[i].SameGate ? 1.0 : 0)),
            Report.Cell(items.Average(item => item.ScoreWith)), Report.Cell(items.Average(item => item.ScoreWithout)),
            .. isSpeech ? Told() : Enumerable.Repeat("–", 4),
        ];

        string[] Told() =>
        [
            Cell(items, drawn => drawn.Average(i => items[i].With.Predicted == items[i].Without.Predicted ? 1.0 : 0)),
            Cell(labelled, drawn => Prediction.Recall(cascaded, drawn, labels)), Cell(labelled, drawn => Prediction.Recall(alone, drawn, labels)),
            Cell(labelled, drawn => Prediction.Recall(cascaded, drawn, labels) - Prediction.Recall(alone, drawn, labels), Report.DifferenceFormat),
        ];
        string Cell(Heard[] of, Func<int[], double> statistic, string format = "F3") => of.Length == 0 ? "–" : Report.Cell(
            new CrossedBootstrap(of.Select(item => (item.With.Speaker, item.With.NoiseSource)), experiment.Seed).Estimate(statistic), format);
    }

    /// <summary>Both ways, and how long each enhancer took.</summary>
    private sealed class Work(Experiment experiment)
    {
        private long _samples;

        public double SmallRtf => RtfOf(experiment.Models.ScreenEnhancer.InferenceTime, _samples);

        public double LargeRtf => RtfOf(experiment.Models.Enhancer.InferenceTime, _samples);

        public Heard Hear(EvaluationClip clip, Take take, CancellationToken cancellationToken)
        {
            Judgement cascaded = experiment.Judge(take.Recording, cancellationToken);
            // What is left to the larger one as a whole is judged by it alone, either way.
            Judgement alone = cascaded.IsScreened
                ? Judgement.Of(experiment.Reconstituter.WithoutScreen(), take.Recording, cancellationToken)
                : cascaded;
            Interlocked.Add(ref _samples, take.Recording.Length); // each enhancer hears all of it, once
            Prediction one = Prediction.Of(experiment.Classifier, clip, take, cascaded.Mixed(cascaded.Weight));
            return new Heard(
                take.SnrDb, !cascaded.IsScreened, cascaded.IsSpeech == alone.IsSpeech, cascaded.Score.Value, alone.Score.Value, one,
                cascaded.IsScreened ? Prediction.Of(experiment.Classifier, clip, take, alone.Mixed(alone.Weight)) : one);
        }

        private static double RtfOf(TimeSpan time, long samples) =>
            time.TotalSeconds * Core.Segmentation.SegmentGrid.SampleRateHz / Math.Max(1, samples);
    }

    /// <summary>A take both ways.</summary>
    private sealed record Heard(
        double? SnrDb, bool IsLeft, bool SameGate, float ScoreWith, float ScoreWithout, Prediction With, Prediction Without);
}
