using System.Text.Json.Nodes;
using NrSer.Core.Emotion;
using NrSer.Evaluation.Experiments;
using NrSer.Evaluation.Metrics;
using NrSer.Evaluation.Reports;

namespace NrSer.Evaluation.Fitting;

/// <summary>Whether an emotion model says the same in another form: what both hear in the same recordings, as the pipeline would hear them.</summary>
/// <param name="Hearings">How many were compared.</param>
/// <param name="Labelled">How many of them have a label that the model knows; null of a model that rates alone.</param>
/// <param name="Agreement">How often the likeliest emotion is the same.</param>
/// <param name="RecallChange">By how much the unweighted average recall changes; NaN without labels.</param>
/// <param name="Concordance">Of what each rates: the coefficient between both, by name; empty where nothing is rated.</param>
public sealed record EmotionAgreement(
    int Hearings, int? Labelled, Interval Agreement, Interval RecallChange, IReadOnlyDictionary<string, double> Concordance)
{
    /// <summary>The least share of recordings that have to be told alike.</summary>
    public const double LeastAgreement = 0.99;

    /// <summary>By how much the recall may change, up or down.</summary>
    public const double MostRecallChange = 0.005;

    /// <summary>How well ratings have to agree, by their concordance correlation coefficient.</summary>
    public const double LeastConcordance = 0.99;

    /// <summary>Fewer hearings decide nothing: of a hundred, one may differ.</summary>
    public const int LeastHearings = 100;

    /// <summary>With intervals over speakers.</summary>
    public required Report Report { get; init; }

    /// <summary>The same for an entry.</summary>
    public required JsonObject Measured { get; init; }

    /// <summary>Why this decides nothing; null if it does.</summary>
    public string? Unjudged =>
        Hearings < LeastHearings ? $"{Hearings} hearings of speech are too few, {LeastHearings} are needed"
        : Labelled < LeastHearings ? $"{Labelled} hearings have a label that the model knows, {LeastHearings} are needed"
        : null;

    /// <summary>Whether one may stand for the other, as far as that was judged.</summary>
    public bool IsClose => Unjudged is null
        && (Labelled is null || (Agreement.Value >= LeastAgreement && Math.Abs(RecallChange.Value) <= MostRecallChange))
        && Concordance.Values.All(coefficient => coefficient >= LeastConcordance);

    /// <summary>Lets both hear all speech of the experiment's set, as recorded and at its SNRs.</summary>
    /// <param name="experiment">Recordings, and the model as it is.</param>
    /// <param name="other">The same in another form; its labels have to be the same.</param>
    /// <param name="name">What that is called.</param>
    /// <param name="progress">Told the share that was heard.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public static async Task<EmotionAgreement> HearAsync(
        Experiment experiment, IEmotionClassifier other, string name, Action<double> progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(experiment);
        (Prediction One, Prediction Other)[][] heard = await experiment.ForEachAsync(
            experiment.Set.Speech, HearAsync, progress, cancellationToken).ConfigureAwait(false);
        return Of(experiment, [.. heard.SelectMany(both => both)], name);

        async Task<(Prediction, Prediction)[]> HearAsync(EvaluationClip clip, CancellationToken token) =>
            [.. (await experiment.TakesAsync(clip, token).ConfigureAwait(false)).Select(take =>
            {
                Judgement judged = experiment.Judge(take.Recording, token);
                float[] mixed = judged.Mixed(judged.Weight);
                return (Prediction.Of(experiment.Classifier, clip, take, mixed), Prediction.Of(other, clip, take, mixed));
            })];
    }

    private static EmotionAgreement Of(Experiment experiment, (Prediction One, Prediction Other)[] all, string name)
    {
        (Prediction One, Prediction Other)[] labelled = [.. all.Where(both => both.One.Actual >= 0)];
        Prediction[] ones = [.. labelled.Select(both => both.One)], others = [.. labelled.Select(both => both.Other)];
        int labels = experiment.Classifier.Labels.Count;
        Interval same = Over(all, items => items.Average(i => all[i].One.Predicted == all[i].Other.Predicted ? 1.0 : 0));
        Interval one = Over(labelled, items => Prediction.Recall(ones, items, labels));
        Interval two = Over(labelled, items => Prediction.Recall(others, items, labels));
        Interval change = Over(labelled, items => Prediction.Recall(others, items, labels) - Prediction.Recall(ones, items, labels));
        double further = all.Select(both => Math.Abs(both.One.Estimate.Confidence - both.Other.Estimate.Confidence)).DefaultIfEmpty().Average();
        var concordance = Prediction.Attributes.Where(rating => all.Any(both => !float.IsNaN(rating.Estimated(both.One.Estimate))))
            .ToDictionary(
                rating => rating.Name,
                rating => Metrics.Concordance.Coefficient(
                    [.. all.Select(both => rating.Estimated(both.Other.Estimate))], [.. all.Select(both => rating.Estimated(both.One.Estimate))]),
                StringComparer.Ordinal);
        Report report = experiment.NewReport("Agreement", [experiment.Models.EmotionEntry.Id, name]);
        report.Notes.Add(
            $"{all.Length} hearings of {experiment.Set.Speech.Count} recordings, {labelled.Length} of them with a label that the model knows. "
            + $"Asked for: {LeastHearings} of both, {LeastAgreement:P0} alike, a recall within {100 * MostRecallChange} points, and of ratings a "
            + $"concordance of {LeastConcordance}.");
        report.Tables.Add(new ReportTable("In both forms", ["what", experiment.Models.EmotionEntry.Id, name, "difference"],
            [
                ["the likeliest emotion is the same", "", Report.Cell(same, "F4"), ""],
                ["confidence, mean change up or down", "", "", Report.Cell(further, "F4")],
                ["UAR", Report.Cell(one), Report.Cell(two), Report.Cell(change, "+0.0000;-0.0000;0.0000")],
                .. concordance.Select(rating => new[] { $"concordance of {rating.Key}", "", Report.Cell(rating.Value, "F4"), "" }),
            ]));
        var measured = new JsonObject
        {
            ["hearings"] = all.Length, ["agreement"] = Rounded(same.Value), ["recall"] = Rounded(one.Value), ["recallChange"] = Rounded(change.Value),
        };
        foreach ((string rating, double coefficient) in concordance)
            measured[$"{rating}Concordance"] = Rounded(coefficient);
        return new EmotionAgreement(all.Length, labels == 0 ? null : labelled.Length, same, change, concordance)
        {
            Report = report, Measured = measured,
        };

        Interval Over((Prediction One, Prediction Other)[] items, Func<int[], double> statistic) => items.Length == 0
            ? new Interval(double.NaN, double.NaN, double.NaN, 0)
            : new CrossedBootstrap(items.Select(both => (both.One.Speaker, both.One.NoiseSource)), experiment.Seed).Estimate(statistic);
        static JsonNode? Rounded(double value) => double.IsNaN(value) ? null : JsonValue.Create(Math.Round(value, 4));
    }
}
