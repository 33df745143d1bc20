using NrSer.Core.Audio.Channels;
using NrSer.Core.Audio.Ffmpeg;
using NrSer.Core.Audio.Input;
using NrSer.Core.Audio.Levels;
using NrSer.Core.Audio.Resampling;

namespace NrSer.Core.Audio;

/// <summary>A recording as the models want it: 16 kHz, one channel or several separate ones. Memory does not depend on its length.</summary>
public sealed class SpeechReader : IAsyncDisposable
{
    /// <summary>Rate of the output, and the only one that the method knows: here alone it is a number.</summary>
    public const int SampleRateHz = 16_000;

    /// <summary>Most channels analysed separately: each costs as much as a recording.</summary>
    public const int MaxSeparateChannels = 8;

    private const int BlockFrames = 4096; // about 0.1 to 0.5 s; large enough to make calls cheap, small enough for the cache

    private readonly IAudioReader _reader;
    private readonly string? _name;
    private readonly Resampler[] _resamplers;
    private readonly ClippingMeter _clipping;
    private readonly BandwidthMeter[] _bandwidths;
    private readonly ChannelMixer? _mixer;
    private readonly float[] _interleaved;
    private readonly float[] _planar;
    private readonly float[] _mixed;
    private readonly float[][] _resampled;
    private int _resampledStart;
    private int _resampledEnd;
    private bool _hasEnded;

    private SpeechReader(IAudioReader reader, ChannelMode mode, string? name)
    {
        _reader = reader;
        _name = name;
        Channels = mode == ChannelMode.Mix ? 1 : Source.Channels;
        if (Channels > MaxSeparateChannels)
        {
            throw new InvalidAudioException(
                $"The recording has {Channels} channels; up to {MaxSeparateChannels} can be analysed separately. Mix them instead.");
        }

        _mixer = Channels < Source.Channels ? new(Source.Channels, Source.SampleRateHz) : null;
        _clipping = new(Source.Channels);
        _bandwidths = [.. Enumerable.Range(0, Channels).Select(_ => new BandwidthMeter())];
        _interleaved = new float[BlockFrames * Source.Channels];
        _planar = new float[_interleaved.Length];
        _mixed = new float[_mixer is null ? 0 : BlockFrames];
        _resamplers = Resampler.CreateMany(Channels, Source.SampleRateHz, SampleRateHz);
        _resampled = new float[Channels][];
        for (int channel = 0; channel < Channels; channel++)
            _resampled[channel] = new float[_resamplers[channel].MaxOutputSamples(BlockFrames)];
    }

    /// <summary>Opens a recording of any supported kind.</summary>
    /// <param name="decoder">Finds out what it is.</param>
    /// <param name="content">At the first byte; read until this object is disposed, and left open.</param>
    /// <param name="hints">What the caller knows or wants of the recording besides.</param>
    /// <param name="mode">What becomes of the channels.</param>
    /// <param name="cancellationToken">Stops the opening.</param>
    /// <exception cref="InvalidAudioException">
    /// The content is empty, no recording, damaged, beyond the limits, or has more than <see cref="MaxSeparateChannels"/> channels to be kept
    /// separate.
    /// </exception>
    /// <exception cref="FfmpegMissingException">The recording needs ffmpeg, which is not there.</exception>
    public static async Task<SpeechReader> OpenAsync(
        AudioDecoder decoder, Stream content, RecordingHints hints, ChannelMode mode, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(decoder);
        ArgumentNullException.ThrowIfNull(hints);
        try
        {
            IAudioReader reader = await decoder.OpenAsync(content, hints, cancellationToken).ConfigureAwait(false);
            return await OfAsync(reader, mode, hints.Name).ConfigureAwait(false);
        }
        catch (InvalidAudioException invalid) when (hints.Name is { } name)
        {
            throw invalid.Of(name);
        }
    }

    /// <summary>Takes a reader over, and disposes it if it cannot be used.</summary>
    /// <param name="reader">Not yet read from.</param>
    /// <param name="mode">What becomes of the channels.</param>
    /// <param name="name">What the recording is called, or null.</param>
    internal static async Task<SpeechReader> OfAsync(IAudioReader reader, ChannelMode mode, string? name = null)
    {
        try
        {
            return new SpeechReader(reader, mode, name);
        }
        catch
        {
            await reader.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Channels of the output: 1 when mixed, else those of the recording.</summary>
    public int Channels { get; }

    /// <summary>What the recording is made of; how its samples are stored may show only where the first is not silent.</summary>
    public AudioFormat Source => _reader.Format;

    /// <summary>What of the channels is heard in a mix of several; null of one channel, and when they are kept separate.</summary>
    public string? ChannelsHeard => _mixer?.Heard;

    /// <summary>Levels of what was read so far: of the recording once it was read to its end.</summary>
    public SoundLevels Levels => new(
        _clipping.Peak > 0 ? 20 * Math.Log10(_clipping.Peak) : null, _clipping.ClippedShare, _bandwidths.Max(bandwidth => bandwidth.Find()));

    /// <summary>What its owner should know although it can be used, a sentence each; all of it once the end was read.</summary>
    public IReadOnlyList<string> Warnings => [.. _reader.Warnings, .. _mixer?.Warnings ?? []];

    /// <inheritdoc cref="IAudioReader.MissingSeconds"/>
    public double? MissingSeconds => _reader.MissingSeconds;

    /// <summary>Reads on.</summary>
    /// <param name="planar">
    /// Receives the channels one after the other, shape [<see cref="Channels"/>, room]: channel c starts at c · room, room being the length
    /// divided by the channels. At least one sample of room.
    /// </param>
    /// <param name="cancellationToken">Stops the reading.</param>
    /// <returns>Samples written for each channel, 1 to room; 0 at the end only.</returns>
    /// <exception cref="InvalidAudioException">The recording is damaged here; what was read before is sound.</exception>
    public async ValueTask<int> ReadAsync(Memory<float> planar, CancellationToken cancellationToken)
    {
        int room = planar.Length / Channels;
        ArgumentOutOfRangeException.ThrowIfZero(room, nameof(planar));
        while (_resampledStart == _resampledEnd)
        {
            if (_hasEnded)
                return 0;
            int frames = await ReadBlockAsync(cancellationToken).ConfigureAwait(false);
            _hasEnded = frames == 0;
            _resampledStart = 0;
            _resampledEnd = Resample(frames);
        }

        int count = Math.Min(room, _resampledEnd - _resampledStart);
        for (int channel = 0; channel < Channels; channel++)
            _resampled[channel].AsSpan(_resampledStart, count).CopyTo(planar.Span[(channel * room)..]);
        _resampledStart += count;
        return count;
    }

    /// <summary>Disposes the reader.</summary>
    public ValueTask DisposeAsync() => _reader.DisposeAsync();

    // Always a whole block, but for the last: what is decided by the block must not depend on how the content arrived.
    private async ValueTask<int> ReadBlockAsync(CancellationToken cancellationToken)
    {
        int samples = 0;
        int read;
        do
        {
            try
            {
                read = await _reader.ReadAsync(_interleaved.AsMemory(samples), cancellationToken).ConfigureAwait(false);
            }
            catch (InvalidAudioException invalid) when (_name is not null)
            {
                throw invalid.Of(_name);
            }

            samples += read;
        }
        while (read > 0 && samples < _interleaved.Length);
        return samples / Source.Channels;
    }

    // Zero frames mean the end: the filters give what they still hold.
    private int Resample(int frames)
    {
        for (int channel = 0; channel < Source.Channels; channel++)
        {
            Span<float> samples = _planar.AsSpan(channel * BlockFrames, frames);
            Deinterleave.Pick(_interleaved.AsSpan(0, frames * Source.Channels), Source.Channels, channel, samples);
            _clipping.Append(channel, samples);
        }

        if (_mixer is not null && frames > 0)
            _mixer.Mix(_planar, BlockFrames, _mixed.AsSpan(0, frames));
        float[] input = _mixer is null ? _planar : _mixed;
        int count = 0;
        for (int channel = 0; channel < Channels; channel++)
        {
            count = frames == 0
                ? _resamplers[channel].Flush(_resampled[channel])
                : _resamplers[channel].Process(input.AsSpan(channel * BlockFrames, frames), _resampled[channel]);
            _bandwidths[channel].Append(_resampled[channel].AsSpan(0, count));
        }

        return count;
    }
}

/// <summary>What becomes of the channels of a recording.</summary>
public enum ChannelMode
{
    /// <summary>One channel: the mean of all.</summary>
    Mix,

    /// <summary>Every channel for itself, as when each speaker has a microphone.</summary>
    Separate,
}
