namespace NrSer.Core.Snr;

/// <summary>S′, the share of the original in the reconstituted waveform, always in [0, 1].</summary>
public readonly record struct MixWeight
{
    private MixWeight(float value) => Value = value;

    /// <summary>0 takes the enhanced signal alone, 1 the original.</summary>
    public float Value { get; }

    /// <summary>S′ = clamp(S, 0, 1).</summary>
    /// <param name="score">S; a score that is not a number counts as 0.</param>
    public static MixWeight From(SnrScore score) => new(score.Value > 0 ? Math.Min(score.Value, 1f) : 0f);
}
