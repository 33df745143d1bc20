using NrSer.Core.Emotion;
using NrSer.Core.Reconstitution;

namespace NrSer.Core;

/// <summary>The method of NRSER (arXiv 2309.01164) on one chunk of audio: the front door of this library.</summary>
/// <remarks>
/// x → enhance → x̂ → score S per segment → y = S′x + (1 − S′)x̂ → emotion. Hosts that do the two halves in different places use
/// <see cref="SpeechReconstituter"/> and <see cref="SegmentEmotionRecognizer"/> directly; the results are the same.
/// </remarks>
/// <param name="reconstituter">Enhancement, segments, scores and mixing.</param>
/// <param name="emotions">Recognition on the mix.</param>
public sealed class NoiseRobustEmotionRecognizer(SpeechReconstituter reconstituter, SegmentEmotionRecognizer emotions)
{
    /// <summary>Recognises a chunk.</summary>
    /// <param name="chunk">x, [samples], 16 kHz mono, at most a few minutes: memory grows with it.</param>
    /// <param name="wholeAsOne">Takes the chunk as one segment instead of cutting it at pauses.</param>
    /// <param name="cancellationToken">Checked once per block.</param>
    /// <returns>The segments in order; empty when the chunk is shorter than 0.5 s.</returns>
    public IReadOnlyList<RecognizedSegment> Recognize(ReadOnlyMemory<float> chunk, bool wholeAsOne, CancellationToken cancellationToken)
    {
        using ReconstitutedChunk reconstituted = reconstituter.Reconstitute(chunk, wholeAsOne, cancellationToken);
        EmotionEstimate?[] estimates = emotions.Recognize(reconstituted.Audio, reconstituted.Segments, cancellationToken);
        return [.. reconstituted.Segments.Zip(estimates, (segment, estimate) => new RecognizedSegment(segment, estimate))];
    }
}
