using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace NrSer.Testing;

/// <summary>Checkpoints whose values a formula gives (models/export/seeded.py), in the forms that are published.</summary>
public static class SeededCheckpoint
{
    /// <summary>The first values of a tensor of that name, in [-½, ½).</summary>
    public static float[] Uniform(string name, int count)
    {
        ulong mixed = 0xcbf29ce484222325;
        foreach (byte each in Encoding.UTF8.GetBytes(name))
            mixed = unchecked((mixed ^ each) * 0x100000001b3);
        float[] values = new float[count];
        for (int i = 0; i < count; i++)
        {
            ulong x = unchecked(mixed + (ulong)i + 0x9e3779b97f4a7c15);
            x = unchecked((x ^ (x >> 30)) * 0xbf58476d1ce4e5b9);
            x = unchecked((x ^ (x >> 27)) * 0x94d049bb133111eb);
            x ^= x >> 31;
            values[i] = (x >> 40) / (float)(1 << 24) - 0.5f;
        }

        return values;
    }

    /// <summary>A tensor's values.</summary>
    public static float[] Values(string name, long[] shape, float steeper = 0)
    {
        int count = (int)shape.Aggregate(1L, (a, b) => a * b);
        (float start, float width) = shape.Length >= 2
            ? (0f, (float)Math.Sqrt(12.0 * shape[0] / count))
            : name.EndsWith("weight", StringComparison.Ordinal) && !name.EndsWith("layer_weights", StringComparison.Ordinal)
                ? (0.75f + steeper, 0.4f)
                : name.EndsWith("running_var", StringComparison.Ordinal) ? (1f, 1f) : (0f, 0.4f);
        return [.. Uniform(name, count).Select(u => start + width * u)];
    }

    /// <summary>A safetensors file.</summary>
    /// <param name="shapes">Of its tensors, by name.</param>
    /// <param name="halves">Whether values have 16 bits.</param>
    public static byte[] Safetensors(IEnumerable<KeyValuePair<string, long[]>> shapes, bool halves = false)
    {
        var header = new Dictionary<string, object>();
        using var values = new MemoryStream();
        foreach ((string name, long[] shape) in shapes)
        {
            long begin = values.Position;
            float[] singles = Values(name, shape);
            values.Write(
                halves ? MemoryMarshal.AsBytes<Half>(Array.ConvertAll(singles, single => (Half)single)) : MemoryMarshal.AsBytes<float>(singles));
            header[name] = new { dtype = halves ? "F16" : "F32", shape, data_offsets = new[] { begin, values.Position } };
        }

        return Safetensors(JsonSerializer.SerializeToUtf8Bytes(header), values.ToArray());
    }

    /// <summary>The same of a header as it stands.</summary>
    public static byte[] Safetensors(byte[] header, byte[] values) => [.. BitConverter.GetBytes((long)header.Length), .. header, .. values];

    /// <summary>A PyTorch file as torch.save makes it of a state dict.</summary>
    public static byte[] PyTorch(IEnumerable<KeyValuePair<string, long[]>> shapes, float steeper = 0)
    {
        (byte[] pickle, IReadOnlyList<byte[]> storages) = Pickled(shapes, steeper);
        return PyTorch(pickle, storages);
    }

    /// <summary>What is in such a file: the pickle, and the storages that it names by number.</summary>
    public static (byte[] Pickle, IReadOnlyList<byte[]> Storages) Pickled(IEnumerable<KeyValuePair<string, long[]>> shapes, float steeper = 0)
    {
        var pickle = new PickleWriter();
        pickle.BeginDictionary();
        var storages = new List<byte[]>();
        foreach ((string name, long[] shape) in shapes)
        {
            float[] values = Values(name, shape, steeper);
            pickle.Text(name).Tensor("FloatStorage", storages.Count.ToString(), values.Length, 0, shape, Strides(shape));
            storages.Add(MemoryMarshal.AsBytes(values.AsSpan()).ToArray());
        }

        pickle.EndDictionary();
        return (pickle.ToArray(), storages);
    }

    /// <summary>The same of a pickle as it stands.</summary>
    public static byte[] PyTorch(byte[] pickle, IReadOnlyList<byte[]> storages, CompressionLevel packing = CompressionLevel.NoCompression)
    {
        using var file = new MemoryStream();
        using (var archive = new ZipArchive(file, ZipArchiveMode.Create, leaveOpen: true))
        {
            Add("archive/data.pkl", pickle);
            for (int i = 0; i < storages.Count; i++)
                Add($"archive/data/{i}", storages[i]);
            Add("archive/version", "3\n"u8.ToArray());

            void Add(string name, byte[] content)
            {
                using Stream entry = archive.CreateEntry(name, packing).Open();
                entry.Write(content);
            }
        }

        return file.ToArray();
    }

    private static long[] Strides(long[] shape)
    {
        long[] strides = new long[shape.Length];
        long next = 1;
        for (int i = shape.Length - 1; i >= 0; i--)
            (strides[i], next) = (next, next * shape[i]);
        return strides;
    }
}
