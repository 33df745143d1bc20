using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using NrSer.Core.Audio.Wav;

namespace NrSer.Core.Audio.Ffmpeg;

/// <summary>Finds the file length that some containers state in their first bytes, since ffmpeg does not miss what is missing.</summary>
internal static class DeclaredLength
{
    private const int ShortestHeaderBytes = 12;
    private const int Id3v1Bytes = 128;
    private const int EnhancedTagBytes = 227; // TAG+, which stands before an ID3v1 tag only

    // ASF_File_Properties_Object; ASF specification, section 3.2: after it the sizes of the object (8) and the file's id (16), then its length.
    private const int AsfLengthOffset = 40;
    private const int AsfFlagsOffset = 88;

    private static ReadOnlySpan<byte> AsfFileProperties =>
        [0xA1, 0xDC, 0xAB, 0x8C, 0x47, 0xA9, 0xCF, 0x11, 0x8E, 0xE4, 0x00, 0xC0, 0x0C, 0x20, 0x53, 0x65];

    /// <summary>The least number of bytes the whole file has if it is complete, from its first byte behind any tags.</summary>
    /// <param name="format">What it was found to be.</param>
    /// <param name="start">Its first bytes.</param>
    /// <returns>Null when it does not say.</returns>
    public static long? Find(FfmpegFormat format, ReadOnlySpan<byte> start)
    {
        if (start.Length < ShortestHeaderBytes)
            return null;
        if (format == FfmpegFormat.Mp3)
            return Mp3Info.Find(start)?.Bytes;
        if (format == FfmpegFormat.Asf)
            return FindInAsf(start);
        if (format == FfmpegFormat.Aiff)
            return FromChunk(BinaryPrimitives.ReadUInt32BigEndian(start[4..]));
        if (format == FfmpegFormat.Wave || format == FfmpegFormat.Avi)
            return FromChunk(BinaryPrimitives.ReadUInt32LittleEndian(start[4..]));
        if (format == FfmpegFormat.Au)
            return FindInAu(start);
        if (format == FfmpegFormat.Wave64 && start.Length >= 24)
            return BinaryPrimitives.ReadInt64LittleEndian(start[16..]); // behind the GUID of the file, which it includes
        if (format == FfmpegFormat.Caf)
            return FindInCaf(start);
        if (format == FfmpegFormat.Sphere)
            return FindInSphere(start);
        return format == FfmpegFormat.Dsf && start.Length >= 20 ? BinaryPrimitives.ReadInt64LittleEndian(start[12..]) : null;
    }

    /// <summary>True when what is missing is a tag that somebody removed, which leaves the length as it was.</summary>
    /// <param name="format">What it was found to be.</param>
    /// <param name="missingBytes">Stated length less the true one.</param>
    public static bool IsRemovedTag(FfmpegFormat format, long missingBytes) =>
        format == FfmpegFormat.Mp3 && missingBytes is Id3v1Bytes or (Id3v1Bytes + EnhancedTagBytes);

    private static long? FromChunk(uint bytes) => WavData.IsPlaceholder(bytes) ? null : bytes + 8L;

    // Sun's audio header: where the samples start, and how many bytes they take.
    private static long? FindInAu(ReadOnlySpan<byte> start)
    {
        uint bytes = BinaryPrimitives.ReadUInt32BigEndian(start[8..]);
        return WavData.IsPlaceholder(bytes) ? null : BinaryPrimitives.ReadUInt32BigEndian(start[4..]) + (long)bytes;
    }

    // Apple's Core Audio Format: chunks of four letters and a length of eight bytes, which is -1 where it was not known.
    private static long? FindInCaf(ReadOnlySpan<byte> start)
    {
        const int ChunkHeaderBytes = 12;
        long at = 8;
        while (at >= 0 && at + ChunkHeaderBytes <= start.Length)
        {
            ReadOnlySpan<byte> chunk = start[(int)at..];
            long bytes = BinaryPrimitives.ReadInt64BigEndian(chunk[4..]);
            if (chunk.StartsWith("data"u8))
                return bytes > 0 ? at + ChunkHeaderBytes + bytes : null;
            at = bytes >= 0 && bytes <= start.Length ? at + ChunkHeaderBytes + bytes : -1;
        }

        return null;
    }

    // NIST: a header of text, whose own length is its second line.
    private static long? FindInSphere(ReadOnlySpan<byte> start)
    {
        string header = Encoding.Latin1.GetString(start[..Math.Min(start.Length, 1024)]);
        long? samples = Field("sample_count -i "), channels = Field("channel_count -i "), sampleBytes = Field("sample_n_bytes -i ");
        return Field("NIST_1A\n") + (samples * (channels ?? 1) * sampleBytes);

        long? Field(string name)
        {
            int at = header.IndexOf(name, StringComparison.Ordinal);
            if (at < 0)
                return null;
            ReadOnlySpan<char> value = header.AsSpan(at + name.Length).TrimStart(' ');
            int end = value.IndexOf('\n');
            return end >= 0 && int.TryParse(value[..end], NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : null;
        }
    }

    private static long? FindInAsf(ReadOnlySpan<byte> start)
    {
        int at = start.IndexOf(AsfFileProperties);
        if (at < 0 || at + AsfFlagsOffset >= start.Length)
            return null;
        bool isBroadcast = (start[at + AsfFlagsOffset] & 1) != 0; // written without knowing the end
        return isBroadcast ? null : BinaryPrimitives.ReadInt64LittleEndian(start[(at + AsfLengthOffset)..]);
    }
}
