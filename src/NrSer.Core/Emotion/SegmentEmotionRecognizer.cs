using System.Numerics.Tensors;
using CommunityToolkit.HighPerformance.Buffers;
using NrSer.Core.Models;
using NrSer.Core.Reconstitution;
using NrSer.Core.Segmentation;

namespace NrSer.Core.Emotion;

/// <summary>The second half of the method: equal-length batches of a chunk's speech segments through the emotion block.</summary>
/// <param name="classifier">The emotion block.</param>
/// <param name="options">Batch size, and scale.</param>
/// <param name="threads">Batches in work at once, at least 1.</param>
public sealed class SegmentEmotionRecognizer(IEmotionClassifier classifier, EmotionOptions options, int threads)
{
    // Of what the chunk's mean takes off, and how many segments make half of that: the best of five shares on corpora that a network was trained
    // without, in chunks of 10, 30 and 100 utterances with emotions in equal and in lopsided shares.
    private const double CentredShare = 0.75, HalfCentredSegments = 10;
    private const float LeastProbability = 1e-6f;

    /// <summary>Categories in the order of the probabilities.</summary>
    public IReadOnlyList<string> Labels => classifier.Labels;

    /// <summary>Recognises every segment that passed the gate.</summary>
    /// <param name="audio">y of the chunk, [samples].</param>
    /// <param name="segments">The chunk's segments.</param>
    /// <param name="cancellationToken">Checked once per batch.</param>
    /// <returns>One per segment, in order; null where the segment holds no speech.</returns>
    public EmotionEstimate?[] Recognize(ReadOnlyMemory<float> audio, IReadOnlyList<ScoredSegment> segments, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(segments);
        var estimates = new EmotionEstimate?[segments.Count];
        int[][] batches = Batches(segments);
        ParallelWork.For(batches.Length, threads, b =>
        {
            int[] batch = batches[b];
            int samples = segments[batch[0]].Span.Samples;
            using MemoryOwner<float> values = MemoryOwner<float>.Allocate(batch.Length * samples);
            for (int i = 0; i < batch.Length; i++)
                audio.Span.Slice(segments[batch[i]].Span.StartSample, samples).CopyTo(values.Span[(i * samples)..]);
            IReadOnlyList<EmotionEstimate> results = classifier.Classify(values.Memory, batch.Length);
            for (int i = 0; i < batch.Length; i++)
                estimates[batch[i]] = Rescaled(results[i]);
        }, cancellationToken);
        if (options.Normalisation == EmotionNormalisation.Chunk && Labels.Count > 0)
            Centre(estimates);
        return estimates;
    }

    private EmotionEstimate Rescaled(EmotionEstimate heard)
    {
        return options.ToldScale is { } scale && heard.Scale is { } told
            ? heard with
            {
                Arousal = told.On(heard.Arousal, scale),
                Valence = told.On(heard.Valence, scale),
                Dominance = told.On(heard.Dominance, scale),
                Scale = scale,
            }
            : heard;
    }

    /// <summary>Takes most of their mean over the chunk from the log-probabilities; less of it where few segments make the mean.</summary>
    private void Centre(EmotionEstimate?[] estimates)
    {
        int[] heard = [.. Enumerable.Range(0, estimates.Length).Where(i => estimates[i] is not null)];
        float[][] logits = [.. heard.Select(i => estimates[i]!.Probabilities.Select(p => MathF.Log(MathF.Max(p, LeastProbability))).ToArray())];
        float[] mean = new float[Labels.Count];
        foreach (float[] one in logits)
            TensorPrimitives.Add(mean, one, mean);
        TensorPrimitives.Multiply(mean, (float)(CentredShare / (heard.Length + HalfCentredSegments)), mean);
        foreach ((int i, float[] probabilities) in heard.Zip(logits))
        {
            TensorPrimitives.Subtract(probabilities, mean, probabilities);
            TensorPrimitives.SoftMax<float>(probabilities, probabilities);
            estimates[i] = classifier.Reconsider(estimates[i]!, probabilities);
        }
    }

    /// <summary>Indices of speech segments, grouped by length, in an order that depends on the segments alone.</summary>
    private int[][] Batches(IReadOnlyList<ScoredSegment> segments)
    {
        double room = options.MaxBatch.TotalSeconds * SegmentGrid.SampleRateHz;
        return [.. Enumerable.Range(0, segments.Count)
            .Where(i => segments[i].IsSpeech)
            .GroupBy(i => segments[i].Span.Samples)
            .OrderByDescending(group => group.Key)
            .SelectMany(group => group.Chunk(Math.Max(1, (int)(room / group.Key))))];
    }
}
