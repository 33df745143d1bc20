using NrSer.Core.Audio.Ffmpeg;
using NrSer.Core.Audio.Wav;

namespace NrSer.Core.Audio;

/// <summary>
/// Tells what a recording is from its first bytes. File names are not asked: text, playlists and scripts, which could make ffmpeg open other
/// files, are never given to it.
/// </summary>
internal static class ContentSniffer
{
    private const int GsmFrameBytes = 33; // GSM 06.10: 4 bits of signature and 260 of speech, 20 ms
    private const int FewestGsmFrames = 16; // whose 4 bits agree by chance once in 2^64

    private static readonly (byte[] Letters, FfmpegFormat Format)[] s_letters =
    [
        ([.. "fLaC"u8], FfmpegFormat.Flac),
        ([.. "OggS"u8], FfmpegFormat.Ogg),
        ([0x1A, 0x45, 0xDF, 0xA3], FfmpegFormat.Matroska),
        ([0x30, 0x26, 0xB2, 0x75, 0x8E, 0x66, 0xCF, 0x11, 0xA6, 0xD9], FfmpegFormat.Asf),
        ([.. "#!AMR\n"u8], FfmpegFormat.Amr),
        ([.. "#!AMR-WB\n"u8], FfmpegFormat.Amr),
        ([.. ".snd"u8], FfmpegFormat.Au),
        ([.. "caff"u8], FfmpegFormat.Caf),
        ([.. "riff"u8, 0x2E, 0x91, 0xCF, 0x11, 0xA5, 0xD6], FfmpegFormat.Wave64),
        ([.. "NIST_1A\n"u8], FfmpegFormat.Sphere),
        ([.. "FLV\u0001"u8], FfmpegFormat.Flv),
        ([.. "wvpk"u8], FfmpegFormat.WavPack),
        ([.. "MAC "u8], FfmpegFormat.MonkeysAudio),
        ([.. "TTA1"u8], FfmpegFormat.TrueAudio),
        ([.. "MPCK"u8], FfmpegFormat.Musepack8),
        ([.. "MP+"u8], FfmpegFormat.Musepack7),
        ([.. "Creative Voice File\u001a"u8], FfmpegFormat.Voc),
        ([.. "DSD "u8], FfmpegFormat.Dsf),
    ];

    private static ReadOnlySpan<byte> DtsHeader => [0x7F, 0xFE, 0x80, 0x01];

    private static ReadOnlySpan<byte> Ac3Header => [0x0B, 0x77];

    /// <summary>True for what <see cref="WavReader"/> reads.</summary>
    /// <param name="start">The first bytes of the recording.</param>
    public static bool IsWave(ReadOnlySpan<byte> start) => WavChunk.StartsFile(start) && !IsForeignWave(start);

    /// <summary>Finds who decodes it.</summary>
    /// <param name="start">The first bytes of the recording, behind any tags; a few hundred are enough.</param>
    /// <returns>Null for everything ffmpeg must not see.</returns>
    public static FfmpegFormat? FindFfmpegFormat(ReadOnlySpan<byte> start) =>
        FindByLetters(start) ?? FindInForm(start) ?? FindByPattern(start);

    /// <summary>True for a SPHERE file compressed by shorten, which ffmpeg does not unpack.</summary>
    /// <param name="start">The first bytes of the recording.</param>
    public static bool IsShortened(ReadOnlySpan<byte> start) =>
        start.StartsWith("NIST_1A\n"u8) && start[..Math.Min(start.Length, 1024)].IndexOf("embedded-shorten"u8) >= 0; // its header is that long

    private static FfmpegFormat? FindByLetters(ReadOnlySpan<byte> start)
    {
        if (IsShortened(start))
            return null;
        foreach ((byte[] letters, FfmpegFormat format) in s_letters)
        {
            if (start.StartsWith(letters))
                return format;
        }

        return null;
    }

    private static FfmpegFormat? FindInForm(ReadOnlySpan<byte> start)
    {
        if (start.Length < 12)
            return null;
        ReadOnlySpan<byte> form = start[8..12];
        if (start.StartsWith("FORM"u8) && (form.SequenceEqual("AIFF"u8) || form.SequenceEqual("AIFC"u8)))
            return FfmpegFormat.Aiff;
        if (start.StartsWith("RIFF"u8) && form.SequenceEqual("AVI "u8))
            return FfmpegFormat.Avi;
        return WavChunk.StartsFile(start) ? FfmpegFormat.Wave : null;
    }

    private static FfmpegFormat? FindByPattern(ReadOnlySpan<byte> start)
    {
        if (IsMp4(start))
            return FfmpegFormat.Mp4;
        if (MpegFrames.IsAdts(start))
            return FfmpegFormat.Aac;
        if (MpegFrames.IsMpegAudio(start))
            return FfmpegFormat.Mp3;
        if (TransportStream.FindPacketBytes(start) is not null)
            return FfmpegFormat.MpegTs;
        if (start.StartsWith(Ac3Header) && start.Length > 5)
            return start[5] >> 3 > 10 ? FfmpegFormat.Eac3 : FfmpegFormat.Ac3; // ETSI TS 102 366: the stream's version
        if (start.StartsWith(DtsHeader))
            return FfmpegFormat.Dts;
        return IsGsm(start) ? FfmpegFormat.Gsm : null;
    }

    // Telephone systems store encodings that are not ours; looked for only as far as the first bytes reach. ffmpeg misreads RIFX, which we do not.
    private static bool IsForeignWave(ReadOnlySpan<byte> start)
    {
        if (start.StartsWith("RIFX"u8))
            return false;
        long at = WavChunk.FileHeaderBytes;
        while (at + WavChunk.HeaderBytes + sizeof(ushort) <= start.Length)
        {
            WavChunk chunk = WavChunk.Parse(start[(int)at..], isBigEndian: false);
            if (chunk.Id == WavChunk.Format)
                return WavTag.Find(start[((int)at + WavChunk.HeaderBytes)..]) is { } tag && !WavTag.IsOurs(tag);
            at += WavChunk.HeaderBytes + chunk.Bytes + (chunk.Bytes % 2);
        }

        return false;
    }

    /// <summary>The first box of MP4 is ftyp; old QuickTime and pieces of streams start with any of the others.</summary>
    /// <param name="start">Any number of bytes.</param>
    public static bool IsMp4(ReadOnlySpan<byte> start)
    {
        if (start.Length < 8)
            return false;
        ReadOnlySpan<byte> boxes = "ftypmoovmdatwidefreeskippnotstypuuid"u8;
        for (int at = 0; at < boxes.Length; at += 4)
        {
            if (start[4..8].SequenceEqual(boxes.Slice(at, 4)))
                return true;
        }

        return false;
    }

    // Raw GSM has no header, but every frame starts with the same four bits.
    private static bool IsGsm(ReadOnlySpan<byte> start)
    {
        if (start.Length < FewestGsmFrames * GsmFrameBytes)
            return false;
        for (int at = 0; at < start.Length; at += GsmFrameBytes)
        {
            if (start[at] >> 4 != 0xD)
                return false;
        }

        return true;
    }
}
