namespace NrSer.Core.Audio.Ffmpeg;

/// <summary>
/// Steps from page to page through an Ogg stream, to know whether its last page is whole and where another recording follows the first.
/// RFC 3533, section 6.
/// </summary>
internal sealed class OggPageWalker
{
    private const int FixedHeaderBytes = 27; // the last of them is the number of segments, whose lengths follow, one byte each

    private readonly byte[] _header = new byte[FixedHeaderBytes + byte.MaxValue];
    private int _headerBytes;
    private int _bodyBytesLeft;
    private bool _isLost;
    private long _positionBytes;
    private bool _wasFirstPage = true;
    private long _linkOffset;

    /// <summary>True when the bytes so far end inside a page. What follows the last page without being one, as tags do, is no page.</summary>
    public bool IsWithinPage => !_isLost && (_bodyBytesLeft > 0 || (_headerBytes > 0 && StartsLikePage));

    /// <summary>Where the last recording of the stream starts, in bytes; null when there is one only.</summary>
    public long? LinkOffset => Volatile.Read(ref _linkOffset) is > 0 and long offset ? offset : null;

    private bool StartsLikePage => "OggS"u8.StartsWith(_header.AsSpan(0, Math.Min(_headerBytes, 4)));

    /// <summary>Walks on.</summary>
    /// <param name="bytes">The next bytes of the stream.</param>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty && !_isLost)
        {
            int taken = _bodyBytesLeft > 0 ? SkipBody(bytes) : TakeHeader(bytes);
            bytes = bytes[taken..];
        }
    }

    private int SkipBody(ReadOnlySpan<byte> bytes)
    {
        int taken = Math.Min(bytes.Length, _bodyBytesLeft);
        _positionBytes += taken;
        _bodyBytesLeft -= taken;
        return taken;
    }

    private int TakeHeader(ReadOnlySpan<byte> bytes)
    {
        int wanted = _headerBytes < FixedHeaderBytes ? FixedHeaderBytes : FixedHeaderBytes + _header[FixedHeaderBytes - 1];
        int taken = Math.Min(bytes.Length, wanted - _headerBytes);
        bytes[..taken].CopyTo(_header.AsSpan(_headerBytes));
        _headerBytes += taken;
        _positionBytes += taken;
        if (_headerBytes >= FixedHeaderBytes && _headerBytes == FixedHeaderBytes + _header[FixedHeaderBytes - 1])
            BeginBody();
        return taken;
    }

    private void BeginBody()
    {
        const int FlagsAt = 5;
        const int IsFirstPage = 2;

        _isLost = !StartsLikePage;
        bool isFirstPage = (_header[FlagsAt] & IsFirstPage) != 0;
        if (isFirstPage && !_wasFirstPage)
            Volatile.Write(ref _linkOffset, _positionBytes - _headerBytes);
        _wasFirstPage = isFirstPage;
        foreach (byte segmentBytes in _header.AsSpan(FixedHeaderBytes, _header[FixedHeaderBytes - 1]))
            _bodyBytesLeft += segmentBytes;
        _headerBytes = 0;
    }
}
