using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace NrSer.Core.Audio.Wav;

/// <summary>
/// Writes a WAVE file. The header holds the length: either it is given beforehand, or the stream can seek and the header is corrected at the end.
/// Not disposable: nothing is held back, and without <see cref="CompleteAsync"/> the file stays marked as unfinished.
/// </summary>
public sealed class WavWriter
{
    private const int BlockSamples = 4096;

    private readonly Stream _destination;
    private readonly WavSampleFormat _format;
    private readonly int _sampleRateHz;
    private readonly int _channels;
    private readonly long? _frames;
    private readonly long _startPosition;
    private readonly byte[] _block;
    private long _dataBytes;
    private bool _hasHeader;

    /// <summary>Prepares a file; nothing is written yet.</summary>
    /// <param name="destination">Written from its current position on. Stays open.</param>
    /// <param name="format">How samples are stored.</param>
    /// <param name="sampleRateHz">Frames per second, above 0.</param>
    /// <param name="channels">Samples per frame, 1 to 1024.</param>
    /// <param name="frames">How many frames will come, or null to find out; then the destination must be able to seek.</param>
    /// <exception cref="ArgumentException">The length is unknown and the destination cannot seek, or the file would exceed 4 GiB.</exception>
    public WavWriter(Stream destination, WavSampleFormat format, int sampleRateHz, int channels, long? frames = null)
    {
        ArgumentNullException.ThrowIfNull(destination);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(sampleRateHz);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(channels);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(channels, 1024);
        _destination = destination;
        _format = format;
        _sampleRateHz = sampleRateHz;
        _channels = channels;
        _frames = frames;
        _block = new byte[BlockSamples * BytesPerSample];
        if (frames is { } count)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(count, nameof(frames));
            ArgumentOutOfRangeException.ThrowIfGreaterThan(count, MaxDataBytes / FrameBytes, nameof(frames));
        }
        else
        {
            if (!destination.CanSeek)
                throw new ArgumentException("Without seeking, the number of frames must be known beforehand.", nameof(frames));
            _startPosition = destination.Position;
        }
    }

    private int BytesPerSample => _format switch
    {
        WavSampleFormat.IeeeFloat => 4,
        WavSampleFormat.Pcm16 => 2,
        WavSampleFormat.Pcm24 => 3,
        _ => throw new InvalidOperationException("Unknown sample format."),
    };

    private int FrameBytes => _channels * BytesPerSample;

    // A header for floats has, beyond that of PCM, an empty extension (2) and the number of frames in a chunk of its own (12).
    private int HeaderBytes => _format == WavSampleFormat.IeeeFloat ? 58 : 44;

    // The RIFF size field counts everything behind itself, a pad byte included.
    private long MaxDataBytes => uint.MaxValue - HeaderBytes;

    /// <summary>Appends frames.</summary>
    /// <param name="interleaved">Whole frames, full scale 1. Not kept.</param>
    /// <param name="cancellationToken">Stops the writing; the file is then useless.</param>
    /// <exception cref="ArgumentException">The last frame is not whole.</exception>
    /// <exception cref="InvalidOperationException">There are more frames than announced, or more than 4 GiB.</exception>
    public async ValueTask WriteAsync(ReadOnlyMemory<float> interleaved, CancellationToken cancellationToken)
    {
        if (interleaved.Length % _channels != 0)
            throw new ArgumentException($"{interleaved.Length} samples are no whole number of frames of {_channels}.", nameof(interleaved));
        long dataBytes = _dataBytes + ((long)interleaved.Length * BytesPerSample);
        if (dataBytes > (_frames * FrameBytes ?? MaxDataBytes))
            throw new InvalidOperationException("There are more frames than the file can hold or was announced to have.");

        await WriteHeaderOnceAsync(cancellationToken).ConfigureAwait(false);
        _dataBytes = dataBytes;
        for (ReadOnlyMemory<float> rest = interleaved; !rest.IsEmpty; rest = rest[Math.Min(rest.Length, BlockSamples)..])
        {
            int bytes = Encode(rest.Span[..Math.Min(rest.Length, BlockSamples)], _block);
            await _destination.WriteAsync(_block.AsMemory(0, bytes), cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Finishes the file: pads it and, if the length was not known, corrects the header. The stream is left at the end of the
    /// file.</summary>
    /// <param name="cancellationToken">Stops the writing; the file is then useless.</param>
    /// <exception cref="InvalidOperationException">There are fewer frames than announced.</exception>
    public async ValueTask CompleteAsync(CancellationToken cancellationToken)
    {
        if (_frames * FrameBytes > _dataBytes)
            throw new InvalidOperationException($"{_frames} frames were announced and {_dataBytes / FrameBytes} written.");

        await WriteHeaderOnceAsync(cancellationToken).ConfigureAwait(false);
        if (_dataBytes % 2 != 0)
            await _destination.WriteAsync(new byte[1], cancellationToken).ConfigureAwait(false);
        if (_frames is null)
        {
            long endPosition = _destination.Position;
            _destination.Position = _startPosition;
            await _destination.WriteAsync(CreateHeader(_dataBytes), cancellationToken).ConfigureAwait(false);
            _destination.Position = endPosition;
        }

        await _destination.FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask WriteHeaderOnceAsync(CancellationToken cancellationToken)
    {
        if (_hasHeader)
            return;
        await _destination.WriteAsync(CreateHeader((_frames ?? 0) * FrameBytes), cancellationToken).ConfigureAwait(false);
        _hasHeader = true;
    }

    private byte[] CreateHeader(long dataBytes)
    {
        byte[] header = new byte[HeaderBytes];
        int formatBytes = _format == WavSampleFormat.IeeeFloat ? 18 : 16;
        long riffBytes = HeaderBytes - 8 + dataBytes + (dataBytes % 2);
        "RIFF"u8.CopyTo(header);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(4), (uint)riffBytes);
        "WAVEfmt "u8.CopyTo(header.AsSpan(8));
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(16), formatBytes);
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(20),
            _format == WavSampleFormat.IeeeFloat ? (ushort)WavTag.IeeeFloat : (ushort)WavTag.Pcm);
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(22), (ushort)_channels);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(24), _sampleRateHz);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(28), (uint)(_sampleRateHz * (long)FrameBytes));
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(32), (ushort)FrameBytes);
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(34), (ushort)(8 * BytesPerSample));
        Span<byte> behindFormat = header.AsSpan(20 + formatBytes);
        if (_format == WavSampleFormat.IeeeFloat)
        {
            "fact"u8.CopyTo(behindFormat);
            BinaryPrimitives.WriteInt32LittleEndian(behindFormat[4..], 4);
            BinaryPrimitives.WriteUInt32LittleEndian(behindFormat[8..], (uint)(dataBytes / FrameBytes));
            behindFormat = behindFormat[12..];
        }

        "data"u8.CopyTo(behindFormat);
        BinaryPrimitives.WriteUInt32LittleEndian(behindFormat[4..], (uint)dataBytes);
        return header;
    }

    // Little-endian machines only, like the reader.
    private int Encode(ReadOnlySpan<float> samples, Span<byte> stored)
    {
        switch (_format)
        {
            case WavSampleFormat.IeeeFloat:
                samples.CopyTo(MemoryMarshal.Cast<byte, float>(stored));
                break;
            case WavSampleFormat.Pcm16:
                Span<short> shorts = MemoryMarshal.Cast<byte, short>(stored);
                for (int i = 0; i < samples.Length; i++)
                    shorts[i] = (short)Math.Clamp(MathF.Round(samples[i] * 32768f), short.MinValue, short.MaxValue);
                break;
            default:
                for (int i = 0, at = 0; i < samples.Length; i++, at += 3)
                {
                    int value = (int)Math.Clamp(MathF.Round(samples[i] * (1 << 23)), -(1 << 23), (1 << 23) - 1);
                    stored[at] = (byte)value;
                    stored[at + 1] = (byte)(value >> 8);
                    stored[at + 2] = (byte)(value >> 16);
                }

                break;
        }

        return samples.Length * BytesPerSample;
    }
}

/// <summary>How <see cref="WavWriter"/> stores a sample.</summary>
public enum WavSampleFormat
{
    /// <summary>32-bit float: exact, and full scale may be exceeded.</summary>
    IeeeFloat,

    /// <summary>16-bit integer: rounded and clipped.</summary>
    Pcm16,

    /// <summary>24-bit integer: rounded and clipped.</summary>
    Pcm24,
}
