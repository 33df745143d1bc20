using System.Collections.Immutable;
using System.Text.Json.Serialization;
using NrSer.Core;
using NrSer.Core.Models;
using NrSer.Core.Segmentation;

namespace NrSer.Pipeline.Results;

/// <summary>What is said of one segment.</summary>
/// <remarks><see cref="SegmentColumns"/> says what each property means, and makes every form of it.</remarks>
[JsonConverter(typeof(SegmentJsonConverter))]
public sealed record Segment
{
    /// <summary>Its recording; <c>default</c> where nothing is stored.</summary>
    public RecordingId RecordingId { get; init; }

    /// <summary>When the recording was recorded or published; null where nobody said.</summary>
    public DateTimeOffset? RecordedAt { get; init; }

    /// <summary>From 0.</summary>
    public int Channel { get; init; }

    /// <summary>From the recording's start.</summary>
    public double StartSeconds { get; init; }

    /// <summary>From the recording's start.</summary>
    public double EndSeconds { get; init; }

    /// <summary>S, raw.</summary>
    public float SnrScore { get; init; }

    /// <summary>S′, in [0, 1]: the share of the original in what was recognised.</summary>
    public float MixWeight { get; init; }

    /// <summary>Whether it passed the gate against silence and noise, as <see cref="SegmentColumns"/> says it.</summary>
    public bool IsSpeech { get; init; }

    /// <summary>The likeliest emotion; null without speech, or before recognition.</summary>
    public string? Emotion { get; init; }

    /// <summary>Probability of that emotion.</summary>
    public float? Confidence { get; init; }

    /// <summary>How far the emotion can be trusted, in [0, 1].</summary>
    public float? Trust { get; init; }

    /// <summary>Whether to count it; null while it waits for recognition.</summary>
    public bool? IsReportable { get; init; }

    /// <summary>One per name of <see cref="EmotionVocabulary"/>, null where the model does not know it; none without speech.</summary>
    public ImmutableArray<float?> Probabilities { get; init; } = [];

    /// <summary>Calm to excited, on the model's rating scale.</summary>
    public float? Arousal { get; init; }

    /// <summary>Unpleasant to pleasant.</summary>
    public float? Valence { get; init; }

    /// <summary>Weak to strong.</summary>
    public float? Dominance { get; init; }

    /// <summary>Lowest and highest rating of the scale that the three are told on; null where there are none.</summary>
    public string? RatingScale { get; init; }

    /// <summary>Enhancer, <c>name@version</c>.</summary>
    public string? EnhancerModel { get; init; }

    /// <summary>SNR-level block, <c>name@version</c>.</summary>
    public string? SnrLevelModel { get; init; }

    /// <summary>Emotion model, <c>name@version</c>; null without speech.</summary>
    public string? EmotionModel { get; init; }

    /// <summary>The lowest quality among the models.</summary>
    public string? ModelQuality { get; init; }

    /// <summary>What was said in it, by its publisher's transcript.</summary>
    public string? Text { get; init; }

    /// <summary>Channel, then start in ms, so that text order is order of time.</summary>
    internal string Key => $"{Channel:D2}-{(long)Math.Round(StartSeconds * SegmentGrid.SampleRateHz) / (SegmentGrid.SampleRateHz / 1000):D10}";

    /// <summary>Puts a segment on its recording's time line.</summary>
    /// <param name="segment">The segment, recognised or not.</param>
    /// <param name="labels">Names of the vocabulary in the order of its probabilities.</param>
    /// <param name="channel">Its channel.</param>
    /// <param name="chunkStartSample">Where its chunk begins in the channel, at 16 kHz.</param>
    /// <param name="models">What computed it.</param>
    public static Segment Of(RecognizedSegment segment, IReadOnlyList<string> labels, int channel, long chunkStartSample, ModelNames models)
    {
        ArgumentNullException.ThrowIfNull(segment);
        ArgumentNullException.ThrowIfNull(models);
        long start = chunkStartSample + segment.Segment.Span.StartSample;
        var scored = new Segment
        {
            Channel = channel,
            StartSeconds = start / (double)SegmentGrid.SampleRateHz,
            EndSeconds = (start + segment.Segment.Span.Samples) / (double)SegmentGrid.SampleRateHz,
            SnrScore = segment.Segment.Score.Value,
            MixWeight = segment.Segment.Weight.Value,
            IsSpeech = segment.Segment.IsSpeech,
            IsReportable = segment.Segment.IsSpeech ? null : false,
            EnhancerModel = segment.Segment.IsScreened ? models.ScreenEnhancer : models.Enhancer,
            SnrLevelModel = segment.Segment.IsScreened ? models.ScreenSnrLevel : models.SnrLevel,
            ModelQuality = models.Quality,
        };
        return segment.Estimate is not { } estimate ? scored : scored with
        {
            Emotion = estimate.Emotion,
            Confidence = estimate.Emotion is null ? null : estimate.Confidence,
            Trust = estimate.Emotion is null ? null : estimate.Trust,
            IsReportable = estimate.IsReportable,
            Probabilities = [.. EmotionVocabulary.Names.Select(name => labels.Zip(estimate.Probabilities)
                .Where(pair => pair.First == name).Select(pair => (float?)pair.Second).FirstOrDefault())],
            Arousal = estimate.Arousal,
            Valence = estimate.Valence,
            Dominance = estimate.Dominance,
            RatingScale = estimate.Scale?.ToString(),
            EmotionModel = models.Emotion,
        };
    }

    /// <summary>Probability of an emotion; null where there is none.</summary>
    /// <param name="emotion">Its place in the vocabulary.</param>
    internal float? ProbabilityOf(int emotion) => Probabilities.IsDefaultOrEmpty ? null : Probabilities[emotion];

    /// <summary>The segment with another probability.</summary>
    /// <param name="emotion">Its place in the vocabulary.</param>
    /// <param name="probability">In [0, 1].</param>
    internal Segment WithProbability(int emotion, float? probability) => this with
    {
        Probabilities = (Probabilities.IsDefaultOrEmpty ? [.. new float?[EmotionVocabulary.Names.Count]] : Probabilities)
            .SetItem(emotion, probability),
    };
}
