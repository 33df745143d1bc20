using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace NrSer.Core.Audio.Wav;

/// <summary>Turns stored WAVE samples into floats with full scale 1. Little-endian machines only, as are all that ONNX Runtime supports.</summary>
internal static class WavSamples
{
    private static readonly float[] ALawTable = CreateTable(DecodeALaw);
    private static readonly float[] MuLawTable = CreateTable(DecodeMuLaw);

    /// <summary>Bytes that one sample takes.</summary>
    public static int BytesPerSample(WavEncoding encoding) => encoding switch
    {
        WavEncoding.Pcm8 or WavEncoding.ALaw or WavEncoding.MuLaw => 1,
        WavEncoding.Pcm16 => 2,
        WavEncoding.Pcm24 => 3,
        WavEncoding.Pcm32 or WavEncoding.Float32 => 4,
        WavEncoding.Float64 => 8,
        _ => throw new ArgumentOutOfRangeException(nameof(encoding)),
    };

    /// <summary>Decodes samples: PCM of b bits is divided by 2^(b−1), floats are kept as they are.</summary>
    /// <param name="encoding">How <paramref name="stored"/> is to be read.</param>
    /// <param name="stored">Whole samples, shape [samples · bytes per sample].</param>
    /// <param name="samples">Receives the samples, shape [samples]; must not overlap.</param>
    public static void Decode(WavEncoding encoding, ReadOnlySpan<byte> stored, Span<float> samples)
    {
        switch (encoding)
        {
            case WavEncoding.Pcm8:
                for (int i = 0; i < samples.Length; i++)
                    samples[i] = (stored[i] - 128) * (1f / 128);
                break;
            case WavEncoding.Pcm16:
                TensorPrimitives.ConvertTruncating(MemoryMarshal.Cast<byte, short>(stored), samples);
                TensorPrimitives.Multiply(samples, 1f / 32768, samples);
                break;
            case WavEncoding.Pcm24:
                for (int i = 0, at = 0; i < samples.Length; i++, at += 3)
                    samples[i] = (stored[at] | (stored[at + 1] << 8) | ((sbyte)stored[at + 2] << 16)) * (1f / (1 << 23));
                break;
            case WavEncoding.Pcm32:
                TensorPrimitives.ConvertTruncating(MemoryMarshal.Cast<byte, int>(stored), samples);
                TensorPrimitives.Multiply(samples, 1f / (1L << 31), samples);
                break;
            case WavEncoding.Float32:
                MemoryMarshal.Cast<byte, float>(stored).CopyTo(samples);
                break;
            case WavEncoding.Float64:
                TensorPrimitives.ConvertTruncating(MemoryMarshal.Cast<byte, double>(stored), samples);
                break;
            case WavEncoding.ALaw:
                Expand(stored, ALawTable, samples);
                break;
            case WavEncoding.MuLaw:
                Expand(stored, MuLawTable, samples);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(encoding));
        }
    }

    /// <summary>Turns samples of the other byte order around, so that <see cref="Decode"/> reads them.</summary>
    /// <param name="stored">Whole samples; must not overlap <paramref name="turned"/>.</param>
    /// <param name="bytesPerSample">1 to 8.</param>
    /// <param name="turned">Receives them, as long as <paramref name="stored"/>.</param>
    public static void Turn(ReadOnlySpan<byte> stored, int bytesPerSample, Span<byte> turned)
    {
        for (int at = 0; at < stored.Length; at += bytesPerSample)
        {
            for (int i = 0; i < bytesPerSample; i++)
                turned[at + i] = stored[at + bytesPerSample - 1 - i];
        }
    }

    /// <summary>True when samples tagged as 32-bit integers are floats, as old openSMILE wrote them; false too with too little to tell.</summary>
    /// <param name="stored">Whole samples.</param>
    /// <remarks>
    /// The exponent of a float is its upper byte. Between 2⁻³¹ and 16 it makes integers of 0.38 to 0.51 times full scale, up, and 0.49 to 0.62
    /// down, with nothing in between: no sound does that.
    /// </remarks>
    public static bool AreFloats(ReadOnlySpan<byte> stored)
    {
        const int Enough = 100; // samples that are not zero: enough to exclude chance, few enough for the first word
        int told = 0;
        foreach (float sample in MemoryMarshal.Cast<byte, float>(stored))
        {
            if (BitConverter.SingleToInt32Bits(sample) == 0)
                continue;
            if (!(Math.Abs(sample) is 0 or (>= 1f / (1u << 31) and <= 16)))
                return false;
            told++;
        }

        return told >= Enough;
    }

    private static void Expand(ReadOnlySpan<byte> codes, ReadOnlySpan<float> table, Span<float> samples)
    {
        for (int i = 0; i < samples.Length; i++)
            samples[i] = table[codes[i]];
    }

    private static float[] CreateTable(Func<int, int> decode)
    {
        float[] table = new float[256];
        for (int code = 0; code < table.Length; code++)
            table[code] = decode(code) / 32768f;
        return table;
    }

    // ITU-T G.711, table 1: even bits inverted, sign, 3 bits segment, 4 bits step; the 13-bit value is moved up to 16 bits.
    private static int DecodeALaw(int code)
    {
        int bits = code ^ 0x55;
        int segment = (bits >> 4) & 7;
        int step = ((bits & 15) << 4) + 8;
        int magnitude = segment == 0 ? step : (step + 256) << (segment - 1);
        return (bits & 0x80) != 0 ? magnitude : -magnitude;
    }

    // ITU-T G.711, table 2: all bits inverted; 33 is the bias of the logarithm, and the 14-bit value is moved up to 16 bits.
    private static int DecodeMuLaw(int code)
    {
        int bits = ~code & 0xFF;
        int magnitude = ((((bits & 15) << 1) + 33) << ((bits >> 4) & 7)) - 33;
        return (bits & 0x80) != 0 ? -magnitude * 4 : magnitude * 4;
    }
}
