using System.Numerics.Tensors;
using CommunityToolkit.HighPerformance.Buffers;
using NrSer.Core.Models;

namespace NrSer.Core.Emotion;

/// <summary>Runs a network with HuBERT's interface: <c>input_values</c> [batch, samples] → logits, and attributes where it has them.</summary>
/// <remarks>Equal lengths only: HuBERT Base normalises its first layer over time, so padding would change the answer.</remarks>
public sealed class OnnxEmotionClassifier : IEmotionClassifier
{
    private readonly OnnxModel _model;
    private readonly EmotionEntry _entry;
    private readonly string[] _emotions;
    private readonly int[] _outputs; // logits that stand for an emotion
    private readonly int[] _places; // for which one; several may stand for the same

    /// <param name="model">A model of kind <see cref="ModelKind.Emotion"/>; stays the caller's.</param>
    /// <exception cref="ArgumentException">The model is of another kind.</exception>
    public OnnxEmotionClassifier(OnnxModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        _entry = model.Entry.Emotion ?? throw new ArgumentException($"'{model.Entry.Name}' is no emotion model.", nameof(model));
        _model = model;
        _outputs = [.. Enumerable.Range(0, _entry.Labels.Count).Where(output => _entry.Emotions[output] is not null)];
        _emotions = [.. _entry.Emotions.OfType<string>().Distinct(StringComparer.Ordinal)];
        _places = [.. _outputs.Select(output => Array.IndexOf(_emotions, _entry.Emotions[output]))];
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> Labels => _emotions;

    /// <inheritdoc/>
    public IReadOnlyList<EmotionEstimate> Classify(Memory<float> batch, int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        int samples = batch.Length / count;
        if (batch.Length % count != 0)
            throw new ArgumentException($"{batch.Length} samples are not {count} segments of one length.", nameof(batch));
        if (samples < _entry.MinimumSamples)
            throw new ArgumentException($"'{_model.Entry.Name}' needs {_entry.MinimumSamples} samples, not {samples}.", nameof(batch));

        if (count > 1 && _model.Entry.Precision == ModelPrecision.EightBit) // whose scale would be that of the batch
            return [.. Enumerable.Range(0, count).Select(i => Classify(batch.Slice(i * samples, samples), 1)[0])];

        using TrainedWindows windows = new(_entry.TrainedSamples, batch, count);
        int labels = _entry.Labels.Count, attributes = _entry.Attributes.Count, heard = windows.Count;
        using MemoryOwner<float> logits = MemoryOwner<float>.Allocate(heard * labels), ratings = MemoryOwner<float>.Allocate(heard * attributes);
        (Memory<float>, long[])[] outputs = [(logits.Memory, [heard, labels]), (ratings.Memory, [heard, attributes])];
        int first = labels > 0 ? 0 : 1, last = attributes > 0 ? 1 : 0;
        _model.Run(windows.Samples, [heard, windows.Length], outputs.AsSpan(first..(last + 1)));
        windows.Average(logits.Span, labels);
        windows.Average(ratings.Span, attributes);

        var estimates = new EmotionEstimate[count];
        for (int i = 0; i < count; i++)
        {
            var shares = new float[_outputs.Length];
            for (int k = 0; k < _outputs.Length; k++)
                shares[k] = logits.Span[(i * labels) + _outputs[k]];
            if (shares.Length > 0)
                TensorPrimitives.SoftMax<float>(shares, shares);
            var probabilities = new float[_emotions.Length];
            for (int k = 0; k < shares.Length; k++)
                probabilities[_places[k]] += shares[k];
            Temper(probabilities);
            ReadOnlySpan<float> rated = ratings.Span.Slice(i * attributes, attributes);
            estimates[i] = Estimate(probabilities, Attribute(rated, "arousal"), Attribute(rated, "valence"), Attribute(rated, "dominance"));
        }

        return estimates;
    }

    /// <inheritdoc/>
    public EmotionEstimate Reconsider(EmotionEstimate heard, float[] probabilities)
    {
        ArgumentNullException.ThrowIfNull(heard);
        return Estimate(probabilities, heard.Arousal, heard.Valence, heard.Dominance) with { Scale = heard.Scale };
    }

    private EmotionEstimate Estimate(float[] probabilities, float? arousal, float? valence, float? dominance)
    {
        bool ratesAlone = _emotions.Length == 0;
        float trust = ratesAlone ? 0 : Trust(probabilities);
        string? likeliest = ratesAlone ? null : _emotions[TensorPrimitives.IndexOfMax<float>(probabilities)];
        return new EmotionEstimate(likeliest, probabilities, arousal, valence, dominance)
        {
            Trust = trust, IsReportable = !ratesAlone && trust >= _entry.ReportableAbove,
            Scale = _entry is { Attributes.Count: > 0, AttributeRange: [var lowest, var highest] } ? new RatingScale(lowest, highest) : null,
        };
    }

    private void Temper(float[] probabilities)
    {
        if (_entry.Temperature is not { } temperature || probabilities.Length == 0)
            return;
        TensorPrimitives.Pow<float>(probabilities, 1 / temperature, probabilities);
        TensorPrimitives.Divide<float>(probabilities, TensorPrimitives.Sum<float>(probabilities), probabilities);
    }

    private float Trust(float[] probabilities)
    {
        float confidence = TensorPrimitives.Max<float>(probabilities);
        return _entry switch
        {
            { Trust: TrustRule.Confidence } => confidence,
            { Trust: TrustRule.Calibrated, TrustLine: [var slope, var offset] } =>
                1 / (1 + (MathF.Exp(-offset) * MathF.Pow((1 - confidence) / confidence, slope))),
            _ => throw new InvalidOperationException($"No rule makes a trust of {_entry.Trust}."),
        };
    }

    /// <summary>The rating of that name, kept on the scale it was learned on.</summary>
    private float? Attribute(ReadOnlySpan<float> rated, string name)
    {
        for (int i = 0; i < rated.Length; i++)
        {
            if (_entry.Attributes[i] == name)
                return Math.Clamp(rated[i], _entry.AttributeRange[0], _entry.AttributeRange[1]);
        }

        return null;
    }
}
