using System.Globalization;
using NrSer.Core.Audio.Input;

namespace NrSer.Core.Audio.Ffmpeg;

/// <summary>
/// Reads the links of an Ogg chain one after the other, as web radio is saved: each may have a codec, a rate and channels of its own, and each has a
/// process of its own. The first decides what all become.
/// </summary>
internal sealed class OggChainReader : IAudioReader
{
    private const int MaxLinks = 2000; // a song each for 100 h; more are hostile, since each costs a process

    private readonly BufferedInput _input;
    private readonly RecordingHints _hints;
    private readonly FfmpegProgram _program;
    private readonly AudioOptions _options;
    private readonly List<string> _warnings = [];
    private FfmpegReader _link;
    private double? _missingSeconds;
    private long _samples;
    private int _links = 1;
    private bool _hasEnded;

    private OggChainReader(FfmpegReader link, BufferedInput input, RecordingHints hints, FfmpegProgram program, AudioOptions options)
    {
        _link = link;
        _input = input;
        _hints = hints;
        _program = program;
        _options = options;
        Format = link.Format;
    }

    /// <inheritdoc/>
    public AudioFormat Format { get; }

    /// <inheritdoc/>
    public IReadOnlyList<string> Warnings => _warnings;

    /// <inheritdoc/>
    public double? MissingSeconds => _missingSeconds;

    /// <summary>Opens the first link.</summary>
    /// <inheritdoc cref="FfmpegReader.OpenAsync"/>
    public static async Task<OggChainReader> OpenAsync(
        BufferedInput input, RecordingHints hints, FfmpegProgram program, AudioOptions options, CancellationToken cancellationToken)
    {
        FfmpegReader first = await FfmpegReader.OpenAsync(input, FfmpegFormat.Ogg, hints, output: null, program, options, cancellationToken)
            .ConfigureAwait(false);
        return new(first, input, hints, program, options);
    }

    /// <inheritdoc/>
    public async ValueTask<int> ReadAsync(Memory<float> interleaved, CancellationToken cancellationToken)
    {
        while (!_hasEnded)
        {
            int samples = await _link.ReadAsync(interleaved, cancellationToken).ConfigureAwait(false);
            _samples += samples;
            if (_samples > _options.MaxDuration.TotalSeconds * Format.SampleRateHz * Format.Channels)
                throw new InvalidAudioException(
                    $"The links of the Ogg chain are together longer than the limit of {_options.MaxDuration.TotalHours:0.##} h.");
            if (samples > 0)
                return samples;
            await EndLinkAsync(cancellationToken).ConfigureAwait(false);
        }

        return 0;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _link.DisposeAsync();

    private async Task EndLinkAsync(CancellationToken cancellationToken)
    {
        _warnings.AddRange(_link.Warnings.Except(_warnings));
        if (_link.MissingSeconds is { } missing)
            _missingSeconds = (_missingSeconds ?? 0) + missing;
        await _link.DisposeAsync().ConfigureAwait(false); // which leaves the input at what follows
        _hasEnded = !_link.StoppedAtLink;
        if (_hasEnded)
            return;
        long offset = _input.PositionBytes;
        try
        {
            if (++_links > MaxLinks)
                throw new InvalidAudioException($"The Ogg chain has more than {MaxLinks} links.");
            _link = await FfmpegReader.OpenAsync(_input, FfmpegFormat.Ogg, _hints, Format, _program, _options, cancellationToken)
                .ConfigureAwait(false);
        }
        catch (InvalidAudioException invalid)
        {
            _hasEnded = true;
            throw new InvalidAudioException(
                string.Create(CultureInfo.InvariantCulture,
                    $"{invalid.Reason.TrimEnd('.')}, in link {_links} of the Ogg chain. "
                    + $"What comes before it: head -c {offset} {Conversion.File} > out.ogg"),
                offset, invalid);
        }
    }
}
