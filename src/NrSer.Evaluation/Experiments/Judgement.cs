using NrSer.Core.Reconstitution;
using NrSer.Core.Snr;

namespace NrSer.Evaluation.Experiments;

/// <summary>What the first half of the method makes of a clip, taken as one segment: x, x̂, S and S′.</summary>
/// <param name="Original">x, [samples].</param>
/// <param name="Enhanced">x̂, [samples].</param>
/// <param name="Score">S.</param>
/// <param name="Weight">S′.</param>
/// <param name="IsSpeech">Whether it passed the gate.</param>
/// <param name="IsScreened">Whether the screen's word was enough.</param>
public sealed record Judgement(float[] Original, float[] Enhanced, SnrScore Score, MixWeight Weight, bool IsSpeech, bool IsScreened = false)
{
    /// <summary>Runs enhancement and scoring, the way production does.</summary>
    public static Judgement Of(SpeechReconstituter reconstituter, float[] original, CancellationToken cancellationToken)
    {
        var enhanced = new float[original.Length];
        reconstituter.Enhance(original, enhanced, cancellationToken);
        ScoredSegment segment = reconstituter.Score(original, enhanced, wholeAsOne: true, cancellationToken)[0];
        return new Judgement(original, enhanced, segment.Score, segment.Weight, segment.IsSpeech, segment.IsScreened);
    }

    /// <summary>y with a weight of the caller's.</summary>
    public float[] Mixed(MixWeight weight)
    {
        var mixed = new float[Original.Length];
        WaveformReconstitution.Blend(Original, Enhanced, weight, mixed);
        return mixed;
    }
}
