using System.Buffers.Binary;

namespace NrSer.Core.Audio.Ffmpeg;

/// <summary>
/// Steps from page to page through an Ogg stream, to know which pages are missing, whether the last is whole and where another link of a chain
/// follows. RFC 3533, section 6.
/// </summary>
internal sealed class OggPageWalker
{
    /// <summary>What must be seen of a page to know whether a link begins with it.</summary>
    public const int MarkBytes = FlagsAt + 1;

    private const int FixedHeaderBytes = 27; // the last of them is the number of segments, whose lengths follow, one byte each
    private const int FlagsAt = 5;
    private const int StreamAt = 14;
    private const int NumberAt = 18;
    private const int MostStreams = 64; // more than anybody multiplexes
    private const int IsFirstPage = 2; // of its stream; several of a link stand together

    private readonly byte[] _header = new byte[FixedHeaderBytes + byte.MaxValue];
    private readonly Dictionary<uint, uint> _lastNumbers = [];
    private int _headerBytes;
    private int _bodyBytesLeft;
    private long _pages;
    private long _lostPages;
    private bool _isLost;
    private bool _wasFirstPage = true;

    /// <summary>True when the bytes so far end inside a page. What follows the last page without being one, as tags do, is no page.</summary>
    public bool IsWithinPage => !_isLost && (_bodyBytesLeft > 0 || (_headerBytes > 0 && StartsLikePage(_header.AsSpan(0, _headerBytes))));

    /// <summary>Which share of the pages is missing by their numbers; 0 where these make no sense.</summary>
    public double LostShare => _lostPages <= _pages ? _lostPages / Math.Max(1.0, _pages + _lostPages) : 0;

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
        if (!_isLost)
            Count(NumberOf(StreamAt), NumberOf(NumberAt));
        foreach (byte segmentBytes in _header.AsSpan(FixedHeaderBytes, _header[FixedHeaderBytes - 1]))
            _bodyBytesLeft += segmentBytes;
        _headerBytes = 0;
    }

    private uint NumberOf(int at) => BinaryPrimitives.ReadUInt32LittleEndian(_header.AsSpan(at));

    private void Count(uint stream, uint number)
    {
        _pages++;
        if (_lastNumbers.TryGetValue(stream, out uint last) && number > last)
            _lostPages += number - last - 1;
        if (_lastNumbers.Count < MostStreams || _lastNumbers.ContainsKey(stream))
            _lastNumbers[stream] = number;
    }
}
