using NrSer.Core.Models;

namespace NrSer.Core.Emotion;

/// <summary>The emotion block: waveform in, categories and attributes out.</summary>
public interface IEmotionClassifier
{
    /// <summary>Categories in the order of the probabilities, by their names in <see cref="EmotionVocabulary"/>; none where it rates alone.</summary>
    IReadOnlyList<string> Labels { get; }

    /// <summary>Recognises segments of one length; the result for each does not depend on the others.</summary>
    /// <param name="batch">y of each segment, shape [count, samples], 16 kHz.</param>
    /// <param name="count">Segments in the batch, at least 1.</param>
    /// <returns>One estimate per segment, in order.</returns>
    /// <exception cref="ArgumentException">The batch does not divide by its count, or its segments are too short for the model.</exception>
    IReadOnlyList<EmotionEstimate> Classify(Memory<float> batch, int count);

    /// <summary>What it says of a segment once its probabilities were corrected: another label, perhaps, and another trust.</summary>
    /// <param name="heard">What it said.</param>
    /// <param name="probabilities">One per label, adding up to 1.</param>
    EmotionEstimate Reconsider(EmotionEstimate heard, float[] probabilities);
}
