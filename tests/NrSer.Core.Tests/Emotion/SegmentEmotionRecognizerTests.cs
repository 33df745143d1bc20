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

    [Fact]
    public void Recognize_OnTheScaleOfTheChunk_TakesOffWhatTheModelAlwaysSays()
    {
        // Logits of happiness are −3 + i; their mean over 20 segments of 0, 1, 0, 1, … is −2.5, of which 0.75 · 20 / (20 + 10) = a half goes.
        (float[] audio, ScoredSegment[] scored) = Chunk([.. Enumerable.Range(0, 21).Select(i => (8, i != 7))]);
        for (int i = 0; i < scored.Length; i++)
            audio.AsSpan(scored[i].Span.StartSample, scored[i].Span.Samples).Fill((i + (i > 7 ? 1 : 0)) % 2);
        EmotionEstimate?[] Heard(EmotionNormalisation normalisation) => new SegmentEmotionRecognizer(
            new LeaningClassifier(), new EmotionOptions { Normalisation = normalisation }, threads: 2)
            .Recognize(audio, scored, TestContext.Current.CancellationToken);

        Assert.Equal(1 / (1 + Math.Exp(3)), Heard(EmotionNormalisation.None)[0]!.Probabilities[1], 1e-6);
        EmotionEstimate?[] centred = Heard(EmotionNormalisation.Chunk);
        Assert.Equal(1 / (1 + Math.Exp(3 - 1.25)), centred[0]!.Probabilities[1], 1e-5);
        Assert.Equal(1 / (1 + Math.Exp(2 - 1.25)), centred[1]!.Probabilities[1], 1e-5);
        Assert.Null(centred[7]);
    }

    [Fact]
    public void Recognize_OnTheScaleOfOneSegment_LeavesMostOfIt()
    {
        (float[] audio, ScoredSegment[] scored) = Chunk([(8, true)]);
        EmotionEstimate? estimate = new SegmentEmotionRecognizer(
            new LeaningClassifier(), new EmotionOptions { Normalisation = EmotionNormalisation.Chunk }, threads: 1)
            .Recognize(audio, scored, TestContext.Current.CancellationToken)[0];
        Assert.Equal(1 / (1 + Math.Exp(3 * (1 - (0.75 / 11)))), estimate!.Probabilities[1], 1e-5);
    }

    [Theory]
    [InlineData(RatingScales.Model, 3f, "0–4")]
    [InlineData(RatingScales.Unit, 0.75f, "0–1")]
    [InlineData(RatingScales.Five, 4f, "1–5")]
    [InlineData(RatingScales.Seven, 5.5f, "1–7")]
    public void Recognize_RatingScaleAskedFor_TellsRatingsOnIt(RatingScales scale, float arousal, string told)
    {
        (float[] audio, ScoredSegment[] segments) = Chunk([(8, true), (8, true), (8, true), (8, true)]);
        EmotionEstimate heard = new SegmentEmotionRecognizer(new FirstSampleClassifier(), new EmotionOptions { RatingScale = scale }, threads: 1)
            .Recognize(audio, segments, TestContext.Current.CancellationToken)[3]!;
        Assert.Equal((arousal, null, told), (heard.Arousal, heard.Valence, heard.Scale.ToString())); // 3 of 0 to 4; none stays none
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
                estimates[i] = new EmotionEstimate("neutral", [1f], heard, Valence: null, Dominance: null)
                {
                    Trust = 1, IsReportable = true, Scale = new RatingScale(0, 4),
                };
            }

            return estimates;
        }

        public EmotionEstimate Reconsider(EmotionEstimate heard, float[] probabilities) => throw new InvalidOperationException("Not asked for.");
    }

    /// <summary>Always the same lean towards neutral; happier where the samples say so.</summary>
    private sealed class LeaningClassifier : IEmotionClassifier
    {
        public IReadOnlyList<string> Labels => ["neutral", "happy"];

        public IReadOnlyList<EmotionEstimate> Classify(Memory<float> batch, int count) =>
            [.. Enumerable.Range(0, count).Select(i => Of(1 / (1 + MathF.Exp(3 - batch.Span[i * batch.Length / count]))))];

        public EmotionEstimate Reconsider(EmotionEstimate heard, float[] probabilities) => Of(probabilities[1]);

        private static EmotionEstimate Of(float happy) =>
            new(happy > 0.5 ? "happy" : "neutral", [1 - happy, happy], 1, Valence: null, Dominance: null) { Trust = happy, IsReportable = true };
    }
}
