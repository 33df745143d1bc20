using System.Numerics.Tensors;
using NrSer.Core.Audio.Input;

namespace NrSer.Core.Audio.Wav;

/// <summary>
/// Reads WAVE (RIFF, RF64, BW64) from a stream, forward only: PCM of 8, 16, 24 or 32 bits, float of 32 or 64 bits, A-law and µ-law.
/// Trusts nothing in the header: contradictions, missing bytes and impossible samples end in an <see cref="InvalidAudioException"/>.
/// </summary>
public sealed class WavReader : IAudioReader
{
    // Full scale is 1; some programs store unscaled integers, up to 2^31. Beyond that energies leave the range of a float.
    private const float Loudest = 1e10f;

    private readonly BufferedInput _input;
    private readonly WavHeader _header;
    private readonly int _frameBytes;
    private readonly long _maxFrames;
    private readonly TimeSpan _maxDuration;
    private long _framesRead;

    private WavReader(BufferedInput input, WavHeader header, AudioOptions options)
    {
        _input = input;
        _header = header;
        _frameBytes = header.Format.FrameBytes;
        _maxDuration = options.MaxDuration;
        _maxFrames = (long)Math.Floor(options.MaxDuration.TotalSeconds * header.Format.SampleRateHz);
        Format = new(header.Format.SampleRateHz, header.Format.Channels, $"wav {EncodingName(header.Format.Encoding)}");
    }

    /// <inheritdoc/>
    public AudioFormat Format { get; }

    /// <summary>Reads the header.</summary>
    /// <param name="content">At the first byte of the recording. If it can seek, a cut-off file is noticed at once. Stays open.</param>
    /// <param name="options">Limits.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    /// <exception cref="InvalidAudioException">This is not a sound WAVE header, or there is nothing behind it.</exception>
    public static Task<WavReader> OpenAsync(Stream content, AudioOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(content);
        ArgumentNullException.ThrowIfNull(options);
        return OpenAsync(new BufferedInput(content), options, cancellationToken);
    }

    internal static async Task<WavReader> OpenAsync(BufferedInput input, AudioOptions options, CancellationToken cancellationToken)
    {
        WavHeader header = await WavHeader.ReadAsync(input, options, cancellationToken).ConfigureAwait(false);
        WavReader reader = new(input, header, options);
        if (header.DataBytes / reader._frameBytes > reader._maxFrames)
            throw reader.TooLong();
        return reader;
    }

    /// <inheritdoc/>
    public async ValueTask<int> ReadAsync(Memory<float> interleaved, CancellationToken cancellationToken)
    {
        int channels = Format.Channels;
        ArgumentOutOfRangeException.ThrowIfLessThan(interleaved.Length, channels, nameof(interleaved));

        long remainingBytes = _header.DataBytes - (_framesRead * _frameBytes) ?? long.MaxValue;
        if (remainingBytes == 0)
            return 0;
        if (remainingBytes < _frameBytes)
            throw new InvalidAudioException($"The last frame has {remainingBytes} of {_frameBytes} bytes.", _input.PositionBytes);
        if (!await _input.FillAsync(_frameBytes, cancellationToken).ConfigureAwait(false))
        {
            if (_header.DataBytes is null && _input.Buffered.IsEmpty)
                return 0;
            throw EndsEarly(remainingBytes);
        }

        if (_framesRead == _maxFrames)
            throw TooLong();

        long frames = Math.Min(interleaved.Length / channels, _input.Buffered.Length / _frameBytes);
        frames = Math.Min(frames, Math.Min(remainingBytes / _frameBytes, _maxFrames - _framesRead));
        int samples = DecodeFrames((int)frames, interleaved.Span);
        _framesRead += samples / channels;
        return samples;
    }

    /// <summary>Nothing to free: the stream belongs to the caller.</summary>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    // Returns fewer when a sample is not a number: the frames before it are sound, and the next call starts with it.
    private int DecodeFrames(int frames, Span<float> interleaved)
    {
        Span<float> samples = interleaved[..(frames * Format.Channels)];
        WavSamples.Decode(_header.Format.Encoding, _input.Buffered.Span[..(frames * _frameBytes)], samples);
        if (!(TensorPrimitives.MaxMagnitude<float>(samples) <= Loudest)) // NaN is not smaller either
        {
            frames = IndexOfUnsound(samples) / Format.Channels;
            if (frames == 0)
            {
                double seconds = (double)_framesRead / Format.SampleRateHz;
                throw new InvalidAudioException($"The sample at {seconds:0.######} s is not a finite number, or far beyond any sound.",
                    _input.PositionBytes);
            }
        }

        _input.Advance(frames * _frameBytes);
        return frames * Format.Channels;
    }

    private static int IndexOfUnsound(ReadOnlySpan<float> samples)
    {
        int index = 0;
        while (Math.Abs(samples[index]) <= Loudest)
            index++;
        return index;
    }

    private InvalidAudioException EndsEarly(long remainingBytes)
    {
        int partBytes = _input.Buffered.Length;
        string reason = _header.DataBytes is { } dataBytes
            ? $"The recording is cut off: {remainingBytes - partBytes} of {dataBytes} bytes are missing."
            : $"The recording is cut off: its last frame has {partBytes} of {_frameBytes} bytes.";
        return new(reason, _input.PositionBytes + partBytes);
    }

    private InvalidAudioException TooLong() =>
        new($"The recording is longer than the limit of {_maxDuration.TotalHours:0.###} h.", _input.PositionBytes);

    private static string EncodingName(WavEncoding encoding) => encoding switch
    {
        WavEncoding.Pcm8 => "pcm8",
        WavEncoding.Pcm16 => "pcm16",
        WavEncoding.Pcm24 => "pcm24",
        WavEncoding.Pcm32 => "pcm32",
        WavEncoding.Float32 => "float32",
        WavEncoding.Float64 => "float64",
        WavEncoding.ALaw => "alaw",
        WavEncoding.MuLaw => "mulaw",
        _ => throw new ArgumentOutOfRangeException(nameof(encoding)),
    };
}
