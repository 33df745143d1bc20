namespace NrSer.Core.Audio.Wav;

/// <summary>Format tags of the WAVE <c>fmt </c> chunk; RFC 2361, appendix A.</summary>
internal static class WavTag
{
    public const int Pcm = 0x0001;
    public const int IeeeFloat = 0x0003;
    public const int ALaw = 0x0006;
    public const int MuLaw = 0x0007;
    public const int Extensible = 0xFFFE;

    /// <summary>True for ADPCM (Microsoft, IMA, G.726), GSM 6.10 and MPEG audio, which ffmpeg decodes.</summary>
    public static bool IsCompressed(int tag) => tag is 0x0002 or 0x0011 or 0x0031 or 0x0045 or 0x0050 or 0x0055 or 0x0064;
}
