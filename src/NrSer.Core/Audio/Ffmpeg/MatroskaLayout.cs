namespace NrSer.Core.Audio.Ffmpeg;

/// <summary>Looks whether a Matroska file describes its tracks behind their sound: then only who can seek learns what they are. RFC 9559.</summary>
internal static class MatroskaLayout
{
    private const uint Segment = 0x18538067;
    private const uint Tracks = 0x1654AE6B;
    private const uint Cluster = 0x1F43B675;

    /// <summary>True when sound comes before the description; false as well where the first bytes do not tell.</summary>
    /// <param name="start">The first bytes of the file.</param>
    public static bool HasLateTracks(ReadOnlySpan<byte> start)
    {
        long at = 0;
        while (at < start.Length)
        {
            ReadOnlySpan<byte> element = start[(int)at..];
            if (ReadNumber(element, keepsMark: true) is not { } id || ReadNumber(element[id.Bytes..], keepsMark: false) is not { } size)
                return false;
            if (id.Value is Tracks or Cluster)
                return id.Value == Cluster;
            at += id.Bytes + size.Bytes + (id.Value == Segment ? 0 : size.Value); // a segment is looked into, everything else stepped over
        }

        return false;
    }

    // RFC 8794: as many zeros before the first one as bytes follow.
    private static (long Value, int Bytes)? ReadNumber(ReadOnlySpan<byte> start, bool keepsMark)
    {
        if (start.IsEmpty || start[0] == 0)
            return null;
        int bytes = System.Numerics.BitOperations.LeadingZeroCount((uint)start[0]) - 23;
        if (bytes > start.Length)
            return null;
        long value = keepsMark ? start[0] : start[0] & (0xFF >> bytes);
        foreach (byte next in start[1..bytes])
            value = (value << 8) | next;
        return (value, bytes);
    }
}
