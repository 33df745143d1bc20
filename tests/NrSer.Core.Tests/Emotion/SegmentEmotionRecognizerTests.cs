using System.Collections.Concurrent;
using CsCheck;
using NrSer.Core.Emotion;
using NrSer.Core.Reconstitution;
using NrSer.Core.Segmentation;
using NrSer.Core.Snr;

namespace NrSer.Core.Tests.Emotion;

public sealed class SegmentEmotionRecognizerTests
{
    private const int Step = SegmentGrid.StepSamples;

    [Fact]
    public void Recognize_AnySegments_KeepsOrderAndLeavesOutNonSpeech() =>
        Gen.Select(Gen.Int[8, 12], Gen.Bool).Array[0, 30].Sample(segments =>
        {
            (float[] audio, ScoredSegment[] scored) = Chunk(segments);
            var classifier = new FirstSampleClassifier();
            EmotionEstimate?[] estimates = Recognize(classifier, audio, scored);
            Assert.Equal(scored.Length, estimates.Length);
            for (int i = 0; i < scored.Length; i++)
                Assert.Equal(scored[i].IsSpeech ? i : null, estimates[i]?.Arousal);
            Assert.Equal(segments.Count(segment => segment.Item2), classifier.Batches.Sum(batch => batch.Count));
            Assert.All(classifier.Batches, batch => Assert.True(batch.Samples <= 10 * SegmentGrid.SampleRateHz));
        }, iter: 50);

    [Fact]
    public void Recognize_EqualLengths_FillBatchesUpToTheLimit()
    {
        (float[] audio, ScoredSegment[] scored) = Chunk([.. Enumerable.Repeat((20, true), 9)]); // 5 s each, 10 s at once
        var classifier = new FirstSampleClassifier();
        Recognize(classifier, audio, scored);
        Assert.Equal([2, 2, 2, 2, 1], classifier.Batches.Select(batch => batch.Count).OrderDescending());
    }

    [Fact]
    public void Recognize_SegmentLongerThanABatch_GoesAlone()
    {
        (float[] audio, ScoredSegment[] scored) = Chunk([(100, true), (100, true)]); // whole recordings of 25 s
        var classifier = new FirstSampleClassifier();
        Assert.All(Recognize(classifier, audio, scored), Assert.NotNull);
        Assert.Equal([1, 1], classifier.Batches.Select(batch => batch.Count));
    }

    [Fact]
    public void Recognize_NothingSaid_NeverRunsTheNetwork()
    {
        (float[] audio, ScoredSegment[] scored) = Chunk([(8, false), (9, false)]);
        var classifier = new FirstSampleClassifier();
        Assert.Equal([null, null], Recognize(classifier, audio, scored));
        Assert.Empty(Recognize(classifier, [], []));
        Assert.Empty(classifier.Batches);
    }

    [Fact]
    public void Recognize_Cancelled_ThrowsOperationCanceled()
    {
        (float[] audio, ScoredSegment[] scored) = Chunk([(8, true), (9, true), (10, true)]);
        var recognizer = new SegmentEmotionRecognizer(new FirstSampleClassifier(), new EmotionOptions(), threads: 2);
        Assert.ThrowsAny<OperationCanceledException>(() => recognizer.Recognize(audio, scored, new CancellationToken(canceled: true)));
    }

    private static EmotionEstimate?[] Recognize(FirstSampleClassifier classifier, float[] audio, ScoredSegment[] segments) =>
        new SegmentEmotionRecognizer(classifier, new EmotionOptions(), threads: 2).Recognize(audio, segments, TestContext.Current.CancellationToken);

    /// <summary>Segments one after the other, the audio of each filled with its index.</summary>
    private static (float[] Audio, ScoredSegment[] Segments) Chunk((int Steps, bool IsSpeech)[] segments)
    {
        var scored = new ScoredSegment[segments.Length];
        float[] audio = new float[segments.Sum(segment => segment.Steps) * Step];
        for (int i = 0, at = 0; i < segments.Length; at += segments[i].Steps * Step, i++)
        {
            scored[i] =
                new ScoredSegment(new SegmentSpan(at, segments[i].Steps * Step), new SnrScore(0.5f), MixWeight.Clamp(0.5f), segments[i].IsSpeech);
            audio.AsSpan(at, segments[i].Steps * Step).Fill(i);
        }

        return (audio, scored);
    }

    /// <summary>Hears in each segment the arousal that its samples have, and requires all of them to have it.</summary>
    private sealed class FirstSampleClassifier : IEmotionClassifier
    {
        public IReadOnlyList<string> Labels => ["neutral"];

        public ConcurrentBag<(int Count, int Samples)> Batches { get; } = [];

        public IReadOnlyList<EmotionEstimate> Classify(Memory<float> batch, int count)
        {
            Batches.Add((count, batch.Length));
            int samples = batch.Length / count;
            var estimates = new EmotionEstimate[count];
            for (int i = 0; i < count; i++)
            {
                float heard = batch.Span[i * samples];
                Assert.False(batch.Span.Slice(i * samples, samples).ContainsAnyExcept(heard));
                estimates[i] = new EmotionEstimate("neutral", [1f], heard, Valence: null, Dominance: null) { Trust = 1, IsReportable = true };
            }

            return estimates;
        }
    }
}
