using NrSer.Core.Audio.Input;

namespace NrSer.Core.Audio;

/// <summary>Words for what is not a recording.</summary>
internal static class UnreadableContent
{
    /// <summary>The reason to refuse it, a sentence or two.</summary>
    /// <param name="input">At the first byte that is neither a tag nor zero.</param>
    public static string Describe(BufferedInput input)
    {
        if (input is { Buffered.IsEmpty: true, PositionBytes: 0 })
            return "The file is empty.";
        if (ContentSniffer.IsShortened(input.Buffered.Span))
            return "The SPHERE file is compressed by shorten, which ffmpeg does not unpack. Unpack it: sph2pipe -f wav FILE out.wav";
        return FindKind(input) is { } kind
            ? $"The file is {kind}, not a recording."
            : $"The file is no recording we know. {Conversion.Convert}";
    }

    /// <summary>What it is instead; null when it could be a recording.</summary>
    /// <param name="input">At the first byte that is neither a tag nor zero.</param>
    public static string? FindKind(BufferedInput input)
    {
        ReadOnlySpan<byte> start = input.Buffered.Span;
        if (start.IsEmpty)
            return input.PositionBytes == 0 ? "empty" : "nothing but zero bytes";
        return FindBinaryKind(start) ?? FindTextKind(start);
    }

    private static string? FindBinaryKind(ReadOnlySpan<byte> start)
    {
        if (start.StartsWith("PK\u0003\u0004"u8) || start.StartsWith("Rar!"u8) || start.StartsWith(SevenZipHeader) || start.StartsWith(GzipHeader))
            return "an archive";
        if (start.StartsWith("%PDF"u8))
            return "a PDF document";
        if (start.StartsWith(PngHeader) || start.StartsWith(JpegHeader) || start.StartsWith("GIF8"u8))
            return "a picture";
        return null;
    }

    private static string? FindTextKind(ReadOnlySpan<byte> start)
    {
        if (start.StartsWith(Utf16BigEndianMark) || start.StartsWith(Utf16LittleEndianMark))
            return "text";
        if (start.StartsWith(Utf8Mark))
            start = start[Utf8Mark.Length..];
        foreach (byte value in start)
        {
            if (value < ' ' && value is not ((byte)'\t' or (byte)'\n' or (byte)'\r' or (byte)'\f'))
                return null;
        }

        start = start.TrimStart(" \t\r\n"u8);
        if (start.StartsWith("#EXTM3U"u8) || start.StartsWith("ffconcat"u8) || start.StartsWith("[playlist]"u8))
            return "a playlist";
        return start.StartsWith("<"u8) ? "a web page or XML" : "text";
    }

    private static ReadOnlySpan<byte> GzipHeader => [0x1F, 0x8B];

    private static ReadOnlySpan<byte> SevenZipHeader => [(byte)'7', (byte)'z', 0xBC, 0xAF];

    private static ReadOnlySpan<byte> PngHeader => [0x89, (byte)'P', (byte)'N', (byte)'G'];

    private static ReadOnlySpan<byte> JpegHeader => [0xFF, 0xD8, 0xFF];

    private static ReadOnlySpan<byte> Utf8Mark => [0xEF, 0xBB, 0xBF];

    private static ReadOnlySpan<byte> Utf16LittleEndianMark => [0xFF, 0xFE];

    private static ReadOnlySpan<byte> Utf16BigEndianMark => [0xFE, 0xFF];
}
