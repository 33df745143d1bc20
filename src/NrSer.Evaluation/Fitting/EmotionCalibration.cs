using System.Text.Json.Nodes;
using MathNet.Numerics;
using NrSer.Evaluation.Experiments;
using NrSer.Evaluation.Metrics;
using NrSer.Evaluation.Reports;

namespace NrSer.Evaluation.Fitting;

/// <summary>
/// How sure an emotion model should be of itself on recordings like the user's, and from when on it is to be believed: the temperature of the least
/// cross-entropy (Guo et al. 2017), and the lowest trust from which estimates are right often enough.
/// </summary>
/// <param name="Temperature">T.</param>
/// <param name="ReportableAbove">The trust; above 1 where no estimates are right so often.</param>
/// <param name="Report">Both with intervals, and what they do to speakers that they were not fitted on.</param>
/// <param name="Measured">The same for the entry.</param>
public sealed record EmotionCalibration(double Temperature, double ReportableAbove, Report Report, JsonObject Measured)
{
    private const int Folds = 5, LeastClips = 30;
    private const double Coldest = 0.05, Hottest = 20;
    private const double LeastProbability = 1e-12;

    /// <summary>Hears all labelled speech of the experiment's set, and fits.</summary>
    /// <param name="experiment">Models and recordings.</param>
    /// <param name="temperature">That of the model's entry now, which is undone first.</param>
    /// <param name="right">How often what is reported shall be right.</param>
    /// <param name="progress">Told the share that was heard.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="EvaluationException">There are too few labelled recordings, or of one speaker alone.</exception>
    public static async Task<EmotionCalibration> FitAsync(
        Experiment experiment, double temperature, double right, Action<double> progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(experiment);
        IReadOnlyList<string> labels = experiment.Classifier.Labels;
        EvaluationClip[] labelled = [.. experiment.Set.Speech.Where(clip => clip.Label is not null && labels.Contains(clip.Label))];
        string[] speakers = [.. labelled.Select(clip => clip.Source).Distinct(StringComparer.Ordinal).OrderBy(ClipAudio.StableHash)];
        if (labelled.Length < LeastClips || speakers.Length < 2)
        {
            throw new EvaluationException(
                $"{labelled.Length} recordings of {speakers.Length} speakers carry a label that the model knows ({string.Join(", ", labels)}). "
                + $"At least {LeastClips} of two speakers are needed: the manifest's columns label and speaker.");
        }

        Prediction[][] heard = await experiment.ForEachAsync(
            labelled, (clip, token) => EmotionExperiment.HearAsync(experiment, clip, token), progress, cancellationToken).ConfigureAwait(false);
        Heard[] all = [.. heard.Select(takes => new Heard(
            takes[0].Speaker, takes[0].Actual,
            [.. takes[0].Estimate.Probabilities.Select(p => temperature * Math.Log(Math.Max(p, LeastProbability)))]))];
        return Of(all, speakers, experiment, right);
    }

    private static EmotionCalibration Of(Heard[] all, string[] speakers, Experiment experiment, double right)
    {
        int[] everything = [.. Enumerable.Range(0, all.Length)];
        var bootstrap = new CrossedBootstrap(all.Select(item => (item.Speaker, (string?)null)), experiment.Seed);
        Interval temperature = bootstrap.Estimate(drawn => TemperatureOf(all, drawn));
        Interval threshold = bootstrap.Estimate(drawn => ThresholdOf(all, drawn, temperature.Value, right));

        // Each fold's speakers are told by what the others' gave.
        var told = new (double Temperature, double Threshold)[all.Length];
        int folds = Math.Min(Folds, speakers.Length);
        for (int fold = 0; fold < folds; fold++)
        {
            bool IsOut(int item) => Array.IndexOf(speakers, all[item].Speaker) % folds == fold;
            int[] others = [.. everything.Where(item => !IsOut(item))];
            double t = TemperatureOf(all, others), least = ThresholdOf(all, others, t, right);
            foreach (int item in everything.Where(IsOut))
                told[item] = (t, least);
        }

        Estimate[] before = [.. all.Select(item => item.At(1))], after = [.. all.Zip(told, (item, by) => item.At(by.Temperature))];
        bool[] reported = [.. after.Zip(told, (estimate, by) => estimate.Confidence >= by.Threshold)];
        var report = new Report(
            "Calibration", [experiment.Models.EnhancerEntry.Id, experiment.Models.SnrLevelEntry.Id, experiment.Models.EmotionEntry.Id]);
        report.Notes.Add(
            $"{all.Length} recordings of {speakers.Length} speakers. What is reported shall be right in {right:P0}"
            + (threshold.Value > 1 ? ", which no estimates are: nothing will be reportable." : "."));
        report.Tables.Add(new ReportTable("What was fitted", ["what", "value"],
            [["temperature", Report.Cell(temperature)], ["reportable from trust", Report.Cell(threshold)]]));
        report.Tables.Add(new ReportTable(
            $"On speakers that it was not fitted on ({folds} folds)", ["what", "before", "after"],
            [
                ["cross-entropy", Cell(items => items.Average(i => before[i].Loss)), Cell(items => items.Average(i => after[i].Loss))],
                ["ECE", Cell(items => Error(before, items)), Cell(items => Error(after, items))],
                ["right", Cell(items => items.Average(i => before[i].IsRight ? 1.0 : 0)), ""],
                ["reportable", "", Cell(items => items.Average(i => reported[i] ? 1.0 : 0))],
                ["right of these", "", Cell(RightOfReported)],
            ]));
        return new EmotionCalibration(temperature.Value, threshold.Value, report, new JsonObject
        {
            ["recordings"] = all.Length, ["speakers"] = speakers.Length, ["right"] = right, ["temperature"] = Told(temperature),
            ["reportableAbove"] = Told(threshold), ["crossEntropyBefore"] = Math.Round(before.Average(one => one.Loss), 4),
            ["crossEntropyAfter"] = Math.Round(after.Average(one => one.Loss), 4),
        });

        string Cell(Func<int[], double> statistic) => Report.Cell(bootstrap.Estimate(statistic));
        double RightOfReported(int[] items) =>
            items.Where(i => reported[i]).Select(i => after[i].IsRight ? 1.0 : 0).DefaultIfEmpty(double.NaN).Average();
        static JsonArray Told(Interval interval) => new([.. new[] { interval.Value, interval.Low, interval.High }
            .Select(value => double.IsFinite(value) ? JsonValue.Create(Math.Round(value, 4)) : null)]);
    }

    private static double Error(Estimate[] estimates, int[] items) => CategoryMetrics.ExpectedCalibrationError(
        [.. items.Select(i => estimates[i].Confidence)], [.. items.Select(i => estimates[i].IsRight)], Prediction.CalibrationBins);

    /// <summary>The temperature of the least cross-entropy, which is convex in its inverse: there its slope is 0, or it lies at a limit.</summary>
    internal static double TemperatureOf(Heard[] all, int[] items)
    {
        (int Item, int Times)[] drawn = [.. items.GroupBy(item => item).Select(group => (group.Key, group.Count()))];
        double Slope(double log) => drawn.Sum(each => each.Times * all[each.Item].SlopeAt(Math.Exp(log)));
        double coldest = Math.Log(Coldest), hottest = Math.Log(Hottest);
        return Slope(coldest) <= 0 ? Coldest : Slope(hottest) >= 0 ? Hottest
            : Math.Exp(FindRoots.OfFunction(Slope, coldest, hottest, accuracy: 1e-6));
    }

    /// <summary>The lowest confidence from which on so many are right; above 1 where there is none.</summary>
    internal static double ThresholdOf(Heard[] all, int[] items, double temperature, double right)
    {
        Estimate[] surest = [.. items.Select(item => all[item].At(temperature)).OrderByDescending(estimate => estimate.Confidence)];
        double threshold = 1.001;
        int hits = 0;
        for (int i = 0; i < surest.Length; i++)
        {
            hits += surest[i].IsRight ? 1 : 0;
            bool isLastOfItsKind = i + 1 == surest.Length || surest[i + 1].Confidence < surest[i].Confidence;
            if (isLastOfItsKind && hits >= right * (i + 1))
                threshold = i + 1 == surest.Length ? 0 : Math.Floor(surest[i].Confidence * 1000) / 1000;
        }

        return threshold;
    }

    /// <summary>What a model said of a recording.</summary>
    /// <param name="Speaker">Who speaks.</param>
    /// <param name="Actual">The label's place.</param>
    /// <param name="Logits">Of each label.</param>
    internal sealed record Heard(string Speaker, int Actual, double[] Logits)
    {
        /// <summary>How the loss changes with 1/T: the mean logit less that of the actual label.</summary>
        public double SlopeAt(double temperature)
        {
            double highest = Logits.Max(), sum = 0, mean = 0;
            foreach (double logit in Logits)
            {
                double share = Math.Exp((logit - highest) / temperature);
                (sum, mean) = (sum + share, mean + (share * logit));
            }

            return (mean / sum) - Logits[Actual];
        }

        /// <summary>At a temperature: −ln of the actual label's probability, and the likeliest label.</summary>
        public Estimate At(double temperature)
        {
            double highest = Logits.Max(), sum = Logits.Sum(logit => Math.Exp((logit - highest) / temperature));
            return new Estimate(
                Math.Log(sum) - ((Logits[Actual] - highest) / temperature), (float)(1 / sum), Logits[Actual] == highest);
        }
    }

    /// <summary>A recording at a temperature.</summary>
    /// <param name="Loss">−ln of the actual label's probability.</param>
    /// <param name="Confidence">The likeliest label's probability.</param>
    /// <param name="IsRight">Whether that is the actual one.</param>
    internal readonly record struct Estimate(double Loss, float Confidence, bool IsRight);
}
