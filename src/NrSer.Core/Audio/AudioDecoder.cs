using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using NrSer.Core.Audio.Ffmpeg;
using NrSer.Core.Audio.Input;
using NrSer.Core.Audio.Wav;

namespace NrSer.Core.Audio;

/// <summary>Opens recordings of any supported kind: WAVE itself, everything else through an ffmpeg process. Thread-safe.</summary>
/// <param name="options">Limits, and where ffmpeg is.</param>
/// <param name="logger">Told once what ffmpeg runs in, or null.</param>
public sealed class AudioDecoder(AudioOptions options, ILogger<AudioDecoder>? logger = null)
{
    private readonly FfmpegProgram _ffmpeg = new(options, logger ?? NullLogger<AudioDecoder>.Instance);

    /// <summary>What recordings are called; what is opened here is asked for its content, not its name.</summary>
    public static IReadOnlyList<string> FileExtensions { get; } = [.. FfmpegFormat.All.SelectMany(format => format.Extensions.Split(' ')).Distinct()];

    /// <summary>What is read, by whom, and since which version: the table of the README.</summary>
    public static IReadOnlyList<ReadableFormat> Formats { get; } =
    [
        .. WavFormat.Forms.Select(form => new ReadableFormat($"WAV: {form.Name}", FfmpegFormat.Wave.Extensions, form.Since, "NrSer")),
        .. FfmpegFormat.All.Select(format => new ReadableFormat(format.Name, format.Extensions, format.Since, $"ffmpeg, demuxer `{format.Demuxer}`")),
    ];

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
        (bool isWave, FfmpegFormat? format) = await FindAsync(input, hints, cancellationToken).ConfigureAwait(false);
        if (isWave)
            return await WavReader.OpenAsync(input, options, cancellationToken).ConfigureAwait(false);
        if (format is null)
            throw new InvalidAudioException(UnreadableContent.Describe(input), 0);
        return format == FfmpegFormat.Ogg
            ? await OggChainReader.OpenAsync(input, hints, _ffmpeg, options, cancellationToken).ConfigureAwait(false)
            : await FfmpegReader.OpenAsync(input, format, hints, output: null, _ffmpeg, options, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Looks whether something is a recording of a kind that can be opened; it may still be damaged.</summary>
    /// <param name="content">At the first byte; some of it is read.</param>
    /// <param name="hints">What the caller knows besides.</param>
    /// <param name="cancellationToken">Stops the looking.</param>
    /// <returns>Null when it is one, else what it is instead, a sentence.</returns>
    public static async Task<string?> FindObstacleAsync(Stream content, RecordingHints hints, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(hints);
        BufferedInput input = new(content);
        try
        {
            (bool isWave, FfmpegFormat? format) = await FindAsync(input, hints, cancellationToken).ConfigureAwait(false);
            return isWave || format is not null ? null : UnreadableContent.Describe(input);
        }
        catch (InvalidAudioException cutOff)
        {
            return cutOff.Reason;
        }
    }

    private static async ValueTask<(bool IsWave, FfmpegFormat? Format)> FindAsync(
        BufferedInput input, RecordingHints hints, CancellationToken cancellationToken)
    {
        bool hasTag = await Preamble.SkipAsync(input, cancellationToken).ConfigureAwait(false);
        if (ContentSniffer.IsWave(input.Buffered.Span))
            return (true, null);
        return (false, ContentSniffer.FindFfmpegFormat(input.Buffered.Span) ?? FindFrames(input, hasTag) ?? FindByName(input, hints.Name));
    }

    // Raw codecs have no mark: the name says what they are, unless the content says what it is instead.
    private static FfmpegFormat? FindByName(BufferedInput input, string? name) =>
        input.Buffered.IsEmpty || UnreadableContent.FindKind(input) is not null
            ? null
            : FfmpegFormat.Unmarked.FirstOrDefault(format =>
                format.Extensions.Split(' ').Contains(Path.GetExtension(name), StringComparer.OrdinalIgnoreCase));

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

/// <summary>A kind of recording that can be read.</summary>
/// <param name="Name">For people.</param>
/// <param name="Extensions">What such files are called, with their dots and spaces between; the content decides all the same.</param>
/// <param name="Since">The version that read it first.</param>
/// <param name="ReadBy">NrSer itself, or ffmpeg and how.</param>
public sealed record ReadableFormat(string Name, string Extensions, string Since, string ReadBy);
