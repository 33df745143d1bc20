using System.Buffers.Binary;
using System.Text;

namespace NrSer.CloudEdge.Tests.Infrastructure;

/// <summary>A Linux library, as far as the loader reads it to find what else it needs; System V ABI, chapters 4 and 5.</summary>
internal static class ElfFile
{
    private const int Load = 1, Dynamic = 2; // types of segments
    private const long Needed = 1, Strings = 5; // tags of the dynamic segment

    /// <summary>Names of the libraries that must be there when it is loaded.</summary>
    /// <param name="path">The library.</param>
    public static IReadOnlyList<string> Needs(string path)
    {
        using FileStream file = File.OpenRead(path);
        byte[] header = Read(file, 0, 64);
        Assert.Equal("\u007fELF\u0002\u0001", Encoding.Latin1.GetString(header, 0, 6)); // 64 bits, little endian
        ushort size = BinaryPrimitives.ReadUInt16LittleEndian(header.AsSpan(54));
        ushort entries = BinaryPrimitives.ReadUInt16LittleEndian(header.AsSpan(56));
        byte[] table = Read(file, Long(header, 32), entries * size);
        Segment[] segments = [.. Enumerable.Range(0, entries).Select(index => Segment.Of(table.AsSpan(index * size, size)))];
        Segment dynamic = segments.Single(segment => segment.Type == Dynamic);
        byte[] tags = Read(file, dynamic.Offset, checked((int)dynamic.Length));
        (long Tag, long Value)[] pairs =
            [.. Enumerable.Range(0, tags.Length / 16).Select(index => (Long(tags, index * 16), Long(tags, (index * 16) + 8)))];
        long strings = pairs.Single(pair => pair.Tag == Strings).Value;
        Segment holder = segments.Single(segment => segment.Type == Load && strings >= segment.Address && strings < segment.Address + segment.Length);
        return [.. pairs.Where(pair => pair.Tag == Needed).Select(pair => Text(file, holder.Offset + strings - holder.Address + pair.Value))];
    }

    private static string Text(FileStream file, long offset)
    {
        byte[] text = Read(file, offset, 256); // more than any name of a library has
        return Encoding.ASCII.GetString(text, 0, Array.IndexOf(text, (byte)0));
    }

    private static long Long(byte[] bytes, int offset) => BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(offset));

    private static byte[] Read(FileStream file, long offset, int length)
    {
        byte[] bytes = new byte[length];
        file.Position = offset;
        file.ReadExactly(bytes);
        return bytes;
    }

    private readonly record struct Segment(int Type, long Offset, long Address, long Length)
    {
        public static Segment Of(ReadOnlySpan<byte> entry) => new(
            BinaryPrimitives.ReadInt32LittleEndian(entry), BinaryPrimitives.ReadInt64LittleEndian(entry[8..]),
            BinaryPrimitives.ReadInt64LittleEndian(entry[16..]), BinaryPrimitives.ReadInt64LittleEndian(entry[32..]));
    }
}
