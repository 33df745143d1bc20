using System.Buffers;
using System.Buffers.Binary;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using NrSer.Core.Segmentation;
using NrSer.Pipeline.Chunks;

namespace NrSer.Dashboard.Audio;

/// <summary>A PCM16 WAVE file of one channel that nobody wrote: a header, then the chunks' samples as they are asked for.</summary>
/// <param name="chunks">In order of time, without a gap.</param>
/// <param name="open">Opens some of a chunk's samples, float32: the chunk, the first of them, how many.</param>
internal sealed class TrackStream(IReadOnlyList<Chunk> chunks, Func<Chunk, int, int, CancellationToken, Task<Stream>> open) : Stream
{
    private const int HeaderBytes = 44;
    private const int BlockSamples = 8192; // half a second: 32 kB of floats

    private readonly byte[] _header = HeaderOf(chunks);
    private Stream? _source;
    private long _sourceSample; // that the source gives next
    private long _sourceEnd; // that it does not give
    private long _end = SamplesOf(chunks); // nothing from here on is wanted
    private long _position;

    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => false;

    public override long Length { get; } = HeaderBytes + (SamplesOf(chunks) * sizeof(short));

    public override long Position
    {
        get => _position;
        set => _position = value >= 0 && value <= Length ? value : throw new ArgumentOutOfRangeException(nameof(value));
    }

    /// <summary>Opens what will be read first, so that what is gone is said before an answer begins, and nothing beyond what is asked for.</summary>
    /// <param name="from">First byte that will be read; null for the file's last ones.</param>
    /// <param name="to">Last byte, or null for the file's last; where the first is null, how many of them.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    public async Task PrepareAsync(long? from, long? to, CancellationToken cancellationToken)
    {
        long first = Math.Clamp(from ?? Length - (to ?? Length), 0, Length - 1), last = from is null ? Length - 1
            : Math.Clamp(to ?? Length, first, Length - 1);
        _end = Math.Max(1, SampleAt(last) + 1);
        await OpenAsync(SampleAt(first), cancellationToken).ConfigureAwait(false);
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_position >= Length || buffer.IsEmpty)
            return 0;
        if (_position < HeaderBytes)
        {
            int count = (int)Math.Min(buffer.Length, HeaderBytes - _position);
            _header.AsSpan((int)_position, count).CopyTo(buffer.Span);
            _position += count;
            return count;
        }

        long first = SampleAt(_position);
        int skip = (int)((_position - HeaderBytes) % sizeof(short)); // a range may begin in the middle of a sample
        int wanted = Math.Min(BlockSamples, (buffer.Length + skip + 1) / sizeof(short));
        int room = buffer.Length;
        byte[] rented = ArrayPool<byte>.Shared.Rent(BlockSamples * (sizeof(float) + sizeof(short)));
        try
        {
            int samples = await ReadSamplesAsync(first, rented.AsMemory(0, wanted * sizeof(float)), cancellationToken).ConfigureAwait(false);
            Span<byte> stored = rented.AsSpan(BlockSamples * sizeof(float), samples * sizeof(short));
            Convert(MemoryMarshal.Cast<byte, float>(rented.AsSpan(0, samples * sizeof(float))), MemoryMarshal.Cast<byte, short>(stored));
            int bytes = Math.Min(room, stored.Length - skip);
            stored.Slice(skip, bytes).CopyTo(buffer.Span);
            _position += bytes;
            return bytes;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("Asynchronous reading only.");

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override long Seek(long offset, SeekOrigin origin) => Position = origin switch
    {
        SeekOrigin.Begin => offset,
        SeekOrigin.Current => _position + offset,
        _ => Length + offset,
    };

    public override void Flush()
    {
        // Nothing is written.
    }

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _source?.Dispose();
        base.Dispose(disposing);
    }

    private static long SamplesOf(IReadOnlyList<Chunk> chunks) =>
        Math.Min(chunks[^1].StartSample!.Value + chunks[^1].Samples!.Value, (uint.MaxValue - HeaderBytes) / sizeof(short)); // 37 h

    private static byte[] HeaderOf(IReadOnlyList<Chunk> chunks)
    {
        uint data = (uint)(SamplesOf(chunks) * sizeof(short));
        byte[] header = new byte[HeaderBytes];
        "RIFF"u8.CopyTo(header);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(4), HeaderBytes - 8 + data);
        "WAVEfmt "u8.CopyTo(header.AsSpan(8));
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(16), 16);
        BinaryPrimitives.WriteInt16LittleEndian(header.AsSpan(20), 1); // PCM
        BinaryPrimitives.WriteInt16LittleEndian(header.AsSpan(22), 1); // channels
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(24), SegmentGrid.SampleRateHz);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(28), SegmentGrid.SampleRateHz * sizeof(short));
        BinaryPrimitives.WriteInt16LittleEndian(header.AsSpan(32), sizeof(short));
        BinaryPrimitives.WriteInt16LittleEndian(header.AsSpan(34), 16);
        "data"u8.CopyTo(header.AsSpan(36));
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(40), data);
        return header;
    }

    /// <summary>y may leave [−1, 1]: here, where a person listens, it is clipped.</summary>
    private static void Convert(Span<float> samples, Span<short> stored)
    {
        TensorPrimitives.Multiply(samples, 32768f, samples);
        TensorPrimitives.Round(samples, samples);
        TensorPrimitives.ConvertSaturating(samples, stored);
    }

    private async Task<int> ReadSamplesAsync(long first, Memory<byte> floats, CancellationToken cancellationToken)
    {
        if (_source is null || _sourceSample != first || first >= _sourceEnd)
            await OpenAsync(first, cancellationToken).ConfigureAwait(false);
        int left = (int)Math.Min(floats.Length / sizeof(float), _sourceEnd - first);
        await _source!.ReadExactlyAsync(floats[..(left * sizeof(float))], cancellationToken).ConfigureAwait(false);
        _sourceSample += left;
        return left;
    }

    private async Task OpenAsync(long first, CancellationToken cancellationToken)
    {
        await CloseAsync().ConfigureAwait(false);
        int index = IndexOf(first);
        _sourceEnd = first < _end ? Math.Min(EndOf(index), _end) : EndOf(index);
        _source = await open(chunks[index], (int)(first - chunks[index].StartSample!.Value), (int)(_sourceEnd - first), cancellationToken)
            .ConfigureAwait(false);
        _sourceSample = first;
    }

    private async Task CloseAsync()
    {
        if (_source is not null)
            await _source.DisposeAsync().ConfigureAwait(false);
        _source = null;
    }

    private static long SampleAt(long position) => Math.Max(0, position - HeaderBytes) / sizeof(short);

    private long EndOf(int index) => chunks[index].StartSample!.Value + chunks[index].Samples!.Value;

    private int IndexOf(long sample)
    {
        int low = 0, high = chunks.Count - 1;
        while (low < high)
        {
            int middle = (low + high) / 2;
            (low, high) = EndOf(middle) > sample ? (low, middle) : (middle + 1, high);
        }

        return low;
    }
}
