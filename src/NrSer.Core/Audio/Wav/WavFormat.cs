using System.Buffers.Binary;
using NrSer.Core.Audio.Input;

namespace NrSer.Core.Audio.Wav;

/// <summary>The format chunk of a WAVE file, checked.</summary>
/// <param name="SampleRateHz">Frames per second.</param>
/// <param name="Channels">Samples per frame.</param>
/// <param name="Encoding">How a sample is stored.</param>
internal readonly record struct WavFormat(int SampleRateHz, int Channels, WavEncoding Encoding)
{
    /// <summary>The most of the chunk that matters: WAVEFORMATEXTENSIBLE.</summary>
    public const int MaxBytes = 40;

    private const int MinBytes = 16;

    // KSDATAFORMAT_SUBTYPE_*: the format tag, then these bytes, the same for every tag.
    private static ReadOnlySpan<byte> SubformatTail => [0x00, 0x00, 0x00, 0x00, 0x10, 0x00, 0x80, 0x00, 0x00, 0xAA, 0x00, 0x38, 0x9B, 0x71];

    /// <summary>Bytes of one frame.</summary>
    public int FrameBytes => Channels * WavSamples.BytesPerSample(Encoding);

    /// <summary>Parses the body of a <c>fmt </c> chunk and checks every field against the others and against the options.</summary>
    /// <param name="chunk">The body, of any length; bytes behind <see cref="MaxBytes"/> are ignored.</param>
    /// <param name="options">Limits on rate and channels.</param>
    /// <param name="byteOffset">Where the body starts in the recording, for errors.</param>
    /// <exception cref="InvalidAudioException">A field is impossible, out of limits, contradicts another, or names an unknown encoding.</exception>
    public static WavFormat Parse(ReadOnlySpan<byte> chunk, AudioOptions options, long byteOffset)
    {
        if (chunk.Length < MinBytes)
            throw new InvalidAudioException($"The WAVE format chunk has {chunk.Length} bytes; the shortest has {MinBytes}.", byteOffset);

        int tag = BinaryPrimitives.ReadUInt16LittleEndian(chunk);
        int channels = BinaryPrimitives.ReadUInt16LittleEndian(chunk[2..]);
        uint sampleRateHz = BinaryPrimitives.ReadUInt32LittleEndian(chunk[4..]);
        uint bytesPerSecond = BinaryPrimitives.ReadUInt32LittleEndian(chunk[8..]);
        int frameBytes = BinaryPrimitives.ReadUInt16LittleEndian(chunk[12..]);
        int bits = BinaryPrimitives.ReadUInt16LittleEndian(chunk[14..]);
        if (tag == WavTag.Extensible)
            tag = ParseSubformat(chunk, bits, byteOffset);

        if (channels == 0 || channels > options.MaxChannels)
            throw new InvalidAudioException($"The recording claims {channels} channels; 1 to {options.MaxChannels} can be read.", byteOffset + 2);
        if (sampleRateHz < options.MinSampleRateHz || sampleRateHz > options.MaxSampleRateHz)
        {
            throw new InvalidAudioException(
                $"The recording claims a sample rate of {sampleRateHz} Hz; {options.MinSampleRateHz} to {options.MaxSampleRateHz} Hz can be read.",
                byteOffset + 4);
        }

        WavFormat format = new((int)sampleRateHz, channels, FindEncoding(tag, bits, byteOffset));
        if (frameBytes != format.FrameBytes)
        {
            throw new InvalidAudioException(
                $"The WAVE header contradicts itself: {channels} channels of {bits} bits take {format.FrameBytes} bytes, not {frameBytes}.",
                byteOffset + 12);
        }

        if (bytesPerSecond != (long)sampleRateHz * frameBytes)
        {
            throw new InvalidAudioException(
                $"The WAVE header contradicts itself: {sampleRateHz} frames of {frameBytes} bytes are not {bytesPerSecond} bytes per second.",
                byteOffset + 8);
        }

        return format;
    }

    private static int ParseSubformat(ReadOnlySpan<byte> chunk, int bits, long byteOffset)
    {
        if (chunk.Length < MaxBytes)
            throw new InvalidAudioException($"The extensible WAVE format chunk has {chunk.Length} bytes instead of {MaxBytes}.", byteOffset);
        if (!chunk[26..MaxBytes].SequenceEqual(SubformatTail))
            throw new InvalidAudioException("The extensible WAVE format is none of the standard ones.", byteOffset + 24);

        int validBits = BinaryPrimitives.ReadUInt16LittleEndian(chunk[18..]);
        if (validBits > bits)
            throw new InvalidAudioException($"The WAVE header claims {validBits} valid bits in samples of {bits} bits.", byteOffset + 18);
        return BinaryPrimitives.ReadUInt16LittleEndian(chunk[24..]);
    }

    private static WavEncoding FindEncoding(int tag, int bits, long byteOffset) => (tag, bits) switch
    {
        (WavTag.Pcm, 8) => WavEncoding.Pcm8,
        (WavTag.Pcm, 16) => WavEncoding.Pcm16,
        (WavTag.Pcm, 24) => WavEncoding.Pcm24,
        (WavTag.Pcm, 32) => WavEncoding.Pcm32,
        (WavTag.IeeeFloat, 32) => WavEncoding.Float32,
        (WavTag.IeeeFloat, 64) => WavEncoding.Float64,
        (WavTag.ALaw, 8) => WavEncoding.ALaw,
        (WavTag.MuLaw, 8) => WavEncoding.MuLaw,
        (WavTag.Pcm or WavTag.IeeeFloat or WavTag.ALaw or WavTag.MuLaw, _) =>
            throw new InvalidAudioException($"WAVE samples of {bits} bits cannot be read in this encoding.", byteOffset + 14),
        _ => throw new InvalidAudioException($"The WAVE encoding 0x{tag:X4} is not supported.", byteOffset),
    };
}

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
