using System.Buffers.Binary;

namespace NrSer.Core.Audio.Ffmpeg;

/// <summary>
/// What encoders of MP3 write into a silent first frame: how long the stream is, and how much of it is the encoder's delay at the start and filling
/// at the end. Found as Xing or Info (LAME, ffmpeg) or VBRI (Fraunhofer).
/// </summary>
/// <param name="Bytes">Length from this frame on, or null.</param>
/// <param name="Frames">Frames of sound behind this one, or null.</param>
/// <param name="PaddingSamples">Samples of delay and filling together; 0 where it does not say.</param>
/// <param name="SamplesPerFrame">Of one channel.</param>
/// <param name="SampleRateHz">Of the stream.</param>
internal readonly record struct Mp3Info(uint? Bytes, uint? Frames, int PaddingSamples, int SamplesPerFrame, int SampleRateHz)
{
    private const int TocBytes = 100;
    private const int VbriAt = 36; // behind the header and 32 bytes, whatever the channels

    /// <summary>Length of the sound without delay and filling, in samples of one channel; null where it is not stated.</summary>
    public long? Samples => Frames is { } frames && ((long)frames * SamplesPerFrame) - PaddingSamples is > 0 and long samples ? samples : null;

    /// <summary>Looks for it.</summary>
    /// <param name="start">The first bytes of the first frame, as many as there are.</param>
    public static Mp3Info? Find(ReadOnlySpan<byte> start)
    {
        if (start.Length < 256 || MpegFrames.Timing(start) is not { } timing)
            return null;
        ReadOnlySpan<byte> frame = start[..256];
        if (frame[VbriAt..].StartsWith("VBRI"u8)) // version, delay and quality (2 each), bytes, frames
        {
            return new(BinaryPrimitives.ReadUInt32BigEndian(frame[(VbriAt + 10)..]), BinaryPrimitives.ReadUInt32BigEndian(frame[(VbriAt + 14)..]), 0,
                timing.SamplesPerFrame, timing.SampleRateHz);
        }

        int at = frame.IndexOf("Xing"u8);
        if (at < 0)
            at = frame.IndexOf("Info"u8);
        return at is < 4 or > 40 ? null : ParseXing(frame[at..], timing); // behind the header, at most 32 of side information and 2 of checksum
    }

    // The name, flags, and as they say: frames, bytes, a table, a quality; then the encoder's extension.
    private static Mp3Info ParseXing(ReadOnlySpan<byte> xing, (int SamplesPerFrame, int SampleRateHz) timing)
    {
        uint flags = BinaryPrimitives.ReadUInt32BigEndian(xing[4..]);
        int at = 8;
        uint? frames = Take(xing, 1), bytes = Take(xing, 2);
        at += ((flags & 4) != 0 ? TocBytes : 0) + ((flags & 8) != 0 ? 4 : 0);
        ReadOnlySpan<byte> encoder = at < xing.Length ? xing[at..] : [];
        int padding = 0;
        if (encoder.Length >= 24 && encoder[0] == 'L') // LAME, Lavc, Lavf: nine letters, then at byte 21 twice 12 bits
            padding = (encoder[21] << 4) + (encoder[22] >> 4) + ((encoder[22] & 15) << 8) + encoder[23];
        return new(bytes, frames, padding, timing.SamplesPerFrame, timing.SampleRateHz);

        uint? Take(ReadOnlySpan<byte> from, uint flag)
        {
            if ((flags & flag) == 0)
                return null;
            at += 4;
            return BinaryPrimitives.ReadUInt32BigEndian(from[(at - 4)..]);
        }
    }
}
