using NrSer.Core.Emotion;
using NrSer.Core.Snr;

namespace NrSer.Evaluation.Experiments;

/// <summary>One way to use, or not to use, the enhanced signal, with the classifier that was trained for it.</summary>
/// <param name="Name">Of the arm, and of its classifier among the trained arms.</param>
/// <param name="Weight">Share of the original, from what was judged and the clean speech.</param>
/// <param name="Classifier">Listens to the mix.</param>
public sealed record AblationArm(string Name, Func<Judgement, float[], MixWeight> Weight, IEmotionClassifier Classifier)
{
    /// <summary>The untouched input.</summary>
    public const string Original = "original";

    /// <summary>Enhancement alone.</summary>
    public const string Enhanced = "enhanced";

    /// <summary>The method.</summary>
    public const string NrSer = "nrser";

    /// <summary>The weight that brings the mix closest to the clean speech: what a perfect score could reach.</summary>
    public const string Oracle = "oracle";

    /// <summary>Names of all arms.</summary>
    public static IReadOnlyList<string> Names { get; } = [Original, Enhanced, NrSer, Oracle];

    /// <summary>All arms.</summary>
    /// <param name="classifierOf">The classifier of an arm.</param>
    public static AblationArm[] All(Func<string, IEmotionClassifier> classifierOf) =>
    [
        new(Original, (_, _) => Fixed(1), classifierOf(Original)),
        new(Enhanced, (_, _) => Fixed(0), classifierOf(Enhanced)),
        new(NrSer, (judged, _) => judged.Weight, classifierOf(NrSer)),
        new(Oracle, (judged, clean) => Fixed(OracleWeight(judged.Original, judged.Enhanced, clean)), classifierOf(Oracle)),
    ];

    /// <summary>argmin over w of ‖s − (w·x + (1 − w)·x̂)‖² = ⟨s − x̂, x − x̂⟩ / ‖x − x̂‖²; 1 where x̂ is x.</summary>
    internal static float OracleWeight(ReadOnlySpan<float> original, ReadOnlySpan<float> enhanced, ReadOnlySpan<float> clean)
    {
        double product = 0, square = 0;
        for (int i = 0; i < original.Length; i++)
        {
            double change = original[i] - enhanced[i];
            product += (clean[i] - enhanced[i]) * change;
            square += change * change;
        }

        return square > 0 ? (float)(product / square) : 1;
    }

    private static MixWeight Fixed(float weight) => MixWeight.Clamp(weight);
}
