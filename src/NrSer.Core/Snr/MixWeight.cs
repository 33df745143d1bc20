namespace NrSer.Core.Snr;

/// <summary>S′, the share of the original in the reconstituted waveform, always in [0, 1].</summary>
public readonly record struct MixWeight
{
    private MixWeight(float value) => Value = value;

    /// <summary>0 takes the enhanced signal alone, 1 the original.</summary>
    public float Value { get; }

    /// <summary>clamp(share, 0, 1).</summary>
    /// <param name="share">Of the original; what is not a number counts as 0.</param>
    public static MixWeight Clamp(float share) => new(share > 0 ? Math.Min(share, 1f) : 0f);
}
