namespace NrSer.Core.Audio.Ffmpeg;

/// <summary>MPEG transport streams: packets without a header before them, told by a byte that comes again and again.</summary>
internal static class TransportStream
{
    private const byte SyncByte = 0x47;
    private const int Enough = 3; // packets: two more than chance

    // ISO/IEC 13818-1; the same behind a time of four bytes, on Blu-ray and from camcorders; with 16 bytes of error
    // correction behind, from receivers.
    private static readonly (int Bytes, int SyncAt)[] s_packets = [(188, 0), (192, 4), (204, 0)];

    /// <summary>Length of the packets that a recording is made of; null when it is no transport stream.</summary>
    /// <param name="start">Its first bytes.</param>
    public static int? FindPacketBytes(ReadOnlySpan<byte> start)
    {
        foreach ((int bytes, int syncAt) in s_packets)
        {
            if (AreThere(start, bytes, syncAt))
                return bytes;
        }

        return null;
    }

    private static bool AreThere(ReadOnlySpan<byte> start, int packetBytes, int syncAt)
    {
        for (int packet = 0; packet < Enough; packet++)
        {
            int at = (packet * packetBytes) + syncAt;
            if (at >= start.Length || start[at] != SyncByte)
                return false;
        }

        return true;
    }
}
