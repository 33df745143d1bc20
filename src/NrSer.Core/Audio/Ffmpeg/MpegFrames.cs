namespace NrSer.Core.Audio.Ffmpeg;

/// <summary>Finds the first whole frame of MPEG audio or of AAC in ADTS: who cuts a stream anywhere leaves a part of a frame before it.</summary>
internal static class MpegFrames
{
    /// <summary>What must be seen of a frame to know its kind and length.</summary>
    public const int HeaderBytes = 6;

    private const int Enough = 4; // frames of one kind, each where the one before ends: no chance

    // ISO/IEC 11172-3, table B.1, and ISO/IEC 13818-3: kbit/s of layer II and III in MPEG-1, and of both in MPEG-2.
    private static ReadOnlySpan<short> Layer2Kbps => [0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 0];

    private static ReadOnlySpan<short> Layer3Kbps => [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0];

    private static ReadOnlySpan<short> LowRateKbps => [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0];

    private static ReadOnlySpan<int> RatesHz => [44_100, 48_000, 32_000];

    /// <summary>Looks for frames.</summary>
    /// <param name="bytes">The first bytes of a recording.</param>
    /// <returns>Where the first whole frame starts and what decodes it; null without one.</returns>
    public static (int Offset, FfmpegFormat Format)? Find(ReadOnlySpan<byte> bytes)
    {
        for (int offset = 0; offset + HeaderBytes <= bytes.Length; offset++)
        {
            ReadOnlySpan<byte> frames = bytes[offset..];
            if (frames[0] == 0xFF && AreFrames(frames))
                return (offset, IsAdts(frames) ? FfmpegFormat.Aac : FfmpegFormat.Mp3);
        }

        return null;
    }

    /// <summary>ISO/IEC 13818-7: twelve ones, any MPEG version, layer 0.</summary>
    /// <param name="start">Any number of bytes.</param>
    public static bool IsAdts(ReadOnlySpan<byte> start) => start.Length >= 2 && start[0] == 0xFF && (start[1] & 0xF6) == 0xF0;

    /// <summary>
    /// ISO/IEC 11172-3: eleven ones, then version, layer, bit rate and sample rate, of which these values are reserved. Layer I is left out: FF FE
    /// starts UTF-16 text far more often.
    /// </summary>
    /// <param name="start">Any number of bytes.</param>
    public static bool IsMpegAudio(ReadOnlySpan<byte> start)
    {
        if (start.Length < 3 || start[0] != 0xFF || (start[1] & 0xE0) != 0xE0)
            return false;
        int version = (start[1] >> 3) & 3;
        int layer = (start[1] >> 1) & 3;
        return version != 1 && (layer is 1 or 2) && start[2] >> 4 is not (0 or 15) && ((start[2] >> 2) & 3) != 3;
    }

    /// <summary>Samples of one channel in a frame of MPEG audio, and their rate; null where no such frame starts.</summary>
    /// <param name="start">Any number of bytes.</param>
    public static (int SamplesPerFrame, int SampleRateHz)? Timing(ReadOnlySpan<byte> start)
    {
        if (!IsMpegAudio(start))
            return null;
        bool isMpeg1 = (start[1] & 0x08) != 0;
        bool isLayer2 = (start[1] & 0x06) == 0x04;
        int rateHz = RatesHz[(start[2] >> 2) & 3] >> (isMpeg1 ? 0 : (start[1] & 0x10) != 0 ? 1 : 2);
        return (isMpeg1 || isLayer2 ? 1152 : 576, rateHz);
    }

    /// <summary>Version, layer, protection and sample rate never change within a stream; bit rate and padding do.</summary>
    /// <param name="first">A frame's header, <see cref="HeaderBytes"/>.</param>
    /// <param name="next">Another's.</param>
    public static bool AreOneKind(ReadOnlySpan<byte> first, ReadOnlySpan<byte> next) =>
        next[0] == first[0] && next[1] == first[1] && (IsAdts(first) ? next[2] == first[2] : ((next[2] ^ first[2]) & 0x0C) == 0);

    /// <summary>Length of a frame with its header; 0 where that is not known.</summary>
    /// <param name="header">At least <see cref="HeaderBytes"/>.</param>
    public static int FrameBytes(ReadOnlySpan<byte> header)
    {
        if (IsAdts(header))
        {
            int bytes = ((header[3] & 3) << 11) | (header[4] << 3) | (header[5] >> 5);
            return bytes > HeaderBytes ? bytes : 0;
        }

        if (Timing(header) is not { } timing)
            return 0;
        ReadOnlySpan<short> ratesKbps = (header[1] & 0x08) == 0 ? LowRateKbps : (header[1] & 0x06) == 0x04 ? Layer2Kbps : Layer3Kbps;
        int padding = (header[2] >> 1) & 1;
        return (timing.SamplesPerFrame / 8 * ratesKbps[header[2] >> 4] * 1000 / timing.SampleRateHz) + padding;
    }

    private static bool AreFrames(ReadOnlySpan<byte> frames)
    {
        ReadOnlySpan<byte> next = frames;
        for (int count = 0; count < Enough; count++)
        {
            int bytes = next.Length >= HeaderBytes && AreOneKind(frames, next) ? FrameBytes(next) : 0;
            if (bytes == 0 || bytes > next.Length)
                return false;
            next = next[bytes..];
        }

        return true;
    }
}
