using Azure.Data.Tables;
using NrSer.Core;
using NrSer.Core.Emotion;
using NrSer.Core.Models;
using NrSer.Core.Reconstitution;
using NrSer.Core.Segmentation;

namespace NrSer.Pipeline.Rows;

/// <summary>What is said of one segment: a table row, a Parquet row and a JSON object of <c>nrser analyze</c>.</summary>
public sealed record SegmentRow
{
    private const string ProbabilityPrefix = "Probability_";

    /// <summary>From 0.</summary>
    public required int Channel { get; init; }

    /// <summary>From the recording's start.</summary>
    public required double StartSeconds { get; init; }

    /// <summary>From the recording's start.</summary>
    public required double EndSeconds { get; init; }

    /// <summary>S, raw.</summary>
    public required float SnrScore { get; init; }

    /// <summary>S′, in [0, 1]: the share of the original in what was recognised.</summary>
    public required float MixWeight { get; init; }

    /// <summary>Whether it passed the noise-only gate.</summary>
    public required bool IsSpeech { get; init; }

    /// <summary>The likeliest label; null without speech, or before recognition.</summary>
    public string? Emotion { get; init; }

    /// <summary>Probability of that label.</summary>
    public float? Confidence { get; init; }

    /// <summary>Probability by label.</summary>
    public IReadOnlyDictionary<string, float>? Probabilities { get; init; }

    /// <summary>Calm to excited, on the model's rating scale.</summary>
    public float? Arousal { get; init; }

    /// <summary>Unpleasant to pleasant.</summary>
    public float? Valence { get; init; }

    /// <summary>Weak to strong.</summary>
    public float? Dominance { get; init; }

    /// <summary>Puts a recognised segment on the recording's time line.</summary>
    /// <param name="segment">The segment.</param>
    /// <param name="labels">Labels in the order of its probabilities.</param>
    /// <param name="channel">Its channel.</param>
    /// <param name="chunkStartSample">Where its chunk begins in the channel, at 16 kHz.</param>
    public static SegmentRow Of(RecognizedSegment segment, IReadOnlyList<string> labels, int channel, long chunkStartSample)
    {
        ArgumentNullException.ThrowIfNull(segment);
        long start = chunkStartSample + segment.Segment.Span.StartSample;
        return new SegmentRow
        {
            Channel = channel,
            StartSeconds = start / (double)SegmentGrid.SampleRateHz,
            EndSeconds = (start + segment.Segment.Span.Samples) / (double)SegmentGrid.SampleRateHz,
            SnrScore = segment.Segment.Score.Value,
            MixWeight = segment.Segment.Weight.Value,
            IsSpeech = segment.Segment.IsSpeech,
            Emotion = segment.Estimate?.Emotion,
            Confidence = segment.Estimate?.Confidence,
            Probabilities = segment.Estimate is { } estimate
                ? labels.Zip(estimate.Probabilities).ToDictionary(pair => pair.First, pair => pair.Second, StringComparer.Ordinal)
                : null,
            Arousal = segment.Estimate?.Arousal,
            Valence = segment.Estimate?.Valence,
            Dominance = segment.Estimate?.Dominance,
        };
    }

    /// <summary>The columns that enhancement owns.</summary>
    /// <param name="chunk">The chunk.</param>
    /// <param name="chunkStartSample">Where it begins in its channel.</param>
    /// <param name="segment">The segment.</param>
    /// <param name="enhancer">Model that enhanced.</param>
    /// <param name="snrLevel">Model that scored.</param>
    /// <param name="quality">The lowest quality among the models.</param>
    internal static TableEntity Scored(ChunkId chunk, long chunkStartSample, ScoredSegment segment, string enhancer, string snrLevel, string quality)
    {
        SegmentRow row = Of(new RecognizedSegment(segment, null), [], chunk.Channel, chunkStartSample);
        return new TableEntity(chunk.Recording.Value, KeyOf(chunk, chunkStartSample, segment))
        {
            [nameof(Channel)] = row.Channel,
            [nameof(StartSeconds)] = row.StartSeconds,
            [nameof(EndSeconds)] = row.EndSeconds,
            [nameof(SnrScore)] = (double)row.SnrScore,
            [nameof(MixWeight)] = (double)row.MixWeight,
            [nameof(IsSpeech)] = row.IsSpeech,
            [nameof(RecordingRow.EnhancerModel)] = enhancer,
            [nameof(RecordingRow.SnrLevelModel)] = snrLevel,
            [nameof(RecordingRow.ModelQuality)] = quality,
        };
    }

    /// <summary>The columns that recognition owns.</summary>
    internal static TableEntity Recognized(
        ChunkId chunk, long chunkStartSample, ScoredSegment segment, EmotionEstimate estimate, IReadOnlyList<string> labels, ModelEntry model, string quality)
    {
        var entity = new TableEntity(chunk.Recording.Value, KeyOf(chunk, chunkStartSample, segment))
        {
            [nameof(Emotion)] = estimate.Emotion,
            [nameof(Confidence)] = (double)estimate.Confidence,
            [nameof(RecordingRow.EmotionModel)] = model.Id,
            [nameof(RecordingRow.ModelQuality)] = quality,
        };
        for (int i = 0; i < labels.Count; i++)
            entity[ProbabilityPrefix + labels[i]] = (double)estimate.Probabilities[i];
        if (estimate.Arousal is { } arousal)
            entity[nameof(Arousal)] = (double)arousal;
        if (estimate.Valence is { } valence)
            entity[nameof(Valence)] = (double)valence;
        if (estimate.Dominance is { } dominance)
            entity[nameof(Dominance)] = (double)dominance;
        return entity;
    }

    /// <summary>A stored row.</summary>
    /// <param name="entity">As the table holds it.</param>
    public static SegmentRow From(TableEntity entity)
    {
        ArgumentNullException.ThrowIfNull(entity);
        Dictionary<string, float> probabilities = entity.Keys
            .Where(key => key.StartsWith(ProbabilityPrefix, StringComparison.Ordinal))
            .ToDictionary(key => key[ProbabilityPrefix.Length..], key => (float)entity.GetDouble(key)!.Value, StringComparer.Ordinal);
        return new SegmentRow
        {
            Channel = entity.GetInt32(nameof(Channel)) ?? 0,
            StartSeconds = entity.GetDouble(nameof(StartSeconds)) ?? 0,
            EndSeconds = entity.GetDouble(nameof(EndSeconds)) ?? 0,
            SnrScore = (float)(entity.GetDouble(nameof(SnrScore)) ?? 0),
            MixWeight = (float)(entity.GetDouble(nameof(MixWeight)) ?? 0),
            IsSpeech = entity.GetBoolean(nameof(IsSpeech)) ?? false,
            Emotion = entity.GetString(nameof(Emotion)),
            Confidence = (float?)entity.GetDouble(nameof(Confidence)),
            Probabilities = probabilities.Count > 0 ? probabilities : null,
            Arousal = (float?)entity.GetDouble(nameof(Arousal)),
            Valence = (float?)entity.GetDouble(nameof(Valence)),
            Dominance = (float?)entity.GetDouble(nameof(Dominance)),
        };
    }

    /// <summary>Channel, then start in ms, so that text order is order of time.</summary>
    private static string KeyOf(ChunkId chunk, long chunkStartSample, ScoredSegment segment) =>
        $"{chunk.Channel:D2}-{(chunkStartSample + segment.Span.StartSample) / (SegmentGrid.SampleRateHz / 1000):D10}";
}
