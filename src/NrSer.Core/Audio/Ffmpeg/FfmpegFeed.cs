using NrSer.Core.Audio.Input;

namespace NrSer.Core.Audio.Ffmpeg;

/// <summary>Sends a recording into ffmpeg's standard input.</summary>
/// <param name="input">At the first byte of the recording.</param>
/// <param name="format">What it is.</param>
internal sealed class FfmpegFeed(BufferedInput input, FfmpegFormat format)
{
    private const int TransportPacketBytes = 188; // ISO/IEC 13818-1

    private readonly OggPageWalker? _oggPages = format == FfmpegFormat.Ogg ? new() : null;
    private readonly VocBlockWalker? _vocBlocks = format == FfmpegFormat.Voc ? new() : null;
    private readonly long _firstByte = input.PositionBytes;
    private Exception? _failure;
    private long _bytesSent = input.PositionBytes;
    private bool _hasSentAll;

    /// <summary>How far it has come, in bytes from the start of the input.</summary>
    public long BytesSent => Volatile.Read(ref _bytesSent);

    /// <summary>False while there is more; also if ffmpeg stopped reading before the end: then how much there was is not known.</summary>
    public bool HasSentAll => Volatile.Read(ref _hasSentAll);

    /// <summary>What the source threw, or null: ffmpeg saw only an end.</summary>
    public Exception? Failure => Volatile.Read(ref _failure);

    /// <summary>Where the last of several recordings in a row starts, in bytes; null for one.</summary>
    public long? LinkOffset => _oggPages?.LinkOffset;

    /// <summary>True when the end lies within a page or a packet.</summary>
    public bool EndsWithinUnit => HasSentAll && (_oggPages is { IsWithinPage: true } || _vocBlocks is { IsWithinBlock: true }
        || (format == FfmpegFormat.MpegTs && (BytesSent - _firstByte) % TransportPacketBytes != 0));

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
                while (await input.FillAsync(Id3Tag.Version1Bytes + 1, cancellationToken).ConfigureAwait(false))
                {
                    if (!await TrySendAsync(standardInput, input.Buffered.Length - Id3Tag.Version1Bytes, cancellationToken).ConfigureAwait(false))
                        return;
                }

                if (Id3Tag.IsVersion1(input.Buffered.Span))
                    input.Advance(input.Buffered.Length);
                else if (!await TrySendAsync(standardInput, input.Buffered.Length, cancellationToken).ConfigureAwait(false))
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
        _oggPages?.Append(input.Buffered.Span[..bytes]);
        _vocBlocks?.Append(input.Buffered.Span[..bytes]);
        try
        {
            await standardInput.WriteAsync(input.Buffered[..bytes], cancellationToken).ConfigureAwait(false);
            input.Advance(bytes);
            Volatile.Write(ref _bytesSent, input.PositionBytes);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }
}
