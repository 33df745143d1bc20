using NrSer.Core.Models;
using static NrSer.Pipeline.Results.Column<NrSer.Pipeline.Results.Segment>;

namespace NrSer.Pipeline.Results;

/// <summary>Every column of a segment, once: tables, Parquet, CSV, JSON and the documentation are made from this list.</summary>
/// <remarks>The list is fixed: it is the same with and without speech, and whatever the models know.</remarks>
public static class SegmentColumns
{
    /// <summary>Begins the names of the probabilities; the emotion follows.</summary>
    public const string ProbabilityPrefix = "Probability_";

    /// <summary>In the order in which they are shown.</summary>
    public static IReadOnlyList<Column<Segment>> All { get; } =
    [
        Of("RecordingId", null, Stage.Ingest, "The recording.", s => s.RecordingId.Value, (s, v) => s with { RecordingId = RecordingId.Parse(v) },
            "Key into the recordings.", isNullable: false, isKey: true),
        Of("RecordedAt", "UTC", Stage.Enhance, "When the recording was recorded or published.", s => s.RecordedAt,
            (s, v) => s with { RecordedAt = v }, "As in the recording's row; null where nobody said."),
        Of("Channel", null, Stage.Enhance, "Channel of the recording, from 0.", s => s.Channel, (s, v) => s with { Channel = v },
            "0 also where all channels were mixed."),
        Of("StartSeconds", "s", Stage.Enhance, "Where it begins, from the recording's start.", s => s.StartSeconds,
            (s, v) => s with { StartSeconds = v }),
        Of("EndSeconds", "s", Stage.Enhance, "Where it ends, from the recording's start.", s => s.EndSeconds, (s, v) => s with { EndSeconds = v },
            "Segments last 2 to 10 s, cut at pauses of the enhanced voice."),
        Of("SnrScore", "unbounded", Stage.Enhance, "S: near 0 noise alone, near 1 clean speech.", s => s.SnrScore, (s, v) => s with { SnrScore = v },
            "It rises with the signal-to-noise ratio but is no level in dB."),
        Of("MixWeight", "0–1", Stage.Enhance, "S′: the share of the original in what was recognised.", s => s.MixWeight,
            (s, v) => s with { MixWeight = v },
            "1: the original was left alone; 0: the enhanced voice alone was heard."),
        Of("IsSpeech", null, Stage.Enhance,
            "Whether it passed the gate: no silence, and S, the share of energy that the enhancer kept and the log-odds of speech reach those "
                + "thresholds that the SNR-level model has.",
            s => s.IsSpeech, (s, v) => s with { IsSpeech = v },
            "Without speech there is no emotion. False is noise alone or a voice too deep in it: with the embedded models a seventh of speech at "
                + "−5 dB."),
        Of("Emotion", null, Stage.Recognize, "The likeliest emotion that was heard.", s => s.Emotion, (s, v) => s with { Emotion = v },
            $"One of {string.Join(", ", EmotionVocabulary.Names)}; null without speech, and from models that rate alone."),
        Of("Confidence", "0–1", Stage.Recognize, "Probability of that emotion.", s => s.Confidence, (s, v) => s with { Confidence = v }),
        Of("Trust", "0–1", Stage.Recognize, "How far that emotion can be trusted, by the rule that the emotion model's entry names.",
            s => s.Trust, (s, v) => s with { Trust = v }, "Null without speech, without an emotion, and in rows of version 0.1."),
        Of("IsReportable", null, Stage.Enhance | Stage.Recognize,
            "Whether it holds speech and its trust reaches the threshold of the emotion model's entry.",
            s => s.IsReportable, (s, v) => s with { IsReportable = v },
            "Count and chart these alone. Null while it waits for recognition, and in rows of version 0.1."),
        .. EmotionVocabulary.Names.Select((name, index) => Of(
            $"{ProbabilityPrefix}{name}", "0–1", Stage.Recognize, $"Probability of {name}.", s => s.ProbabilityOf(index),
            (s, v) => s.WithProbability(index, v),
            "Null without speech, and where the model does not know this emotion.")),
        Of("Arousal", "see RatingScale", Stage.Recognize, "Calm to excited.", s => s.Arousal, (s, v) => s with { Arousal = v },
            "1–5 for the embedded model; null without speech, and from models not trained on ratings."),
        Of("Valence", "see RatingScale", Stage.Recognize, "Unpleasant to pleasant.", s => s.Valence, (s, v) => s with { Valence = v },
            "As arousal."),
        Of("Dominance", "see RatingScale", Stage.Recognize, "Weak to strong.", s => s.Dominance, (s, v) => s with { Dominance = v },
            "As arousal."),
        Of("RatingScale", null, Stage.Recognize, "Lowest and highest rating of the scale that arousal, valence and dominance are told on.",
            s => s.RatingScale, (s, v) => s with { RatingScale = v },
            "`1–5` for the embedded model, unless `NrSer__Emotion__RatingScale` is `Unit`, `Five` or `Seven`. "
            + "Null without ratings, and in earlier rows."),
        Of("EnhancerModel", null, Stage.Enhance, "Model that enhanced, `name@version`.", s => s.EnhancerModel,
            (s, v) => s with { EnhancerModel = v }),
        Of("SnrLevelModel", null, Stage.Enhance, "Model that scored, `name@version`.", s => s.SnrLevelModel, (s, v) => s with { SnrLevelModel = v }),
        Of("EmotionModel", null, Stage.Recognize, "Model that recognised, `name@version`.", s => s.EmotionModel,
            (s, v) => s with { EmotionModel = v }, "Null without speech."),
        Of("ModelQuality", null, Stage.Enhance | Stage.Recognize, "The lowest quality among the models.", s => s.ModelQuality,
            (s, v) => s with { ModelQuality = v },
            "`demonstration`: to show the mechanism, not to decide about people; `production`."),
        Of("Text", null, Stage.Complete, "What was said in it, by its publisher's transcript.", s => s.Text, (s, v) => s with { Text = v },
            "Somebody's words. Null unless `NrSer__Podcasts__Transcripts` had a transcript fetched whose times fit: docs/podcasts.md."),
    ];
}
