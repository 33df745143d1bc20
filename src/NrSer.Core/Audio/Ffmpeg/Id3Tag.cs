namespace NrSer.Core.Audio.Ffmpeg;

/// <summary>The tag that stands before MP3 nearly always, before everything else sometimes; in its first version it stood at the end.</summary>
internal static class Id3Tag
{
    /// <summary>Length of a tag of the first version.</summary>
    public const int Version1Bytes = 128;

    private const int HeaderBytes = 10;
    private const int HasFooter = 0x10;

    /// <summary>Length of the tag at the start, 0 without one.</summary>
    /// <param name="start">The first bytes of the recording.</param>
    public static int Bytes(ReadOnlySpan<byte> start)
    {
        if (!start.StartsWith("ID3"u8) || start.Length < HeaderBytes)
            return 0;
        int size = 0;
        foreach (byte sevenBits in start[6..HeaderBytes])
            size = (size << 7) | (sevenBits & 0x7F);
        return HeaderBytes + size + ((start[5] & HasFooter) != 0 ? HeaderBytes : 0);
    }

    /// <summary>True for a tag of the first version.</summary>
    /// <param name="end">The last bytes of a recording, as many as such a tag has.</param>
    public static bool IsVersion1(ReadOnlySpan<byte> end) => end.Length == Version1Bytes && end.StartsWith("TAG"u8);
}
