using System.Buffers.Binary;
using System.Numerics.Tensors;
using NrSer.Core.Segmentation;

namespace NrSer.Pipeline.Chunks;

/// <summary>A chunk's outline for the eye: the lowest and the highest sample of every hundredth of a second.</summary>
/// <remarks>
/// The form is version 2 of audiowaveform's binary data, with 8 bits: version, flags, sample rate, samples per pair, pairs, channels, 4 bytes each
/// and little-endian; then the pairs.
/// </remarks>
public static class ChunkPeaks
{
    /// <summary>Pairs in a second.</summary>
    public const int PerSecond = 100;

    /// <summary>Length of what stands before the pairs.</summary>
    public const int HeaderBytes = 24;

    private const int Version = 2;
    private const int EightBits = 1;
    private const int SamplesPerPair = SegmentGrid.SampleRateHz / PerSecond;

    /// <summary>The file of a chunk.</summary>
    /// <param name="samples">x or y, full scale 1; what lies beyond is shown as full scale.</param>
    public static byte[] Of(ReadOnlySpan<float> samples)
    {
        int pairs = (samples.Length + SamplesPerPair - 1) / SamplesPerPair;
        byte[] file = new byte[HeaderBytes + (2 * pairs)];
        WriteHeader(file, PerSecond, pairs);
        for (int pair = 0; pair < pairs; pair++)
        {
            ReadOnlySpan<float> part = samples.Slice(pair * SamplesPerPair, Math.Min(SamplesPerPair, samples.Length - (pair * SamplesPerPair)));
            file[HeaderBytes + (2 * pair)] = Scaled(TensorPrimitives.Min(part));
            file[HeaderBytes + (2 * pair) + 1] = Scaled(TensorPrimitives.Max(part));
        }

        return file;
    }

    /// <summary>Writes what stands before the pairs.</summary>
    /// <param name="file">Receives it at its start.</param>
    /// <param name="perSecond">Pairs in a second.</param>
    /// <param name="pairs">How many follow.</param>
    public static void WriteHeader(Span<byte> file, int perSecond, int pairs)
    {
        ReadOnlySpan<int> header = [Version, EightBits, SegmentGrid.SampleRateHz, SegmentGrid.SampleRateHz / perSecond, pairs, 1];
        for (int field = 0; field < header.Length; field++)
            BinaryPrimitives.WriteInt32LittleEndian(file[(field * sizeof(int))..], header[field]);
    }

    private static byte Scaled(float sample) => (byte)(sbyte)Math.Clamp(MathF.Round(sample * 127), -127, 127);
}
