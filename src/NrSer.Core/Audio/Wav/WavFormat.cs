using System.Buffers.Binary;
using NrSer.Core.Audio.Input;

namespace NrSer.Core.Audio.Wav;

/// <summary>The format chunk of a WAVE file, checked.</summary>
/// <param name="SampleRateHz">Frames per second.</param>
/// <param name="Channels">Samples per frame.</param>
/// <param name="Encoding">How a sample is stored.</param>
/// <param name="IsBigEndian">Samples, like all numbers of a RIFX file, start with their highest byte.</param>
internal readonly record struct WavFormat(int SampleRateHz, int Channels, WavEncoding Encoding, bool IsBigEndian = false)
{
    /// <summary>The most of the chunk that matters: WAVEFORMATEXTENSIBLE.</summary>
    public const int MaxBytes = 40;

    private const int MinBytes = 16;

    /// <summary>What is read, and since which version of ours.</summary>
    public static IReadOnlyList<(string Name, string Since)> Forms { get; } =
    [
        ("RIFF, RF64, BW64 with PCM, float, A-law or µ-law", "0.1"), ("RIFX", "0.2"),
    ];

    // KSDATAFORMAT_SUBTYPE_*: the format tag, then these bytes, the same for every tag.
    private static ReadOnlySpan<byte> SubformatTail => [0x00, 0x00, 0x00, 0x00, 0x10, 0x00, 0x80, 0x00, 0x00, 0xAA, 0x00, 0x38, 0x9B, 0x71];

    /// <summary>Bytes of one frame.</summary>
    public int FrameBytes => Channels * WavSamples.BytesPerSample(Encoding);

    /// <summary>Parses the body of a <c>fmt </c> chunk. Fields that repeat what others say are believed only where two agree.</summary>
    /// <param name="chunk">The body, of any length; bytes behind <see cref="MaxBytes"/> are ignored.</param>
    /// <param name="isBigEndian">True in RIFX.</param>
    /// <param name="options">Limits on rate and channels.</param>
    /// <param name="byteOffset">Where the body starts in the recording, for errors.</param>
    /// <exception cref="InvalidAudioException">A field is impossible, out of limits, contradicts all others, or is unknown.</exception>
    public static WavFormat Parse(ReadOnlySpan<byte> chunk, bool isBigEndian, AudioOptions options, long byteOffset)
    {
        if (chunk.Length < MinBytes)
        {
            throw new InvalidAudioException(
                $"The WAVE format chunk has {chunk.Length} bytes; the shortest has {MinBytes}. {Conversion.Convert}", byteOffset);
        }

        int tag = WavNumber.UInt16(chunk, isBigEndian);
        int channels = WavNumber.UInt16(chunk[2..], isBigEndian);
        uint sampleRateHz = WavNumber.UInt32(chunk[4..], isBigEndian);
        uint bytesPerSecond = WavNumber.UInt32(chunk[8..], isBigEndian);
        int frameBytes = WavNumber.UInt16(chunk[12..], isBigEndian);
        int bits = WavNumber.UInt16(chunk[14..], isBigEndian);
        if (tag == WavTag.Extensible)
            tag = ParseSubformat(chunk, isBigEndian, bits, byteOffset);

        if (channels == 0 || channels > options.MaxChannels)
        {
            throw new InvalidAudioException(
                $"The recording claims {channels} channels; 1 to {options.MaxChannels} can be read. {Conversion.Convert}",
                byteOffset + 2);
        }

        if (sampleRateHz < options.MinSampleRateHz || sampleRateHz > options.MaxSampleRateHz)
        {
            throw new InvalidAudioException(
                $"The recording claims a sample rate of {sampleRateHz} Hz; {options.MinSampleRateHz} to {options.MaxSampleRateHz} Hz can be read. "
                + Conversion.Convert,
                byteOffset + 4);
        }

        WavFormat format = new((int)sampleRateHz, channels, FindEncoding(tag, bits, frameBytes / channels, byteOffset), isBigEndian);

        // Both fields follow from the others, and writers get either wrong. Together against the others they may be right, though.
        if (frameBytes != 0 && frameBytes != format.FrameBytes && bytesPerSecond == (long)sampleRateHz * frameBytes)
        {
            throw new InvalidAudioException(
                $"The WAVE header contradicts itself: {channels} channels of {bits} bits take {format.FrameBytes} bytes, not {frameBytes}. "
                + Conversion.Convert,
                byteOffset + 12);
        }

        return format;
    }

    /// <summary>What an encoding is called.</summary>
    /// <param name="encoding">The encoding.</param>
    public static string NameOf(WavEncoding encoding) => encoding switch
    {
        WavEncoding.Pcm8 => "pcm8",
        WavEncoding.Pcm16 => "pcm16",
        WavEncoding.Pcm24 => "pcm24",
        WavEncoding.Pcm32 => "pcm32",
        WavEncoding.Float32 => "float32",
        WavEncoding.Float64 => "float64",
        WavEncoding.ALaw => "alaw",
        WavEncoding.MuLaw => "mulaw",
        _ => throw new ArgumentOutOfRangeException(nameof(encoding)),
    };

    private static int ParseSubformat(ReadOnlySpan<byte> chunk, bool isBigEndian, int bits, long byteOffset)
    {
        if (chunk.Length < MaxBytes)
        {
            throw new InvalidAudioException(
                $"The extensible WAVE format chunk has {chunk.Length} bytes instead of {MaxBytes}. {Conversion.Convert}", byteOffset);
        }

        if (!chunk[26..MaxBytes].SequenceEqual(SubformatTail))
            throw new InvalidAudioException($"The extensible WAVE format is none of the standard ones. {Conversion.Convert}", byteOffset + 24);

        int validBits = WavNumber.UInt16(chunk[18..], isBigEndian);
        if (validBits > bits)
        {
            throw new InvalidAudioException(
                $"The WAVE header claims {validBits} valid bits in samples of {bits} bits. {Conversion.Convert}", byteOffset + 18);
        }

        return WavNumber.UInt16(chunk[24..], isBigEndian);
    }

    // Samples of 12 or 20 bits stand in whole bytes, at the upper end, and those of up to 24 bits in four bytes where frames are that long.
    private static WavEncoding FindEncoding(int tag, int bits, int sampleBytes, long byteOffset) => (tag, bits) switch
    {
        (WavTag.Pcm, > 16 and <= 24) when sampleBytes == 4 => WavEncoding.Pcm32,
        (WavTag.Pcm, >= 1 and <= 8) => WavEncoding.Pcm8,
        (WavTag.Pcm, > 8 and <= 16) => WavEncoding.Pcm16,
        (WavTag.Pcm, > 16 and <= 24) => WavEncoding.Pcm24,
        (WavTag.Pcm, > 24 and <= 32) => WavEncoding.Pcm32,
        (WavTag.IeeeFloat, 32) => WavEncoding.Float32,
        (WavTag.IeeeFloat, 64) => WavEncoding.Float64,
        (WavTag.ALaw, 8) => WavEncoding.ALaw,
        (WavTag.MuLaw, 8) => WavEncoding.MuLaw,
        (WavTag.Pcm or WavTag.IeeeFloat or WavTag.ALaw or WavTag.MuLaw, _) =>
            throw new InvalidAudioException($"WAVE samples of {bits} bits cannot be read in this encoding. {Conversion.Convert}", byteOffset + 14),
        _ => throw new InvalidAudioException($"The WAVE encoding 0x{tag:X4} is not supported. {Conversion.Convert}", byteOffset),
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

    /// <summary>The tag of a little-endian format chunk, which in the extensible form stands further behind; null where it is not seen.</summary>
    /// <param name="chunk">The body and whatever follows.</param>
    public static int? Find(ReadOnlySpan<byte> chunk)
    {
        int at = chunk.Length >= 2 && BinaryPrimitives.ReadUInt16LittleEndian(chunk) == Extensible ? 24 : 0;
        return chunk.Length >= at + 2 ? BinaryPrimitives.ReadUInt16LittleEndian(chunk[at..]) : null;
    }

    /// <summary>True for what <see cref="WavReader"/> decodes; ffmpeg knows most of the others (ADPCM, GSM 6.10, G.722, MPEG audio …).</summary>
    public static bool IsOurs(int tag) => tag is Pcm or IeeeFloat or ALaw or MuLaw;
}

/// <summary>Numbers of a RIFF file (lowest byte first) and of a RIFX file (highest byte first).</summary>
internal static class WavNumber
{
    /// <summary>The first two bytes.</summary>
    public static int UInt16(ReadOnlySpan<byte> bytes, bool isBigEndian) =>
        isBigEndian ? BinaryPrimitives.ReadUInt16BigEndian(bytes) : BinaryPrimitives.ReadUInt16LittleEndian(bytes);

    /// <summary>The first four bytes.</summary>
    public static uint UInt32(ReadOnlySpan<byte> bytes, bool isBigEndian) =>
        isBigEndian ? BinaryPrimitives.ReadUInt32BigEndian(bytes) : BinaryPrimitives.ReadUInt32LittleEndian(bytes);
}
