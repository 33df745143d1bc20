using System.Buffers.Binary;
using NrSer.Core.Audio.Input;

namespace NrSer.Core.Audio.Wav;

/// <summary>What stands before the samples of a WAVE file.</summary>
/// <param name="Format">The format chunk.</param>
/// <param name="DataBytes">Length of the samples, or null when they last until the end of the stream.</param>
internal readonly record struct WavHeader(WavFormat Format, long? DataBytes)
{
    private const int ChunkHeaderBytes = 8;
    private const int Ds64Bytes = 16; // EBU Tech 3306: 64-bit sizes of the file and of the data chunk; what follows is not needed
    private const uint Unknown = 0xFFFFFFFF; // written to pipes, and in RF64 where ds64 has the size

    /// <summary>Reads up to the first sample.</summary>
    /// <param name="input">At the first byte of a RIFF, RF64 or BW64 file.</param>
    /// <param name="options">Limits on rate and channels.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    /// <exception cref="InvalidAudioException">This is not a sound WAVE header.</exception>
    public static async ValueTask<WavHeader> ReadAsync(BufferedInput input, AudioOptions options, CancellationToken cancellationToken)
    {
        uint riffBytes = await ReadRiffAsync(input, cancellationToken).ConfigureAwait(false);
        long? ds64DataBytes = null;
        WavFormat? format = null;
        while (true)
        {
            long chunkOffset = input.PositionBytes;
            if (!await input.FillAsync(ChunkHeaderBytes, cancellationToken).ConfigureAwait(false))
            {
                string missing = format is null ? "format and no data" : "data";
                throw new InvalidAudioException(
                    $"The WAVE file ends within its header: it has no {missing} chunk.", chunkOffset + input.Buffered.Length);
            }

            (uint id, uint size) = ReadChunkHeader(input.Buffered.Span);
            input.Advance(ChunkHeaderBytes);
            switch (id)
            {
                case ChunkId.Format when format is not null:
                    throw new InvalidAudioException("The WAVE file has two format chunks.", chunkOffset);
                case ChunkId.Format:
                    await FillChunkAsync(input, (int)Math.Min(size, WavFormat.MaxBytes), cancellationToken).ConfigureAwait(false);
                    format = WavFormat.Parse(input.Buffered.Span[..(int)Math.Min(size, WavFormat.MaxBytes)], options, input.PositionBytes);
                    break;
                case ChunkId.Ds64 when size >= Ds64Bytes:
                    await FillChunkAsync(input, Ds64Bytes, cancellationToken).ConfigureAwait(false);
                    ds64DataBytes = BinaryPrimitives.ReadInt64LittleEndian(input.Buffered.Span[8..]);
                    break;
                case ChunkId.Data:
                    if (format is null)
                        throw new InvalidAudioException("The WAVE file has samples but no format chunk before them.", chunkOffset);
                    return new(format.Value,
                        await FindDataBytesAsync(input, size, riffBytes, ds64DataBytes, cancellationToken).ConfigureAwait(false));
            }

            long skippedBytes = size + (size & 1L); // chunks are padded to even lengths
            if (!await input.SkipAsync(skippedBytes, cancellationToken).ConfigureAwait(false))
                throw EndsInChunk(input);
        }
    }

    private static async ValueTask<uint> ReadRiffAsync(BufferedInput input, CancellationToken cancellationToken)
    {
        if (!await input.FillAsync(12, cancellationToken).ConfigureAwait(false))
            throw new InvalidAudioException("The WAVE file ends within its header.", input.Buffered.Length);

        (uint id, uint size) = ReadChunkHeader(input.Buffered.Span);
        uint form = BinaryPrimitives.ReadUInt32LittleEndian(input.Buffered.Span[8..]);
        if (id is not (ChunkId.Riff or ChunkId.Rf64 or ChunkId.Bw64) || form != ChunkId.Wave)
            throw new InvalidAudioException("This is not a WAVE file.", 0);
        input.Advance(12);
        return size;
    }

    private static async ValueTask<long?> FindDataBytesAsync(
        BufferedInput input, uint size, uint riffBytes, long? ds64DataBytes, CancellationToken cancellationToken)
    {
        long offset = input.PositionBytes;
        long? dataBytes = size == Unknown && ds64DataBytes > 0 ? ds64DataBytes : size;

        // A recorder that could not go back leaves 0 or all ones. A RIFF that reaches further than an empty data chunk is complete, though: then
        // other chunks follow, not samples.
        if (size == 0)
            dataBytes = riffBytes is 0 or Unknown || riffBytes + 8L <= offset ? null : 0;
        else if (dataBytes == Unknown)
            dataBytes = null;

        bool hasBytes = await input.FillAsync(1, cancellationToken).ConfigureAwait(false);
        if (dataBytes == 0 || (dataBytes is null && !hasBytes))
            throw new InvalidAudioException("The recording contains no audio.", offset);
        if (dataBytes > input.LengthBytes - offset)
        {
            throw new InvalidAudioException(
                $"The recording is cut off: {dataBytes - (input.LengthBytes - offset)} of {dataBytes} bytes are missing.", input.LengthBytes);
        }

        return dataBytes;
    }

    private static async ValueTask FillChunkAsync(BufferedInput input, int bytes, CancellationToken cancellationToken)
    {
        if (!await input.FillAsync(bytes, cancellationToken).ConfigureAwait(false))
            throw EndsInChunk(input);
    }

    private static InvalidAudioException EndsInChunk(BufferedInput input) =>
        new("The WAVE file ends within a header chunk.", input.PositionBytes + input.Buffered.Length);

    private static (uint Id, uint Size) ReadChunkHeader(ReadOnlySpan<byte> header) =>
        (BinaryPrimitives.ReadUInt32LittleEndian(header), BinaryPrimitives.ReadUInt32LittleEndian(header[4..]));

    // Four letters, read as a little-endian number.
    private static class ChunkId
    {
        public const uint Riff = 0x46464952;
        public const uint Rf64 = 0x34364652;
        public const uint Bw64 = 0x34365742;
        public const uint Wave = 0x45564157;
        public const uint Ds64 = 0x34367364;
        public const uint Format = 0x20746D66;
        public const uint Data = 0x61746164;
    }
}
