using NrSer.Core.Emotion;
using NrSer.Evaluation.Metrics;
using NrSer.Evaluation.Reports;

namespace NrSer.Evaluation.Experiments;

/// <summary>How well emotions are recognised, category by category and on the rating scales.</summary>
public static class EmotionExperiment
{
    /// <summary>Runs it on the speech of the set, as the pipeline would hear it: reconstituted.</summary>
    public static async Task<Report> RunAsync(Experiment experiment, Action<double> progress, CancellationToken cancellationToken)
    {
        EvaluationSet set = experiment.Set;
        Prediction[][] heard = await experiment.ForEachAsync(set.Speech, (clip, token) => HearAsync(experiment, clip, token), progress,
            cancellationToken).ConfigureAwait(false);

        Report report = experiment.NewReport("Emotion",
            [experiment.Models.EnhancerEntry.Id, experiment.Models.SnrLevelEntry.Id, experiment.Models.EmotionEntry.Id]);
        string[] unknown = [.. set.Speech.Select(clip => clip.Label).OfType<string>().Distinct(StringComparer.Ordinal)
            .Except(experiment.Classifier.Labels, StringComparer.Ordinal)];
        report.Notes.Add(
            $"{set.Speech.Count} clips, each taken as one segment of up to 30 s "
            + "and recognised on the reconstituted signal, whether it passes the gate or not.");
        report.Notes.Add(
            "ECE is never below 0 and so comes out too high: beside it stands what a perfectly calibrated model would show on these clips by chance. "
            + "Its interval is too high for the same reason.");
        if (unknown.Length > 0)
            report.Notes.Add($"Left out of the categories, since the model does not know them: {string.Join(", ", unknown)}.");
        bool knowsLabels = experiment.Classifier.Labels.Count > 0;
        if (knowsLabels && !set.Speech.Any(clip => clip.Label is not null && experiment.Classifier.Labels.Contains(clip.Label)))
            throw new EvaluationException($"No clip carries a label that the model knows: {string.Join(", ", experiment.Classifier.Labels)}.");

        foreach (double? snrDb in new double?[] { null }.Concat(experiment.SnrsDb.Select(snr => (double?)snr)))
        {
            Prediction[] condition = [.. heard.SelectMany(clip => clip).Where(item => item.SnrDb == snrDb)];
            string name = snrDb is { } level ? $"{level:+0.#;-0.#;0} dB" : "as recorded";
            if (knowsLabels)
            {
                report.Tables.Add(Categories(experiment, name, condition));
                report.Tables.Add(Trusted(experiment, name, condition));
                if (snrDb is null)
                    report.Tables.Add(Confusion(experiment, condition));
            }

            if (condition.Any(item => item is { Ratings: not null, Estimate.Scale: not null }))
                report.Tables.Add(Attributes(experiment, name, condition));
        }

        Prediction[] asRecorded = [.. heard.SelectMany(clip => clip).Where(item => item.SnrDb is null && item.Actual >= 0)];
        if (knowsLabels)
        {
            report.Charts.Add(Reliability(asRecorded));
            report.Charts.Add(RiskCoverage(asRecorded));
        }

        return report;
    }

    /// <summary>What is heard in a clip as recorded, and then at every SNR.</summary>
    internal static async Task<Prediction[]> HearAsync(Experiment experiment, EvaluationClip clip, CancellationToken cancellationToken)
    {
        Take[] takes = await experiment.TakesAsync(clip, cancellationToken).ConfigureAwait(false);
        return [.. takes.Select(take =>
        {
            Judgement judged = experiment.Judge(take.Recording, cancellationToken);
            return Prediction.Of(experiment.Classifier, clip, take, judged.Mixed(judged.Weight));
        })];
    }

    private static ReportTable Categories(Experiment experiment, string condition, Prediction[] items)
    {
        Prediction[] labelled = [.. items.Where(item => item.Actual >= 0)];
        var rows = new List<string[]>();
        foreach ((string corpus, Prediction[] group) in ByCorpus(labelled))
            rows.Add(Row(corpus, group));
        if (rows.Count > 1)
        {
            rows.Add(["mean of corpora", $"{labelled.Length}", Mean(Prediction.Recall), Mean(Prediction.F1), "", ""]);
            rows.Add(Row("pooled", labelled));
        }

        return new ReportTable($"Categories, {condition}", ["corpus", "clips", "UAR", "macro-F1", "ECE", "ECE by chance"], rows);

        // Each draw of speakers and noises has every corpus, or says nothing.
        string Mean(Func<Prediction[], int[], int, double> measure) =>
            Report.Cell(new CrossedBootstrap(labelled.Select(item => (item.Speaker, item.NoiseSource)), experiment.Seed).Estimate(drawn =>
                drawn.GroupBy(i => labelled[i].Corpus).Average(corpus => measure(labelled, [.. corpus], experiment.Classifier.Labels.Count))));

        string[] Row(string name, Prediction[] group)
        {
            var bootstrap = new CrossedBootstrap(group.Select(item => (item.Speaker, item.NoiseSource)), experiment.Seed);
            return
            [
                name, $"{group.Length}",
                Report.Cell(bootstrap.Estimate(drawn => Prediction.Recall(group, drawn, experiment.Classifier.Labels.Count))),
                Report.Cell(bootstrap.Estimate(drawn => Prediction.F1(group, drawn, experiment.Classifier.Labels.Count))),
                .. Calibration(bootstrap, group, estimate => estimate.Confidence),
            ];
        }
    }

    private static ReportTable Trusted(Experiment experiment, string condition, Prediction[] items)
    {
        Prediction[] labelled = [.. items.Where(item => item.Actual >= 0)];
        return new ReportTable($"Trust, {condition}",
            ["corpus", "right", "right of the trusted half", "ECE of trust", "ECE by chance", "reportable", "right of these"],
            [.. ByCorpus(labelled).Append((Name: "pooled", Items: labelled)).Select(group => Row(group.Name, group.Items))]);

        string[] Row(string name, Prediction[] group)
        {
            var bootstrap = new CrossedBootstrap(group.Select(item => (item.Speaker, item.NoiseSource)), experiment.Seed);
            return
            [
                name,
                Report.Cell(bootstrap.Estimate(drawn => ByCoverage(group, drawn)[^1])),
                Report.Cell(bootstrap.Estimate(drawn => ByCoverage(group, drawn)[(drawn.Length - 1) / 2])),
                .. Calibration(bootstrap, group, estimate => estimate.Trust),
                Report.Cell(group.Average(item => item.Estimate.IsReportable ? 1.0 : 0)),
                Report.Cell(group.Where(item => item.Estimate.IsReportable).Select(item => item.Predicted == item.Actual ? 1.0 : 0)
                    .DefaultIfEmpty(double.NaN).Average()),
            ];
        }
    }

    private static IEnumerable<(string Name, Prediction[] Items)> ByCorpus(Prediction[] items) =>
        items.GroupBy(item => item.Corpus, StringComparer.Ordinal).OrderBy(group => group.Key, StringComparer.Ordinal)
            .Select(group => (group.Key.Length > 0 ? group.Key : "–", group.ToArray()));

    /// <summary>Two cells: the ECE of a chance of being right, and what chance alone makes of it.</summary>
    private static string[] Calibration(CrossedBootstrap bootstrap, Prediction[] group, Func<EmotionEstimate, float> chance) =>
    [
        Report.Cell(bootstrap.Estimate(drawn => CategoryMetrics.ExpectedCalibrationError(
            [.. drawn.Select(i => chance(group[i].Estimate))], [.. drawn.Select(i => group[i].Predicted == group[i].Actual)],
            Prediction.CalibrationBins))),
        Report.Cell(CategoryMetrics.ChanceCalibrationError([.. group.Select(item => chance(item.Estimate))], Prediction.CalibrationBins)),
    ];

    private static double[] ByCoverage(Prediction[] items, int[] drawn) => CategoryMetrics.RightByCoverage(
        [.. drawn.Select(i => items[i].Estimate.Trust)], [.. drawn.Select(i => items[i].Predicted == items[i].Actual)]);

    private static ReportTable Confusion(Experiment experiment, Prediction[] items)
    {
        IReadOnlyList<string> labels = experiment.Classifier.Labels;
        Prediction[] labelled = [.. items.Where(item => item.Actual >= 0)];
        int[,] counts =
            CategoryMetrics.Confusion([.. labelled.Select(item => item.Actual)], [.. labelled.Select(item => item.Predicted)], labels.Count);
        return new ReportTable("What was taken for what, as recorded", ["is", .. labels],
            [.. labels.Select((label, row) => (string[])[label, .. labels.Select((_, column) => $"{counts[row, column]}")])]);
    }

    private static ReportTable Attributes(Experiment experiment, string condition, Prediction[] items)
    {
        Prediction[] rated = [.. items.Where(item => item.Ratings is not null)];
        var bootstrap = new CrossedBootstrap(rated.Select(item => (item.Speaker, item.NoiseSource)), experiment.Seed);
        return new ReportTable($"Ratings, {condition}", ["attribute", "clips", "CCC"],
            [.. Prediction.Attributes.Select(attribute => (string[])
                [attribute.Name, $"{rated.Length}", Report.Cell(bootstrap.Estimate(drawn => Prediction.Concordance(rated, drawn, attribute)))])]);
    }

    private static ReportChart RiskCoverage(Prediction[] items)
    {
        var lines = ByCorpus(items).ToDictionary(
            corpus => corpus.Name,
            corpus => ByCoverage(corpus.Items, [.. Enumerable.Range(0, corpus.Items.Length)])
                .Select((right, kept) => ((kept + 1.0) / corpus.Items.Length, 1 - right)).ToArray(),
            StringComparer.Ordinal);
        return new ReportChart("emotion-risk-coverage", "How often what is trusted most is wrong", "share kept", "share wrong", lines);
    }

    private static ReportChart Reliability(Prediction[] items)
    {
        (double, double)[] bins = [.. items
            .GroupBy(
                item => CategoryMetrics.BinOf(item.Estimate.Confidence, Prediction.CalibrationBins))
            .OrderBy(bin => bin.Key)
            .Select(bin => (bin.Average(item => (double)item.Estimate.Confidence), bin.Average(item => item.Predicted == item.Actual ? 1.0 : 0)))];
        return new ReportChart("emotion-reliability", "How often a given confidence is right", "confidence", "share right",
            new Dictionary<string, (double, double)[]>(StringComparer.Ordinal) { ["model"] = bins, ["calibrated"] = [(0, 0), (1, 1)] });
    }
}
