using NrSer.Core.Audio.Ffmpeg;
using NrSer.Core.Audio.Input;
using NrSer.Core.Audio.Wav;

namespace NrSer.Core.Audio;

/// <summary>Opens recordings of any supported kind: WAVE itself, everything else through an ffmpeg process. Thread-safe.</summary>
/// <param name="options">Limits, and where ffmpeg is.</param>
public sealed class AudioDecoder(AudioOptions options)
{
    /// <summary>What recordings in a folder are told by; what is opened here is asked for its content, not its name.</summary>
    public static IReadOnlyList<string> FileExtensions { get; } = [.. FfmpegFormat.All.SelectMany(format => format.Extensions.Split(' ')).Distinct()];

    /// <summary>Finds out what the recording is and reads its header.</summary>
    /// <param name="content">
    /// At the first byte of the recording; needs no seeking. Read until the reader is disposed, and left open: dispose the reader first.
    /// </param>
    /// <param name="hints">What the caller knows or wants besides.</param>
    /// <param name="cancellationToken">Stops the opening.</param>
    /// <exception cref="InvalidAudioException">The content is empty, no recording, damaged, or beyond the limits.</exception>
    /// <exception cref="FfmpegMissingException">The recording needs ffmpeg, which is not there.</exception>
    public async Task<IAudioReader> OpenAsync(Stream content, RecordingHints hints, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(content);
        ArgumentNullException.ThrowIfNull(hints);
        BufferedInput input = new(content);
        bool hasTag = await Preamble.SkipAsync(input, cancellationToken).ConfigureAwait(false);
        if (ContentSniffer.IsWave(input.Buffered.Span))
            return await WavReader.OpenAsync(input, options, cancellationToken).ConfigureAwait(false);
        FfmpegFormat format = ContentSniffer.FindFfmpegFormat(input.Buffered.Span) ?? FindFrames(input, hasTag)
            ?? throw new InvalidAudioException(UnreadableContent.Describe(input), 0);
        return await FfmpegReader.OpenAsync(input, format, hints, options, cancellationToken).ConfigureAwait(false);
    }

    // What is something else is not searched, since it could hold frames and not be them.
    private static FfmpegFormat? FindFrames(BufferedInput input, bool hasTag)
    {
        FfmpegFormat? taggedFormat = hasTag ? FfmpegFormat.Mp3 : null; // whose frames may start further behind
        if (input.Buffered.IsEmpty)
            return taggedFormat;
        if (UnreadableContent.FindKind(input) is not null)
            return null;
        if (MpegFrames.Find(input.Buffered.Span) is not { } frames)
            return taggedFormat;
        input.Advance(frames.Offset);
        return frames.Format;
    }
}
