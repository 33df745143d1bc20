using System.Buffers.Binary;

namespace NrSer.Core.Audio.Ffmpeg;

/// <summary>Steps from block to block through a Creative Voice file, to know whether its last block is whole.</summary>
internal sealed class VocBlockWalker
{
    private const int HeaderBytes = 22; // 20 letters, then where the first block starts
    private const int BlockHeaderBytes = 4; // kind, and a length of three bytes; kind 0 is the end and stands alone

    private readonly byte[] _header = new byte[HeaderBytes];
    private int _headerBytes;
    private long _bodyBytesLeft;
    private bool _isInFile;
    private bool _hasEnded;

    /// <summary>True when the bytes so far end inside a block.</summary>
    public bool IsWithinBlock => !_hasEnded && (_bodyBytesLeft > 0 || _headerBytes > 0);

    /// <summary>Walks on.</summary>
    /// <param name="bytes">The next bytes of the file.</param>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty && !_hasEnded)
        {
            int skipped = (int)Math.Min(bytes.Length, _bodyBytesLeft);
            _bodyBytesLeft -= skipped;
            bytes = bytes[skipped..];
            if (bytes.IsEmpty)
                return;
            _header[_headerBytes++] = bytes[0];
            bytes = bytes[1..];
            if (_headerBytes == (_isInFile ? BlockHeaderBytes : HeaderBytes))
                EndHeader();
            else
                _hasEnded = _isInFile && _headerBytes == 1 && _header[0] == 0;
        }
    }

    private void EndHeader()
    {
        _bodyBytesLeft = _isInFile
            ? BinaryPrimitives.ReadUInt32LittleEndian(_header) >> 8
            : Math.Max(0, BinaryPrimitives.ReadUInt16LittleEndian(_header.AsSpan(20)) - HeaderBytes);
        _isInFile = true;
        _headerBytes = 0;
    }
}
