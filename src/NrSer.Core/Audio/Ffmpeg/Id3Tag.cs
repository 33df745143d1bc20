namespace NrSer.Core.Audio.Ffmpeg;

/// <summary>The tag that stands before MP3 nearly always, before AAC and FLAC sometimes.</summary>
internal static class Id3Tag
{
    private const int HeaderBytes = 10;

    /// <summary>Length of the tag at the start, 0 without one.</summary>
    /// <param name="start">The first bytes of the recording.</param>
    public static int Bytes(ReadOnlySpan<byte> start)
    {
        if (!start.StartsWith("ID3"u8) || start.Length < HeaderBytes)
            return 0;
        int size = 0;
        foreach (byte sevenBits in start[6..HeaderBytes])
            size = (size << 7) | (sevenBits & 0x7F);
        return HeaderBytes + size;
    }
}
