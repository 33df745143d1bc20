using System.Text;
using NrSer.Core.Audio;

namespace NrSer.Pipeline.Podcasts;

/// <summary>Tells from its first bytes what a download is: a server that wants a login or is out of order answers with a page and says 200.</summary>
internal static class AudioSniffer
{
    /// <summary>How many bytes are looked at.</summary>
    public const int Bytes = 512;

    private static readonly (byte[] Start, string What)[] s_refused =
    [
        ("%PDF-"u8.ToArray(), "a PDF"),
        ([0x89, .. "PNG"u8], "a picture"),
        ([0xFF, 0xD8, 0xFF], "a picture"),
        ("GIF8"u8.ToArray(), "a picture"),
        ("PK\u0003\u0004"u8.ToArray(), "a ZIP archive"),
        ([0x1F, 0x8B], "a compressed file"),
    ];

    private static readonly (byte[] Start, string Extension)[] s_audio =
    [
        ("ID3"u8.ToArray(), ".mp3"),
        ("OggS"u8.ToArray(), ".ogg"),
        ("fLaC"u8.ToArray(), ".flac"),
        ([0x1A, 0x45, 0xDF, 0xA3], ".webm"),
        ([0x30, 0x26, 0xB2, 0x75], ".wma"),
        ("#!AMR"u8.ToArray(), ".amr"),
        ("caff"u8.ToArray(), ".caf"),
        ("FORM"u8.ToArray(), ".aiff"),
    ];

    /// <summary>Why it is no audio, a word or two; null when it may be.</summary>
    public static string? WhatElse(ReadOnlySpan<byte> head)
    {
        foreach ((byte[] start, string what) in s_refused)
        {
            if (head.StartsWith(start))
                return what;
        }

        ReadOnlySpan<byte> text = head.StartsWith(Encoding.UTF8.Preamble) ? head[3..] : head;
        if (text.StartsWith("#!AMR"u8) || text.ContainsAnyInRange((byte)0, (byte)8)) // a text has no such bytes
            return null;
        string words = Encoding.Latin1.GetString(text).TrimStart();
        return words.StartsWith("#EXTM3U", StringComparison.OrdinalIgnoreCase) || words.StartsWith("[playlist]", StringComparison.OrdinalIgnoreCase)
            ? "a playlist"
            : words.Contains("<html", StringComparison.OrdinalIgnoreCase) || words.StartsWith("<!doctype html", StringComparison.OrdinalIgnoreCase)
                || words.StartsWith("<head", StringComparison.OrdinalIgnoreCase) ? "a web page, as of a login or an error"
            : words.StartsWith('<') ? "an XML document"
            : words.StartsWith('{') || words.StartsWith('[') ? "a JSON document"
            : words.Length > 0 && !text.ContainsAnyExceptInRange((byte)9, (byte)126) ? "a text"
            : null;
    }

    /// <summary>What its name should end with: by its content, by its address, by what it is declared as.</summary>
    public static string ExtensionOf(ReadOnlySpan<byte> head, Uri address, string? declaredType)
    {
        foreach ((byte[] start, string extension) in s_audio)
        {
            if (head.StartsWith(start))
                return extension;
        }

        if (head.Length >= 12 && head[4..8].SequenceEqual("ftyp"u8))
            return ".m4a";
        if (head.Length >= 12 && (head.StartsWith("RIFF"u8) || head.StartsWith("RF64"u8)) && head[8..12].SequenceEqual("WAVE"u8))
            return ".wav";
        if (head.Length >= 2 && head[0] == 0xFF && (head[1] & 0xE0) == 0xE0) // a frame's first 11 bits; layer 0 is ADTS
            return (head[1] & 0x06) == 0 ? ".aac" : ".mp3";
        string named = Path.GetExtension(address.AbsolutePath).ToLowerInvariant();
        return AudioDecoder.FileExtensions.Contains(named) ? named : declaredType?.ToLowerInvariant() switch
        {
            "audio/mpeg" or "audio/mp3" => ".mp3",
            "audio/mp4" or "audio/x-m4a" or "video/mp4" => ".m4a",
            "audio/ogg" or "audio/opus" => ".ogg",
            "audio/aac" => ".aac",
            "audio/flac" => ".flac",
            "audio/wav" or "audio/x-wav" => ".wav",
            _ => ".bin", // content decides, not the name
        };
    }
}
