using NrSer.Core.Emotion;
using NrSer.Evaluation.Metrics;

namespace NrSer.Evaluation.Experiments;

/// <summary>What a classifier heard in one clip, beside what it should have heard.</summary>
/// <param name="Corpus">Of the clip.</param>
/// <param name="Speaker">Of the clip, told from those of other corpora.</param>
/// <param name="SnrDb">Null as recorded.</param>
/// <param name="NoiseSource">Which recording the noise is from; null as recorded.</param>
/// <param name="Actual">Index of the label among the classifier's; −1 for one that it does not know.</param>
/// <param name="Predicted">Index of the likeliest label.</param>
/// <param name="Ratings">By people, or null.</param>
/// <param name="Estimate">What it said.</param>
public sealed record Prediction(
    string Corpus, string Speaker, double? SnrDb, string? NoiseSource, int Actual, int Predicted, Ratings? Ratings, EmotionEstimate Estimate)
{
    /// <summary>Bins of the expected calibration error, as in training.</summary>
    public const int CalibrationBins = 10;

    /// <summary>The three attributes, as rated and as estimated; NaN where the model has none.</summary>
    public static IReadOnlyList<(string Name, Func<Ratings, float> Rated, Func<EmotionEstimate, float> Estimated)> Attributes { get; } =
    [
        ("arousal", ratings => ratings.Arousal, estimate => estimate.Arousal ?? float.NaN),
        ("valence", ratings => ratings.Valence, estimate => estimate.Valence ?? float.NaN),
        ("dominance", ratings => ratings.Dominance, estimate => estimate.Dominance ?? float.NaN),
    ];

    /// <summary>Lets a classifier hear a signal that was made of a take.</summary>
    public static Prediction Of(IEmotionClassifier classifier, EvaluationClip clip, Take take, float[] signal)
    {
        EmotionEstimate estimate = classifier.Classify(signal, 1)[0];
        return new Prediction(clip.Corpus, clip.Source, take.SnrDb, take.NoiseSource, IndexOf(classifier, clip.Label),
            IndexOf(classifier, estimate.Emotion), clip.Ratings, estimate);
    }

    /// <summary>Unweighted average recall of some items.</summary>
    public static double Recall(Prediction[] items, int[] drawn, int labels) =>
        CategoryMetrics.UnweightedAverageRecall([.. drawn.Select(i => items[i].Actual)], [.. drawn.Select(i => items[i].Predicted)], labels);

    /// <summary>Macro-F1 of some items.</summary>
    public static double F1(Prediction[] items, int[] drawn, int labels) =>
        CategoryMetrics.MacroF1([.. drawn.Select(i => items[i].Actual)], [.. drawn.Select(i => items[i].Predicted)], labels);

    /// <summary>CCC of one attribute over some rated items.</summary>
    public static double Concordance(Prediction[] items, int[] drawn,
        (string Name, Func<Ratings, float> Rated, Func<EmotionEstimate, float> Estimated) attribute) =>
        Metrics.Concordance.Coefficient(
            [.. drawn.Select(i => attribute.Estimated(items[i].Estimate))], [.. drawn.Select(i => attribute.Rated(items[i].Ratings!))]);

    private static int IndexOf(IEmotionClassifier classifier, string? label)
    {
        for (int i = 0; i < classifier.Labels.Count; i++)
        {
            if (classifier.Labels[i] == label)
                return i;
        }

        return -1;
    }
}
