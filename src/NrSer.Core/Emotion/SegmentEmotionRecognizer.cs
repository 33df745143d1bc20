using CommunityToolkit.HighPerformance.Buffers;
using NrSer.Core.Models;
using NrSer.Core.Reconstitution;
using NrSer.Core.Segmentation;

namespace NrSer.Core.Emotion;

/// <summary>The second half of the method: equal-length batches of a chunk's speech segments through the emotion block.</summary>
/// <param name="classifier">The emotion block.</param>
/// <param name="options">Batch size.</param>
/// <param name="threads">Batches in work at once, at least 1.</param>
public sealed class SegmentEmotionRecognizer(IEmotionClassifier classifier, EmotionOptions options, int threads)
{
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
                estimates[batch[i]] = results[i];
        }, cancellationToken);
        return estimates;
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
