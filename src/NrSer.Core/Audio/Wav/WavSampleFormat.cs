namespace NrSer.Core.Audio.Wav;

/// <summary>How <see cref="WavWriter"/> stores a sample.</summary>
public enum WavSampleFormat
{
    /// <summary>32-bit float: exact, and full scale may be exceeded.</summary>
    IeeeFloat,

    /// <summary>16-bit integer: rounded and clipped.</summary>
    Pcm16,

    /// <summary>24-bit integer: rounded and clipped.</summary>
    Pcm24,
}
