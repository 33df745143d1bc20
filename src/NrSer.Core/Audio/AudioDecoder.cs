using NrSer.Core.Audio.Ffmpeg;
using NrSer.Core.Audio.Input;
using NrSer.Core.Audio.Wav;

namespace NrSer.Core.Audio;

/// <summary>Opens recordings of any supported kind: WAVE itself, everything else through an ffmpeg process. Thread-safe.</summary>
/// <param name="options">Limits, and where ffmpeg is.</param>
public sealed class AudioDecoder(AudioOptions options)
{
    /// <summary>What recordings in a folder are told by; what is opened here is asked for its content, not its name.</summary>
    public static IReadOnlyList<string> FileExtensions { get; } =
        [".wav", ".flac", ".mp3", ".m4a", ".mp4", ".aac", ".ogg", ".oga", ".opus", ".webm", ".mka", ".wma", ".amr", ".aif", ".aiff"];

    /// <summary>Finds out what the recording is and reads its header.</summary>
    /// <param name="content">
    /// At the first byte of the recording; needs no seeking. Read until the reader is disposed, and left open: dispose the reader first.
    /// </param>
    /// <param name="cancellationToken">Stops the opening.</param>
    /// <exception cref="InvalidAudioException">The content is empty, no recording, damaged, or beyond the limits.</exception>
    /// <exception cref="FfmpegMissingException">The recording needs ffmpeg, which is not there.</exception>
    public async Task<IAudioReader> OpenAsync(Stream content, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(content);
        BufferedInput input = new(content);
        await input.FillAsync(BufferedInput.CapacityBytes, cancellationToken).ConfigureAwait(false);
        ReadOnlyMemory<byte> start = input.Buffered;
        if (ContentSniffer.IsWave(start.Span))
            return await WavReader.OpenAsync(input, options, cancellationToken).ConfigureAwait(false);
        if (ContentSniffer.FindFfmpegFormat(start.Span) is { } format)
            return await FfmpegReader.OpenAsync(input, format, options, cancellationToken).ConfigureAwait(false);
        throw new InvalidAudioException(UnreadableContent.Describe(start.Span), 0);
    }
}
