namespace NrSer.Core.Audio.Wav;

/// <summary>How a WAVE file stores one sample.</summary>
internal enum WavEncoding
{
    Pcm8,
    Pcm16,
    Pcm24,
    Pcm32,
    Float32,
    Float64,
    ALaw,
    MuLaw,
}
