using System.Buffers.Binary;
using NrSer.Core.Audio.Input;

namespace NrSer.Core.Audio.Wav;

/// <summary>What stands before the samples of a WAVE file.</summary>
/// <param name="Format">The format chunk.</param>
/// <param name="Data">The first data chunk.</param>
internal readonly record struct WavHeader(WavFormat Format, WavData Data)
{
    private const int Ds64Bytes = 16; // EBU Tech 3306: 64-bit sizes of the file and of the data chunk; what follows is not needed

    /// <summary>Reads up to the first sample.</summary>
    /// <param name="input">At the first byte of a RIFF, RIFX, RF64 or BW64 file.</param>
    /// <param name="options">Limits on rate and channels.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    /// <exception cref="InvalidAudioException">This is not a sound WAVE header.</exception>
    public static async ValueTask<WavHeader> ReadAsync(BufferedInput input, AudioOptions options, CancellationToken cancellationToken)
    {
        long fileOffset = input.PositionBytes;
        (uint riffBytes, bool isBigEndian) = await ReadRiffAsync(input, cancellationToken).ConfigureAwait(false);
        long? ds64DataBytes = null;
        WavFormat? format = null;
        while (true)
        {
            long chunkOffset = input.PositionBytes;
            if (!await input.FillAsync(WavChunk.HeaderBytes, cancellationToken).ConfigureAwait(false))
            {
                string missing = format is null ? "format and no data" : "data";
                throw new InvalidAudioException(
                    $"The WAVE file ends within its header: it has no {missing} chunk. {Conversion.Salvage}", chunkOffset + input.Buffered.Length);
            }

            WavChunk chunk = WavChunk.Parse(input.Buffered.Span, isBigEndian);
            input.Advance(WavChunk.HeaderBytes);
            switch (chunk.Id)
            {
                case WavChunk.Format when format is not null:
                    throw new InvalidAudioException($"The WAVE file has two format chunks. {Conversion.Convert}", chunkOffset);
                case WavChunk.Format:
                    int formatBytes = (int)Math.Min(chunk.Bytes, WavFormat.MaxBytes);
                    await FillChunkAsync(input, formatBytes, cancellationToken).ConfigureAwait(false);
                    format = WavFormat.Parse(input.Buffered.Span[..formatBytes], isBigEndian, options, input.PositionBytes);
                    break;
                case WavChunk.Ds64 when chunk.Bytes >= Ds64Bytes:
                    await FillChunkAsync(input, Ds64Bytes, cancellationToken).ConfigureAwait(false);
                    ds64DataBytes = BinaryPrimitives.ReadInt64LittleEndian(input.Buffered.Span[8..]);
                    break;
                case WavChunk.Data:
                    if (format is null)
                    {
                        throw new InvalidAudioException(
                            $"The WAVE file has samples but no format chunk before them. {Conversion.Convert}", chunkOffset);
                    }

                    return new(format.Value, WavData.Find(input, fileOffset, chunk.Bytes, riffBytes, ds64DataBytes, options.CutOff));
            }

            if (!await chunk.SkipBodyAsync(input, cancellationToken).ConfigureAwait(false))
                throw EndsInChunk(input);
        }
    }

    private static async ValueTask<(uint Bytes, bool IsBigEndian)> ReadRiffAsync(BufferedInput input, CancellationToken cancellationToken)
    {
        if (!await input.FillAsync(WavChunk.FileHeaderBytes, cancellationToken).ConfigureAwait(false))
            throw EndsInChunk(input);
        if (!WavChunk.StartsFile(input.Buffered.Span))
            throw new InvalidAudioException("This is not a WAVE file.", input.PositionBytes);

        bool isBigEndian = input.Buffered.Span.StartsWith("RIFX"u8);
        uint bytes = WavChunk.Parse(input.Buffered.Span, isBigEndian).Bytes;
        input.Advance(WavChunk.FileHeaderBytes);
        return (bytes, isBigEndian);
    }

    private static async ValueTask FillChunkAsync(BufferedInput input, int bytes, CancellationToken cancellationToken)
    {
        if (!await input.FillAsync(bytes, cancellationToken).ConfigureAwait(false))
            throw EndsInChunk(input);
    }

    private static InvalidAudioException EndsInChunk(BufferedInput input) =>
        new($"The WAVE file ends within its header. {Conversion.Salvage}", input.PositionBytes + input.Buffered.Length);
}
