using NrSer.Core.Audio.Input;

namespace NrSer.Core.Audio.Ffmpeg;

/// <summary>
/// Steps from frame to frame through MPEG audio, to find holes of zeros: what a disk or a network lost of a file that was kept as long as it was. The
/// format has no clock, so that all behind a hole would come too early; frames without sound are put there instead.
/// </summary>
internal sealed class MpegHoles
{
    private const double LongestSeconds = 600; // of one hole, as of any gap
    private const int PlainHeaderBytes = 4; // without the checksum that may follow

    private readonly byte[] _header = new byte[MpegFrames.HeaderBytes];
    private long _frames;
    private long _frameBytes;
    private int _bytesLeft;
    private bool _isLost;

    /// <summary>How much sound is missing, in seconds.</summary>
    public double Seconds { get; private set; }

    /// <summary>Walks on, to the end or to a hole.</summary>
    /// <param name="bytes">The next bytes of the stream.</param>
    /// <param name="seen">The same and as many behind them as are known, a header's or more unless the stream ends.</param>
    /// <returns>How far: the length of <paramref name="bytes"/>, or where a hole begins.</returns>
    public int Walk(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> seen)
    {
        int at = 0;
        while (at < bytes.Length && !_isLost)
        {
            ReadOnlySpan<byte> next = seen[at..];
            if (_bytesLeft > 0)
            {
                int taken = Math.Min(bytes.Length - at, _bytesLeft);
                _bytesLeft -= taken;
                at += taken;
            }
            else if (_frames > 0 && next.StartsWith("\0\0\0\0"u8))
            {
                return at;
            }
            else if (next.Length >= _header.Length && MpegFrames.IsMpegAudio(next) && (_frames == 0 || MpegFrames.AreOneKind(_header, next))
                && MpegFrames.FrameBytes(next) is > 0 and int frameBytes)
            {
                next[.._header.Length].CopyTo(_header);
                (_frames, _frameBytes, _bytesLeft) = (_frames + 1, _frameBytes + frameBytes, frameBytes);
            }
            else
            {
                _isLost = true; // a tag, or frames whose length is not known
            }
        }

        return bytes.Length;
    }

    /// <summary>Reads over the hole at which <see cref="Walk"/> stopped.</summary>
    /// <param name="input">At its first zero. Afterwards at the next frame, or at what is none.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    /// <returns>Frames without sound, as many as fit into it, to be sent one after the other.</returns>
    public async ValueTask<(byte[] Frame, int Count)> SkipAsync(BufferedInput input, CancellationToken cancellationToken)
    {
        long bytes = 0;
        int zeros;
        do
        {
            await input.FillAsync(BufferedInput.CapacityBytes, cancellationToken).ConfigureAwait(false);
            zeros = input.Buffered.Span.IndexOfAnyExcept((byte)0);
            bytes += zeros < 0 ? input.Buffered.Length : zeros;
            input.Advance(zeros < 0 ? input.Buffered.Length : zeros);
        }
        while (zeros < 0 && !input.HasEnded);

        await input.FillAsync(BufferedInput.CapacityBytes, cancellationToken).ConfigureAwait(false);
        if (MpegFrames.Find(input.Buffered.Span) is not { Format: var format, Offset: var offset } || format != FfmpegFormat.Mp3)
        {
            _isLost = true; // zeros that fill the file up
            return ([], 0);
        }

        input.Advance(offset);
        byte[] frame = SilentFrame();
        (int samples, int rateHz) = MpegFrames.Timing(frame)!.Value;
        double frames = Math.Min((bytes + offset) * (double)_frames / _frameBytes, LongestSeconds * rateHz / samples);
        int count = (int)Math.Round(frames);
        Seconds += count * (double)samples / rateHz;
        return (frame, count);
    }

    // ISO/IEC 11172-3: neither checksum nor padding; with nothing but zeros behind the header no granule has any data.
    private byte[] SilentFrame()
    {
        byte[] header = [.. _header];
        header[1] |= 0x01;
        header[2] &= 0xFD;
        return [.. header[..PlainHeaderBytes], .. new byte[MpegFrames.FrameBytes(header) - PlainHeaderBytes]];
    }
}
