namespace NrSer.Core.Audio.Input;

/// <summary>Reads a stream forward through one buffer that can be looked at before it is used up. Never seeks; leaves the stream open.</summary>
/// <param name="content">The stream, at the first byte of the recording.</param>
internal sealed class BufferedInput(Stream content)
{
    /// <summary>The most that <see cref="FillAsync"/> can be asked for: about 2 s of 16 kHz PCM, and below the large-object limit.</summary>
    public const int CapacityBytes = 64 * 1024;

    private readonly byte[] _buffer = new byte[CapacityBytes];
    private int _start;
    private int _end;

    /// <summary>Bytes used up since the recording began.</summary>
    public long PositionBytes { get; private set; }

    /// <summary>True once the stream has been read to its end; some of it may still be buffered.</summary>
    public bool HasEnded { get; private set; }

    /// <summary>Length of the recording, or null when the stream does not know.</summary>
    public long? LengthBytes { get; } = content.CanSeek ? content.Length - content.Position : null;

    /// <summary>What has been read and not used up. Valid until the next fill.</summary>
    public ReadOnlyMemory<byte> Buffered => _buffer.AsMemory(_start, _end - _start);

    /// <summary>Reads until at least <paramref name="countBytes"/> are buffered.</summary>
    /// <param name="countBytes">At most <see cref="CapacityBytes"/>.</param>
    /// <param name="cancellationToken">Stops the reading; nothing is lost.</param>
    /// <returns>False when the stream ends before.</returns>
    public async ValueTask<bool> FillAsync(int countBytes, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(countBytes, CapacityBytes);
        if (_end - _start >= countBytes)
            return true;

        Buffered.CopyTo(_buffer);
        _end -= _start;
        _start = 0;
        while (_end < countBytes)
        {
            int read = await content.ReadAsync(_buffer.AsMemory(_end), cancellationToken).ConfigureAwait(false);
            if (read == 0)
            {
                HasEnded = true;
                return false;
            }

            _end += read;
        }

        return true;
    }

    /// <summary>Uses up buffered bytes.</summary>
    /// <param name="countBytes">At most as many as are buffered.</param>
    public void Advance(int countBytes)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(countBytes, _end - _start);
        _start += countBytes;
        PositionBytes += countBytes;
    }

    /// <summary>Reads over bytes without keeping them.</summary>
    /// <param name="countBytes">Any number; memory does not depend on it.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    /// <returns>False when the stream ends before.</returns>
    public async ValueTask<bool> SkipAsync(long countBytes, CancellationToken cancellationToken)
    {
        while (countBytes > 0)
        {
            if (!await FillAsync(1, cancellationToken).ConfigureAwait(false))
                return false;
            int step = (int)Math.Min(countBytes, Buffered.Length);
            Advance(step);
            countBytes -= step;
        }

        return true;
    }
}
