using System.Globalization;
using NrSer.Pipeline.Results;

namespace NrSer.Dashboard.Exports;

/// <summary>What exports say of a segment: the same words everywhere.</summary>
internal static class Heard
{
    private const string Caution = "What was heard in the voice, not what anybody feels. Not for decisions about people.";

    /// <summary>Stands in every export whose form has room for it: what it is worth, and what it may be used for.</summary>
    public static string CautionOf(Recording recording)
    {
        ArgumentNullException.ThrowIfNull(recording);
        string purpose = string.Concat((recording.Purpose ?? "").Where(letter => !char.IsControl(letter)))
            .Replace("-->", "→", StringComparison.Ordinal); // an arrow would end a note of WebVTT
        return string.Join(
            ' ', new[] { Caution, QualityNotice.Of(recording.ModelQuality), purpose.Length == 0 ? null : $"Purpose: {purpose}." }.OfType<string>());
    }

    /// <summary>A few words: what was heard, or why nothing was.</summary>
    public static string Of(Segment segment)
    {
        ArgumentNullException.ThrowIfNull(segment);
        return segment switch
        {
            { IsSpeech: false } => "no speech",
            { Emotion: null, EmotionModel: not null } => RatedAlone,
            { Emotion: null } => "not yet recognised",
            { IsReportable: false } => string.Create(CultureInfo.InvariantCulture,
                $"unsure ({segment.Emotion} {segment.Confidence:P0}, {TrustOf(segment)})"),
            _ => string.Create(CultureInfo.InvariantCulture, $"heard {segment.Emotion} {segment.Confidence:P0}, {TrustOf(segment)}"),
        };
    }

    /// <summary>One word, by which neighbours are joined.</summary>
    public static string LabelOf(Segment segment)
    {
        ArgumentNullException.ThrowIfNull(segment);
        return segment switch
        {
            { IsSpeech: false } => "no speech",
            { Emotion: null, EmotionModel: not null } => RatedAlone,
            { Emotion: null } => "not yet recognised",
            { IsReportable: false } => "unsure",
            _ => segment.Emotion,
        };
    }

    private const string RatedAlone = "rated only"; // by a model that knows arousal, valence and dominance, and no emotions

    private static string TrustOf(Segment segment) =>
        segment.Trust is { } trust ? string.Create(CultureInfo.InvariantCulture, $"trust {trust:F2}") : "trust unknown";
}
