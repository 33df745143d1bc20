using NrSer.Core.Audio.Input;

namespace NrSer.Core.Audio.Ffmpeg;

/// <summary>Sends a recording into ffmpeg's standard input.</summary>
/// <param name="input">At the first byte of the recording.</param>
/// <param name="format">What it is.</param>
internal sealed class FfmpegFeed(BufferedInput input, FfmpegFormat format)
{
    private readonly OggPageWalker? _oggPages = format == FfmpegFormat.Ogg ? new() : null;
    private readonly MpegHoles? _mpegHoles = format == FfmpegFormat.Mp3 ? new() : null;
    private readonly VocBlockWalker? _vocBlocks = format == FfmpegFormat.Voc ? new() : null;
    private readonly int? _packetBytes = format == FfmpegFormat.MpegTs ? TransportStream.FindPacketBytes(input.Buffered.Span) : null;
    private readonly long _firstByte = input.PositionBytes;
    private Exception? _failure;
    private long _bytesSent = input.PositionBytes;
    private bool _hasSentAll;
    private bool _stoppedAtLink;

    /// <summary>How far it has come, in bytes from the start of the input.</summary>
    public long BytesSent => Volatile.Read(ref _bytesSent);

    /// <summary>False while there is more; also if ffmpeg stopped reading before the end: then how much there was is not known.</summary>
    public bool HasSentAll => Volatile.Read(ref _hasSentAll);

    /// <summary>What the source threw, or null: ffmpeg saw only an end.</summary>
    public Exception? Failure => Volatile.Read(ref _failure);

    /// <summary>True when all was sent up to another recording in the same file, at which the input then is.</summary>
    public bool StoppedAtLink => HasSentAll && Volatile.Read(ref _stoppedAtLink);

    /// <summary>True when the end lies within a page or a packet.</summary>
    public bool EndsWithinUnit => HasSentAll && (_oggPages is { IsWithinPage: true } || _vocBlocks is { IsWithinBlock: true }
        || (_packetBytes is { } packetBytes && (BytesSent - _firstByte) % packetBytes != 0));

    /// <summary>Sound that holes of zeros have replaced, in seconds.</summary>
    public double HoleSeconds => HasSentAll ? _mpegHoles?.Seconds ?? 0 : 0;

    /// <summary>Which share of its pages is missing.</summary>
    public double LostShare => HasSentAll ? _oggPages?.LostShare ?? 0 : 0;

    /// <summary>Sends all of it and closes the stream. Never fails: what the source throws is kept.</summary>
    /// <param name="standardInput">Of the process.</param>
    /// <param name="cancellationToken">Stops the sending.</param>
    public async Task SendAsync(Stream standardInput, CancellationToken cancellationToken)
    {
        await using (standardInput.ConfigureAwait(false))
        {
            try
            {
                // The last bytes are kept back until it is known that they are no tag, which decoders take for damage.
                while (!_stoppedAtLink && await input.FillAsync(Id3Tag.Version1Bytes + 1, cancellationToken).ConfigureAwait(false))
                {
                    if (!await TrySendAsync(standardInput, input.Buffered.Length - Id3Tag.Version1Bytes, cancellationToken).ConfigureAwait(false))
                        return;
                }

                bool isTag = !_stoppedAtLink && Id3Tag.IsVersion1(input.Buffered.Span);
                if (isTag)
                    input.Advance(input.Buffered.Length);
                else if (!_stoppedAtLink && !await TrySendAsync(standardInput, input.Buffered.Length, cancellationToken).ConfigureAwait(false))
                    return;
                Volatile.Write(ref _bytesSent, input.PositionBytes);
                Volatile.Write(ref _hasSentAll, true);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                // Nobody reads any more.
            }
            catch (Exception exception)
            {
                Volatile.Write(ref _failure, exception);
            }
        }
    }

    // False when ffmpeg has all it wants, or has died: its exit code tells which.
    private async ValueTask<bool> TrySendAsync(Stream standardInput, int bytes, CancellationToken cancellationToken)
    {
        if (_oggPages?.Walk(input.Buffered.Span[..bytes], input.Buffered.Span) is { } walked && walked < bytes)
            (bytes, _stoppedAtLink) = (walked, true);
        int toHole = _mpegHoles?.Walk(input.Buffered.Span[..bytes], input.Buffered.Span) ?? bytes;
        _vocBlocks?.Append(input.Buffered.Span[..bytes]);
        try
        {
            await standardInput.WriteAsync(input.Buffered[..toHole], cancellationToken).ConfigureAwait(false);
            input.Advance(toHole);
            if (toHole < bytes)
            {
                (byte[] frame, int count) = await _mpegHoles!.SkipAsync(input, cancellationToken).ConfigureAwait(false);
                for (; count > 0; count--)
                    await standardInput.WriteAsync(frame, cancellationToken).ConfigureAwait(false);
            }

            Volatile.Write(ref _bytesSent, input.PositionBytes);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }
}
