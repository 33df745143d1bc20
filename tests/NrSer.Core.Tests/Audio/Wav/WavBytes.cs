using System.Buffers.Binary;

namespace NrSer.Core.Tests.Audio.Wav;

/// <summary>Builds WAVE files byte by byte, right or wrong.</summary>
internal static class WavBytes
{
    public const int Pcm = 1;
    public const int IeeeFloat = 3;
    public const int ALaw = 6;
    public const int MuLaw = 7;

    public static byte[] Riff(params byte[][] chunks) => File("RIFF", (uint)(4 + chunks.Sum(chunk => chunk.Length)), chunks);

    public static byte[] File(string id, uint size, params byte[][] chunks) =>
        [.. Letters(id), .. UInt32(size), .. Letters("WAVE"), .. chunks.SelectMany(chunk => chunk)];

    public static byte[] Chunk(string id, params byte[] body) =>
        [.. Letters(id), .. UInt32((uint)body.Length), .. body, .. new byte[body.Length % 2]];

    public static byte[] ChunkOfSize(string id, uint size, params byte[] body) => [.. Letters(id), .. UInt32(size), .. body];

    public static byte[] Format(int tag, int channels, int sampleRateHz, int bits, uint? bytesPerSecond = null, int? frameBytes = null) =>
        Chunk("fmt ", FormatBody(tag, channels, sampleRateHz, bits, bytesPerSecond, frameBytes));

    public static byte[] ExtensibleFormat(int subformat, int channels, int sampleRateHz, int bits, int validBits) => Chunk(
        "fmt ",
        [
            .. FormatBody(0xFFFE, channels, sampleRateHz, bits, null, null), .. UInt16(22), .. UInt16(validBits), .. UInt32(0), .. UInt16(subformat),
            0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71,
        ]);

    public static byte[] Ds64(ulong riffBytes, ulong dataBytes) =>
        Chunk("ds64", [.. UInt64(riffBytes), .. UInt64(dataBytes), .. UInt64(0), .. UInt32(0)]);

    public static byte[] Pcm16(params short[] samples) => [.. samples.SelectMany(sample => UInt16((ushort)sample))];

    public static byte[] Float32(params float[] samples) => [.. samples.SelectMany(sample => UInt32(BitConverter.SingleToUInt32Bits(sample)))];

    /// <summary>A big-endian file with the samples of a little-endian one.</summary>
    public static byte[] Rifx(int channels, int sampleRateHz, int bits, byte[] stored)
    {
        int sampleBytes = bits / 8;
        byte[] turned = [.. stored.Chunk(sampleBytes).SelectMany(sample => sample.Reverse())];
        return
        [
            .. Letters("RIFX"), .. BigEndian((uint)(36 + stored.Length), 4), .. Letters("WAVE"), .. Letters("fmt "), .. BigEndian(16, 4),
            .. BigEndian(Pcm, 2), .. BigEndian((uint)channels, 2), .. BigEndian((uint)sampleRateHz, 4),
            .. BigEndian((uint)(sampleRateHz * channels * sampleBytes), 4), .. BigEndian((uint)(channels * sampleBytes), 2),
            .. BigEndian((uint)bits, 2), .. Letters("data"), .. BigEndian((uint)stored.Length, 4), .. turned,
        ];
    }

    /// <summary>A sound mono 16 kHz 16-bit file.</summary>
    public static byte[] Speech(params short[] samples) => Riff(Format(Pcm, 1, 16_000, 16), Chunk("data", Pcm16(samples)));

    public static byte[] UInt16(int value)
    {
        byte[] bytes = new byte[2];
        BinaryPrimitives.WriteUInt16LittleEndian(bytes, (ushort)value);
        return bytes;
    }

    public static byte[] UInt32(uint value)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        return bytes;
    }

    public static byte[] UInt64(ulong value)
    {
        byte[] bytes = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        return bytes;
    }

    private static IEnumerable<byte> BigEndian(uint value, int bytes) => UInt32(value).Take(bytes).Reverse();

    private static byte[] Letters(string text) => [.. text.Select(letter => (byte)letter)];

    private static byte[] FormatBody(int tag, int channels, int sampleRateHz, int bits, uint? bytesPerSecond, int? frameBytes)
    {
        int frame = frameBytes ?? channels * bits / 8;
        return
        [
            .. UInt16(tag), .. UInt16(channels), .. UInt32((uint)sampleRateHz), .. UInt32(bytesPerSecond ?? (uint)(sampleRateHz * frame)),
            .. UInt16(frame), .. UInt16(bits),
        ];
    }
}
