using System.Buffers.Binary;

namespace NrSer.Core.Audio.Ffmpeg;

/// <summary>Finds the file length that some containers state in their first bytes, since ffmpeg does not miss what is missing.</summary>
internal static class DeclaredLength
{
    private const uint Unknown = 0xFFFFFFFF;

    // ASF_File_Properties_Object; ASF specification, section 3.2: after it the sizes of the object (8) and the file's id (16), then its length.
    private const int AsfLengthOffset = 40;
    private const int AsfFlagsOffset = 88;

    private static ReadOnlySpan<byte> AsfFileProperties =>
        [0xA1, 0xDC, 0xAB, 0x8C, 0x47, 0xA9, 0xCF, 0x11, 0x8E, 0xE4, 0x00, 0xC0, 0x0C, 0x20, 0x53, 0x65];

    /// <summary>The least number of bytes the whole file has if it is complete.</summary>
    /// <param name="format">What it was found to be.</param>
    /// <param name="start">Its first bytes.</param>
    /// <returns>Null when it does not say.</returns>
    public static long? Find(FfmpegFormat format, ReadOnlySpan<byte> start)
    {
        if (format == FfmpegFormat.Mp3)
            return FindInMp3(start);
        if (format == FfmpegFormat.Asf)
            return FindInAsf(start);
        if (format == FfmpegFormat.Aiff || (format == FfmpegFormat.Wave && start.StartsWith("RIFX"u8)))
            return FromChunk(BinaryPrimitives.ReadUInt32BigEndian(start[4..]));
        return format == FfmpegFormat.Wave ? FromChunk(BinaryPrimitives.ReadUInt32LittleEndian(start[4..])) : null;
    }

    private static long? FromChunk(uint bytes) => bytes is 0 or Unknown ? null : bytes + 8L;

    private static long? FindInAsf(ReadOnlySpan<byte> start)
    {
        int at = start.IndexOf(AsfFileProperties);
        if (at < 0 || at + AsfFlagsOffset >= start.Length)
            return null;
        bool isBroadcast = (start[at + AsfFlagsOffset] & 1) != 0; // written without knowing the end
        return isBroadcast ? null : BinaryPrimitives.ReadInt64LittleEndian(start[(at + AsfLengthOffset)..]);
    }

    // Encoders put a silent first frame into the file whose body starts with Xing or Info, flags, and, as flags say, the number of frames and
    // the bytes from this frame on. Behind a tag too long for our first bytes it is not seen.
    private static long? FindInMp3(ReadOnlySpan<byte> start)
    {
        int frameStart = Id3Tag.Bytes(start);
        if (frameStart + 256 > start.Length)
            return null;

        ReadOnlySpan<byte> frame = start.Slice(frameStart, 256);
        int at = frame.IndexOf("Xing"u8);
        if (at < 0)
            at = frame.IndexOf("Info"u8);
        if (at is < 4 or > 40) // 4 bytes of header, at most 32 of side information and 2 of checksum come before
            return null;

        uint flags = BinaryPrimitives.ReadUInt32BigEndian(frame[(at + 4)..]);
        int bytesAt = at + 8 + ((flags & 1) != 0 ? 4 : 0);
        return (flags & 2) != 0 ? frameStart + (long)BinaryPrimitives.ReadUInt32BigEndian(frame[bytesAt..]) : null;
    }
}
