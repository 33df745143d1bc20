using NrSer.Core.Audio.Ffmpeg;
using NrSer.Core.Audio.Wav;

namespace NrSer.Core.Audio;

/// <summary>
/// Tells what a recording is from its first bytes. File names are not asked: text, playlists and scripts, which could make ffmpeg open other
/// files, are never given to it.
/// </summary>
internal static class ContentSniffer
{
    private static ReadOnlySpan<byte> AsfHeader => [0x30, 0x26, 0xB2, 0x75, 0x8E, 0x66, 0xCF, 0x11, 0xA6, 0xD9];

    private static ReadOnlySpan<byte> EbmlHeader => [0x1A, 0x45, 0xDF, 0xA3];

    /// <summary>True for what <see cref="WavReader"/> reads.</summary>
    /// <param name="start">The first bytes of the recording.</param>
    public static bool IsWave(ReadOnlySpan<byte> start) =>
        WavChunk.StartsFile(start) && !IsForeignWave(start);

    /// <summary>Finds who decodes it.</summary>
    /// <param name="start">The first bytes of the recording; a few hundred are enough unless it starts with tags.</param>
    /// <returns>Null for everything ffmpeg must not see.</returns>
    public static FfmpegFormat? FindFfmpegFormat(ReadOnlySpan<byte> start)
    {
        if (start.StartsWith("fLaC"u8))
            return FfmpegFormat.Flac;
        if (start.StartsWith("OggS"u8))
            return FfmpegFormat.Ogg;
        if (start.StartsWith(EbmlHeader))
            return FfmpegFormat.Matroska;
        if (start.StartsWith(AsfHeader))
            return FfmpegFormat.Asf;
        if (start.StartsWith("#!AMR\n"u8) || start.StartsWith("#!AMR-WB\n"u8))
            return FfmpegFormat.Amr;
        if (start.StartsWith("FORM"u8) && start.Length >= 12 && (start[8..12].SequenceEqual("AIFF"u8) || start[8..12].SequenceEqual("AIFC"u8)))
            return FfmpegFormat.Aiff;
        if (WavChunk.StartsFile(start))
            return FfmpegFormat.Wave;
        if (IsMp4(start))
            return FfmpegFormat.Mp4;
        if (start.StartsWith("ID3"u8))
            return FindBehindId3(start);
        if (IsAdts(start))
            return FfmpegFormat.Aac;
        return IsMpegAudio(start) ? FfmpegFormat.Mp3 : null;
    }

    // Telephone systems store encodings that are not ours; looked for only as far as the first bytes reach. ffmpeg misreads RIFX, which we do not.
    private static bool IsForeignWave(ReadOnlySpan<byte> start)
    {
        long at = WavChunk.FileHeaderBytes;
        while (at + WavChunk.HeaderBytes + sizeof(ushort) <= start.Length)
        {
            WavChunk chunk = WavChunk.Parse(start[(int)at..], start.StartsWith("RIFX"u8));
            ReadOnlySpan<byte> body = start[((int)at + WavChunk.HeaderBytes)..];
            if (chunk.Id == WavChunk.Format)
                return !start.StartsWith("RIFX"u8) && WavTag.Find(body) is { } tag && !WavTag.IsOurs(tag);
            at += WavChunk.HeaderBytes + chunk.Bytes + (chunk.Bytes % 2);
        }

        return false;
    }

    // The first box of MP4 is ftyp; old QuickTime starts with any of the others.
    private static bool IsMp4(ReadOnlySpan<byte> start) =>
        start.Length >= 8 && (start[4..8].SequenceEqual("ftyp"u8) || start[4..8].SequenceEqual("moov"u8)
            || start[4..8].SequenceEqual("mdat"u8) || start[4..8].SequenceEqual("wide"u8));

    // Behind a tag with a big picture we cannot see.
    private static FfmpegFormat FindBehindId3(ReadOnlySpan<byte> start)
    {
        ReadOnlySpan<byte> behind = start[Math.Min(Id3Tag.Bytes(start), start.Length)..];
        if (behind.StartsWith("fLaC"u8))
            return FfmpegFormat.Flac;
        return IsAdts(behind) ? FfmpegFormat.Aac : FfmpegFormat.Mp3;
    }

    // ISO/IEC 13818-7: twelve ones, any MPEG version, layer 0.
    private static bool IsAdts(ReadOnlySpan<byte> start) => start.Length >= 2 && start[0] == 0xFF && (start[1] & 0xF6) == 0xF0;

    // ISO/IEC 11172-3: eleven ones, then version, layer, bit rate and sample rate, of which these values are reserved. Layer I is left out: FF FE
    // starts UTF-16 text far more often.
    private static bool IsMpegAudio(ReadOnlySpan<byte> start)
    {
        if (start.Length < 3 || start[0] != 0xFF || (start[1] & 0xE0) != 0xE0)
            return false;
        int version = (start[1] >> 3) & 3;
        int layer = (start[1] >> 1) & 3;
        return version != 1 && (layer is 1 or 2) && start[2] >> 4 is not (0 or 15) && ((start[2] >> 2) & 3) != 3;
    }
}
