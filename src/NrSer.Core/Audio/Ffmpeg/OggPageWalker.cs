namespace NrSer.Core.Audio.Ffmpeg;

/// <summary>
/// Steps from page to page through an Ogg stream, to know whether its last page is whole and where another link of a chain follows.
/// RFC 3533, section 6.
/// </summary>
internal sealed class OggPageWalker
{
    /// <summary>What must be seen of a page to know whether a link begins with it.</summary>
    public const int MarkBytes = FlagsAt + 1;

    private const int FixedHeaderBytes = 27; // the last of them is the number of segments, whose lengths follow, one byte each
    private const int FlagsAt = 5;
    private const int IsFirstPage = 2; // of its stream; several of a link stand together

    private readonly byte[] _header = new byte[FixedHeaderBytes + byte.MaxValue];
    private int _headerBytes;
    private int _bodyBytesLeft;
    private bool _isLost;
    private bool _wasFirstPage = true;

    /// <summary>True when the bytes so far end inside a page. What follows the last page without being one, as tags do, is no page.</summary>
    public bool IsWithinPage => !_isLost && (_bodyBytesLeft > 0 || (_headerBytes > 0 && StartsLikePage(_header.AsSpan(0, _headerBytes))));

    /// <summary>Walks on, to the end or to the next link.</summary>
    /// <param name="bytes">The next bytes of the stream.</param>
    /// <param name="seen">The same and as many behind them as are known, <see cref="MarkBytes"/> or more unless the stream ends.</param>
    /// <returns>How far: the length of <paramref name="bytes"/>, or where a link begins, which is not walked over.</returns>
    public int Walk(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> seen)
    {
        int at = 0;
        while (at < bytes.Length && !_isLost)
        {
            if (_bodyBytesLeft == 0 && _headerBytes == 0 && BeginsLink(seen[at..]))
                return at;
            at += _bodyBytesLeft > 0 ? SkipBody(bytes[at..]) : TakeHeader(bytes[at..]);
        }

        return bytes.Length;
    }

    private static bool StartsLikePage(ReadOnlySpan<byte> bytes) => "OggS"u8.StartsWith(bytes[..Math.Min(bytes.Length, 4)]);

    private bool BeginsLink(ReadOnlySpan<byte> page) =>
        !_wasFirstPage && page.Length >= MarkBytes && StartsLikePage(page) && (page[FlagsAt] & IsFirstPage) != 0;

    private int SkipBody(ReadOnlySpan<byte> bytes)
    {
        int taken = Math.Min(bytes.Length, _bodyBytesLeft);
        _bodyBytesLeft -= taken;
        return taken;
    }

    private int TakeHeader(ReadOnlySpan<byte> bytes)
    {
        int wanted = _headerBytes < FixedHeaderBytes ? FixedHeaderBytes : FixedHeaderBytes + _header[FixedHeaderBytes - 1];
        int taken = Math.Min(bytes.Length, wanted - _headerBytes);
        bytes[..taken].CopyTo(_header.AsSpan(_headerBytes));
        _headerBytes += taken;
        if (_headerBytes >= FixedHeaderBytes && _headerBytes == FixedHeaderBytes + _header[FixedHeaderBytes - 1])
            BeginBody();
        return taken;
    }

    private void BeginBody()
    {
        _isLost = !StartsLikePage(_header);
        _wasFirstPage = (_header[FlagsAt] & IsFirstPage) != 0;
        foreach (byte segmentBytes in _header.AsSpan(FixedHeaderBytes, _header[FixedHeaderBytes - 1]))
            _bodyBytesLeft += segmentBytes;
        _headerBytes = 0;
    }
}
