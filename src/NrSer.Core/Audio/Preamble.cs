using NrSer.Core.Audio.Ffmpeg;
using NrSer.Core.Audio.Input;

namespace NrSer.Core.Audio;

/// <summary>What stands before a recording without belonging to it: ID3v2 tags, zeros, and the answer of a web radio.</summary>
internal static class Preamble
{
    /// <summary>Reads over it, whatever its length.</summary>
    /// <param name="input">At its first byte. Afterwards at the recording, with its first bytes buffered.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    /// <returns>True when there was an ID3 tag.</returns>
    /// <exception cref="InvalidAudioException">The input ends within a tag.</exception>
    public static async ValueTask<bool> SkipAsync(BufferedInput input, CancellationToken cancellationToken)
    {
        bool hasTag = false;
        while (await FillAsync(input, cancellationToken).ConfigureAwait(false))
        {
            if (Id3Tag.Bytes(input.Buffered.Span) is > 0 and int tagBytes)
            {
                if (!await input.SkipAsync(tagBytes, cancellationToken).ConfigureAwait(false))
                {
                    throw new InvalidAudioException(
                        $"The file is cut off within the ID3 tag before its sound. {Conversion.Salvage}", input.PositionBytes);
                }

                hasTag = true;
            }
            else if (AnswerBytes(input.Buffered.Span) is > 0 and int answerBytes)
            {
                input.Advance(answerBytes);
            }
            else if (input.Buffered.Span.StartsWith("\0\0\0\0"u8) && !ContentSniffer.IsMp4(input.Buffered.Span))
            {
                input.Advance(ZeroBytes(input.Buffered.Span));
            }
            else
            {
                break;
            }
        }

        return hasTag;
    }

    // The length of an MP4's first box begins with zeros of its own.
    private static int ZeroBytes(ReadOnlySpan<byte> start)
    {
        int zeros = start.IndexOfAnyExcept((byte)0);
        if (zeros < 0)
            return start.Length;
        int own = 4;
        while (own > 0 && !ContentSniffer.IsMp4(start[(zeros - own)..]))
            own--;
        return zeros - own;
    }

    private static async ValueTask<bool> FillAsync(BufferedInput input, CancellationToken cancellationToken)
    {
        await input.FillAsync(BufferedInput.CapacityBytes, cancellationToken).ConfigureAwait(false);
        return !input.Buffered.IsEmpty;
    }

    // "ICY 200 OK", headers, an empty line: what a stream was saved with.
    private static int AnswerBytes(ReadOnlySpan<byte> start)
    {
        if (!start.StartsWith("ICY 200 "u8) && !start.StartsWith("HTTP/1."u8))
            return 0;
        int end = start.IndexOf("\r\n\r\n"u8);
        return end < 0 ? 0 : end + 4;
    }
}
