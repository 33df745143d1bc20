using System.Globalization;
using System.Numerics.Tensors;
using CommunityToolkit.HighPerformance.Buffers;
using NrSer.Core.Audio.Input;

namespace NrSer.Core.Audio.Wav;

/// <summary>
/// Reads WAVE (RIFF, RIFX, RF64, BW64) from a stream, forward only: PCM of up to 32 bits, float of 32 or 64 bits, A-law and µ-law. Follows what
/// the writer meant where that is plain: lengths that were never filled in, several data chunks, samples behind the stated end, files joined.
/// Trusts nothing otherwise: contradictions, missing bytes and impossible samples end in an <see cref="InvalidAudioException"/>.
/// </summary>
public sealed class WavReader : IAudioReader
{
    // Full scale is 1; some programs store unscaled integers, up to 2^31. Beyond that energies leave the range of a float.
    private const float Loudest = 1e10f;

    private readonly BufferedInput _input;
    private readonly AudioOptions _options;
    private readonly WavFormat _format;
    private readonly int _frameBytes;
    private readonly long _maxFrames;
    private readonly List<string> _warnings = [];
    private WavEncoding _encoding;
    private bool _mayBeFloats;
    private WavData _data;
    private long _remainingBytes;
    private long _framesRead;
    private int _files = 1;

    private WavReader(BufferedInput input, WavHeader header, AudioOptions options)
    {
        _input = input;
        _options = options;
        _format = header.Format;
        _encoding = _format.Encoding;
        _mayBeFloats = _encoding == WavEncoding.Pcm32;
        _frameBytes = _format.FrameBytes;
        _maxFrames = (long)Math.Floor(options.MaxDuration.TotalSeconds * _format.SampleRateHz);
        Format = new(_format.SampleRateHz, _format.Channels, $"wav {WavFormat.NameOf(_encoding)}");
        Begin(header.Data);
    }

    /// <inheritdoc/>
    public AudioFormat Format { get; private set; }

    /// <inheritdoc/>
    public IReadOnlyList<string> Warnings => _warnings;

    /// <inheritdoc/>
    public double? MissingSeconds { get; private set; }

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
        long offset = input.PositionBytes;
        if (!await reader.HasFrameAsync(cancellationToken).ConfigureAwait(false))
            throw new InvalidAudioException("The recording contains no audio.", offset);
        if (reader is { _data.MayEndEarly: false } && reader._data.Bytes / reader._frameBytes > reader._maxFrames)
            throw reader.TooLong();
        await reader.CountSilentAsync(cancellationToken).ConfigureAwait(false);
        return reader;
    }

    /// <inheritdoc/>
    public async ValueTask<int> ReadAsync(Memory<float> interleaved, CancellationToken cancellationToken)
    {
        int channels = _format.Channels;
        ArgumentOutOfRangeException.ThrowIfLessThan(interleaved.Length, channels, nameof(interleaved));
        if (!await HasFrameAsync(cancellationToken).ConfigureAwait(false))
            return 0;
        if (_framesRead == _maxFrames)
            throw TooLong();

        int? silent = await CountSilentAsync(cancellationToken).ConfigureAwait(false);
        long frames = Math.Min(interleaved.Length / channels, silent ?? (_input.Buffered.Length / _frameBytes));
        frames = Math.Min(frames, Math.Min(_remainingBytes / _frameBytes, _maxFrames - _framesRead));
        int samples = DecodeFrames((int)frames, interleaved.Span);
        _framesRead += samples / channels;
        return samples;
    }

    /// <summary>Nothing to free: the stream belongs to the caller.</summary>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private void Begin(WavData data)
    {
        _data = data;
        _remainingBytes = data.Bytes;
    }

    // True with a frame in the buffer. A part of a frame at the end is left out: nobody misses it.
    private async ValueTask<bool> HasFrameAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            if (_remainingBytes < _frameBytes)
            {
                if (!await FindMoreAsync(cancellationToken).ConfigureAwait(false))
                    return false;
            }
            else if (await _input.FillAsync(_frameBytes, cancellationToken).ConfigureAwait(false))
            {
                return true;
            }
            else if (_data.MayEndAt(_input.PositionBytes + _input.Buffered.Length))
            {
                return false;
            }
            else
            {
                EndEarly();
                return false;
            }
        }
    }

    // Behind the stated end may stand other chunks and tags, which are no sound; but also the rest of the samples, because a recorder was
    // switched off before it wrote the true length or because the length exceeds 4 GiB; and a second file.
    private async ValueTask<bool> FindMoreAsync(CancellationToken cancellationToken)
    {
        bool isEmpty = _data.Bytes == 0;
        if (!await _input.FillAsync((int)_remainingBytes, cancellationToken).ConfigureAwait(false))
        {
            if (!_data.MayEndAt(_input.PositionBytes + _input.Buffered.Length))
                EndEarly();
            return false;
        }

        _input.Advance((int)_remainingBytes);
        _remainingBytes = 0;
        await WavChunk.SkipPadAsync(_input, _data.Bytes, cancellationToken).ConfigureAwait(false);
        while (await _input.FillAsync(WavChunk.HeaderBytes, cancellationToken).ConfigureAwait(false))
        {
            await _input.FillAsync(WavChunk.FileHeaderBytes, cancellationToken).ConfigureAwait(false);
            if (WavChunk.StartsFile(_input.Buffered.Span))
            {
                await BeginNextFileAsync(cancellationToken).ConfigureAwait(false);
                return true;
            }

            if (IsTag(_input.Buffered.Span))
                return false;
            WavChunk chunk = WavChunk.Parse(_input.Buffered.Span, _format.IsBigEndian);
            if (chunk.Id == WavChunk.Data)
            {
                _input.Advance(WavChunk.HeaderBytes);
                Begin(WavData.Find(_input, _data.FileOffset, chunk.Bytes, riffBytes: 0, ds64DataBytes: null, _options.CutOff));
                return true;
            }

            if (!await IsChunkAsync(chunk, cancellationToken).ConfigureAwait(false))
            {
                bool isSound = isEmpty || !await IsZeroToTheEndAsync(cancellationToken).ConfigureAwait(false);
                if (isSound && !isEmpty)
                    WarnOfMore();
                Begin(WavData.AllThatFollows(_data.FileOffset));
                return isSound;
            }

            _input.Advance(WavChunk.HeaderBytes);
            if (!await chunk.SkipBodyAsync(_input, cancellationToken).ConfigureAwait(false))
                return false;
        }

        // Too short for a chunk: samples only if there is nothing else.
        if (!isEmpty || _input.Buffered.Length < _frameBytes)
            return false;
        Begin(WavData.AllThatFollows(_data.FileOffset));
        return true;
    }

    private async ValueTask BeginNextFileAsync(CancellationToken cancellationToken)
    {
        long offset = _input.PositionBytes;
        WavHeader header = await WavHeader.ReadAsync(_input, _options, cancellationToken).ConfigureAwait(false);
        if (header.Format != _format)
            throw new InvalidAudioException("A second WAVE file follows in another format; cut them apart there.", offset);
        if (_files++ == 1)
            _warnings.Add("Several WAVE files stand in one, which are read as one recording.");
        Begin(header.Data);
    }

    private void WarnOfMore()
    {
        string seconds = string.Create(CultureInfo.InvariantCulture, $"{(double)_framesRead / Format.SampleRateHz:0.##}");
        _warnings.Add($"The header promises {seconds} s of sound; more follows and is read too: its writer was cut off, or it passed 4 GiB.");
    }

    // Samples can look like a name by chance: an unknown one must fit into what follows.
    private async ValueTask<bool> IsChunkAsync(WavChunk chunk, CancellationToken cancellationToken)
    {
        if (WavChunk.HasKnownName(_input.Buffered.Span))
            return true;
        if (!WavChunk.HasName(_input.Buffered.Span))
            return false;
        if (_input.LengthBytes is { } lengthBytes)
            return WavChunk.HeaderBytes + chunk.Bytes <= lengthBytes - _input.PositionBytes;
        int visibleBytes = (int)Math.Min(WavChunk.HeaderBytes + (long)chunk.Bytes, BufferedInput.CapacityBytes);
        return await _input.FillAsync(visibleBytes, cancellationToken).ConfigureAwait(false);
    }

    // Files are padded to whole blocks by some recorders.
    private async ValueTask<bool> IsZeroToTheEndAsync(CancellationToken cancellationToken) =>
        !await _input.FillAsync(BufferedInput.CapacityBytes, cancellationToken).ConfigureAwait(false)
        && _input.Buffered.Span.IndexOfAnyExcept((byte)0) < 0;

    private static bool IsTag(ReadOnlySpan<byte> bytes) =>
        bytes.StartsWith("TAG"u8) || bytes.StartsWith("ID3"u8) || bytes.StartsWith("APETAGEX"u8) || bytes.StartsWith("LYRICSBEGIN"u8);

    // Silence is the same as floats and as integers: the first samples that are none decide. Null once they have.
    private async ValueTask<int?> CountSilentAsync(CancellationToken cancellationToken)
    {
        if (!_mayBeFloats)
            return null;
        await _input.FillAsync(BufferedInput.CapacityBytes, cancellationToken).ConfigureAwait(false);
        int bytes = (int)Math.Min(_input.Buffered.Length, _remainingBytes) / _frameBytes * _frameBytes;
        int sounding = _input.Buffered.Span[..bytes].IndexOfAnyExcept((byte)0);
        int silent = (sounding < 0 ? bytes : sounding) / _frameBytes;
        if (silent > 0)
            return silent;
        _mayBeFloats = false;
        using SpanOwner<byte> turned = SpanOwner<byte>.Allocate(_format.IsBigEndian ? bytes : 0);
        if (_format.IsBigEndian)
            WavSamples.Turn(_input.Buffered.Span[..bytes], sizeof(float), turned.Span);
        if (WavSamples.AreFloats(_format.IsBigEndian ? turned.Span : _input.Buffered.Span[..bytes]))
        {
            _encoding = WavEncoding.Float32;
            Format = Format with { Encoding = $"wav {WavFormat.NameOf(_encoding)}" };
        }

        return null;
    }

    // Returns fewer when a sample is not a number: the frames before it are sound, and the next call starts with it.
    private int DecodeFrames(int frames, Span<float> interleaved)
    {
        Span<float> samples = interleaved[..(frames * Format.Channels)];
        ReadOnlySpan<byte> stored = _input.Buffered.Span[..(frames * _frameBytes)];
        using SpanOwner<byte> turned = SpanOwner<byte>.Allocate(_format.IsBigEndian ? stored.Length : 0);
        if (_format.IsBigEndian)
        {
            WavSamples.Turn(stored, _frameBytes / Format.Channels, turned.Span);
            stored = turned.Span;
        }

        WavSamples.Decode(_encoding, stored, samples);
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
        _remainingBytes -= frames * _frameBytes;
        return frames * Format.Channels;
    }

    private static int IndexOfUnsound(ReadOnlySpan<float> samples)
    {
        int index = 0;
        while (Math.Abs(samples[index]) <= Loudest)
            index++;
        return index;
    }

    private void EndEarly()
    {
        int partBytes = _input.Buffered.Length;
        string missing = $"{_remainingBytes - partBytes} of {_data.Bytes} bytes are missing.";
        if (_options.CutOff != CutOffTreatment.Take)
            throw new InvalidAudioException($"The recording is cut off: {missing} {Conversion.Salvage}", _input.PositionBytes + partBytes);
        _warnings.Add($"The recording is cut off: {missing}");
        MissingSeconds = (_remainingBytes - partBytes) / _frameBytes / (double)Format.SampleRateHz;
        _input.Advance(partBytes);
        Begin(new(0, MayEndEarly: true, _data.FileOffset));
    }

    private InvalidAudioException TooLong() =>
        new($"The recording is longer than the limit of {_options.MaxDuration.TotalHours:0.###} h.", _input.PositionBytes);
}
