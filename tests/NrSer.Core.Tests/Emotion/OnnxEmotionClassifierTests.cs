using System.Text.Json.Nodes;
using NrSer.Core.Emotion;
using NrSer.Core.Models;
using NrSer.Core.Tests.Signal;
using NrSer.Testing;

namespace NrSer.Core.Tests.Emotion;

public sealed class OnnxEmotionClassifierTests
{
    private const int Samples = 8000;

    [Fact]
    public void Classify_Batch_EqualsEachSegmentAlone()
    {
        using OnnxModel model = TestCatalog.Load("emotion-rated");
        AssertBatchEqualsSingles(new OnnxEmotionClassifier(model));
    }

    [Fact]
    public void Classify_BatchOnTheDeliveredModel_EqualsEachSegmentAlone()
    {
        string path = Path.Combine(AppContext.BaseDirectory, "models", "catalog.json");
        var options = new ModelOptions { CatalogPath = path };
        ModelCatalog catalog = ModelCatalog.Load(path);
        using OnnxModel model = OnnxModel.Load(catalog, catalog.Choose(ModelKind.Emotion, name: null), options);
        AssertBatchEqualsSingles(new OnnxEmotionClassifier(model));
    }

    [Fact]
    public void Classify_AnySegment_ReturnsSoftMaxOfLogitsAndClampedRatings()
    {
        using OnnxModel model = TestCatalog.Load("emotion-rated");
        bool clamped = false;
        for (int seed = 0; seed < 8; seed++)
        {
            float[] segment = Tone(seed), logits = new float[4], ratings = new float[3];
            model.Run(segment, [1, Samples], (logits, [1, 4]), (ratings, [1, 3]));
            EmotionEstimate estimate = Assert.Single(new OnnxEmotionClassifier(model).Classify(segment, 1));

            double sum = logits.Sum(value => Math.Exp(value));
            for (int i = 0; i < 4; i++)
                Assert.Equal(Math.Exp(logits[i]) / sum, estimate.Probabilities[i], 1e-6); // float rounding of values up to 1
            Assert.Equal(1f, estimate.Probabilities.Sum(), 1e-6f);
            Assert.Equal(new[] { "neutral", "happy", "sad", "angry" }[Array.IndexOf(logits, logits.Max())], estimate.Emotion);
            Assert.Equal(estimate.Probabilities.Max(), estimate.Confidence);
            Assert.Equal((estimate.Confidence, estimate.Confidence >= 0.5f), (estimate.Trust, estimate.IsReportable));
            Assert.Equal(Math.Clamp(ratings[0], 1, 5), estimate.Valence); // the catalogue's order, not ours
            Assert.Equal(Math.Clamp(ratings[1], 1, 5), estimate.Arousal);
            Assert.Equal(Math.Clamp(ratings[2], 1, 5), estimate.Dominance);
            clamped |= ratings.Any(value => value is < 1 or > 5);
        }

        Assert.True(clamped); // or the test would show nothing of it
    }

    [Fact]
    public void Classify_LabelThatIsNoEmotion_IsLeftOutAndOthersTakeItsShare()
    {
        float[] all = [.. Assert.Single(Classify(_ => { })).Probabilities];
        EmotionEstimate estimate = Assert.Single(Classify(emotion =>
        {
            emotion["labels"] = new JsonArray("neutral", "X", "gloomy", "angry");
            emotion["vocabulary"] = new JsonObject { ["X"] = null, ["gloomy"] = "sad" };
        }));

        float rest = 1 - all[1];
        Assert.Equal([all[0] / rest, all[2] / rest, all[3] / rest], estimate.Probabilities, (a, b) => Math.Abs(a - b) < 1e-6); // float rounding
        Assert.Equal(new[] { "neutral", "sad", "angry" }[estimate.Probabilities.Index().MaxBy(one => one.Item).Index], estimate.Emotion);
    }

    [Theory]
    [InlineData(0f, true)]
    [InlineData(1f, false)]
    public void Classify_Threshold_DecidesWhatIsReportable(float reportableAbove, bool expected)
    {
        EmotionEstimate estimate = Assert.Single(Classify(emotion => emotion["reportableAbove"] = reportableAbove));
        Assert.Equal(expected, estimate.IsReportable);
        EmotionEstimate atIt = Assert.Single(Classify(emotion => emotion["reportableAbove"] = estimate.Trust));
        Assert.True(atIt.IsReportable); // the threshold itself counts
    }

    [Fact]
    public void Classify_CalibratedTrust_IsALineOfLogOdds()
    {
        EmotionEstimate estimate = Assert.Single(Classify(emotion =>
        {
            emotion["trust"] = "calibrated";
            emotion["trustLine"] = new JsonArray(0.5f, -0.25f);
        }));

        double logOdds = (0.5 * Math.Log(estimate.Confidence / (1.0 - estimate.Confidence))) - 0.25;
        Assert.Equal(1 / (1 + Math.Exp(-logOdds)), estimate.Trust, 1e-6); // float rounding of values up to 1
        Assert.Equal(estimate.Trust >= 0.5f, estimate.IsReportable);
    }

    [Fact]
    public void Classify_ModelWithoutAttributes_LeavesThemOut()
    {
        using OnnxModel model = TestCatalog.Load("emotion");
        EmotionEstimate estimate = Assert.Single(new OnnxEmotionClassifier(model).Classify(Tone(1), 1));
        Assert.Null(estimate.Arousal);
        Assert.Null(estimate.Valence);
        Assert.Null(estimate.Dominance);
        Assert.Equal(4, estimate.Probabilities.Count);
    }

    [Theory]
    [InlineData(999, 1)]
    [InlineData(1998, 2)]
    [InlineData(2001, 2)]
    [InlineData(0, 1)]
    [InlineData(1000, 0)]
    [InlineData(1000, -1)]
    public void Classify_TooShortOrUnevenBatch_Throws(int samples, int count)
    {
        using OnnxModel model = TestCatalog.Load("emotion");
        Assert.ThrowsAny<ArgumentException>(() => new OnnxEmotionClassifier(model).Classify(new float[samples], count));
    }

    [Fact]
    public void Classify_Temperature_FlattensAndSharpens()
    {
        EmotionEstimate plain = Assert.Single(Classify(_ => { }));
        foreach (float temperature in new[] { 4f, 0.5f })
        {
            EmotionEstimate tempered = Assert.Single(Classify(entry => entry["temperature"] = temperature));
            float[] raised = [.. plain.Probabilities.Select(p => MathF.Pow(p, 1 / temperature))];
            Assert.All(raised.Zip(tempered.Probabilities), pair => Assert.Equal(pair.First / raised.Sum(), pair.Second, 1e-5f));
            Assert.Equal(plain.Emotion, tempered.Emotion);
            Assert.Equal(temperature > 1, tempered.Confidence < plain.Confidence);
        }
    }

    [Fact]
    public void Classify_LongerThanTheTraining_IsTheMeanOfItsWindows()
    {
        EmotionEstimate whole = Assert.Single(Classify(entry => entry["trainedSamples"] = new JsonArray(1000, Samples))); // just as long
        Assert.Equal(Assert.Single(Classify(_ => { })).Probabilities, whole.Probabilities);
        EmotionEstimate windows = Assert.Single(Classify(entry => entry["trainedSamples"] = new JsonArray(1000, Samples / 2)));
        Assert.NotEqual(whole.Probabilities, windows.Probabilities);
        Assert.Equal(1, windows.Probabilities.Sum(), 1e-5f);
    }

    [Theory]
    [InlineData("temperature", "0", "above 0")]
    [InlineData("trainedSamples", "[5000, 4000]", "shortest and a longest")]
    [InlineData("trainedSamples", "[1, 10]", "not below its minimum")]
    public void Load_AnEntryThatMakesNoSense_IsRefused(string field, string value, string reason) => Assert.Contains(
        reason, Assert.Throws<ModelException>(() => Classify(entry => entry[field] = JsonNode.Parse(value))).Message, StringComparison.Ordinal);

    [Fact]
    public void Classify_ShortestInput_IsEnough()
    {
        using OnnxModel model = TestCatalog.Load("emotion");
        Assert.Equal(2, new OnnxEmotionClassifier(model).Classify(StftTests.Noise(2000, 1), 2).Count);
    }

    [Fact]
    public void Constructor_ModelOfAnotherKind_Throws()
    {
        using OnnxModel model = TestCatalog.Load("mean-402");
        Assert.Throws<ArgumentException>(() => new OnnxEmotionClassifier(model));
    }

    /// <summary>One second of a tone through the network whose entry was changed.</summary>
    private static IReadOnlyList<EmotionEstimate> Classify(Action<JsonObject> change)
    {
        using var catalog = new TestCatalog();
        change(catalog["emotion"]["emotion"]!.AsObject());
        using OnnxModel model = catalog.LoadModel("emotion");
        return new OnnxEmotionClassifier(model).Classify(Tone(1), 1);
    }

    private static void AssertBatchEqualsSingles(OnnxEmotionClassifier classifier)
    {
        float[][] segments = [.. Enumerable.Range(0, 5).Select(Tone)];
        IReadOnlyList<EmotionEstimate> together = classifier.Classify(segments.SelectMany(value => value).ToArray(), segments.Length);
        Assert.Equal(5, together.Count);
        for (int i = 0; i < segments.Length; i++)
        {
            EmotionEstimate alone = Assert.Single(classifier.Classify(segments[i], 1));

            // Kernels may block a batch otherwise than a single segment, so sums differ in their last bits; nothing else may.
            Assert.All(alone.Probabilities.Zip(together[i].Probabilities), pair => Assert.Equal(pair.First, pair.Second, 1e-5f));
            Assert.Equal(alone.Arousal ?? 0, together[i].Arousal ?? 0, 1e-4f);
            Assert.Equal(alone.Emotion, together[i].Emotion);
        }

        Assert.True(together.Select(estimate => estimate.Probabilities[0]).Distinct().Count() > 1); // the segments do differ to the network
    }

    /// <summary>A tone in noise, another for each seed, that begins late: an average over time alone would not do.</summary>
    private static float[] Tone(int seed)
    {
        float[] segment = StftTests.Noise(Samples, seed);
        for (int n = 0; n < Samples; n++)
            segment[n] = (0.1f * segment[n]) + (n < 1000 * seed ? 0 : 0.5f * MathF.Sin(n * 0.02f * (seed + 1)));
        return segment;
    }
}
