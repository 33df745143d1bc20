using System.Security.Cryptography;

namespace NrSer.Core.Models.Weights;

/// <summary>Writes weights one after the other, as ONNX's external data, and hashes them on the way.</summary>
internal sealed class WeightsFile : IDisposable
{
    private const int Alignment = 4096; // a page, so that ONNX Runtime maps a tensor where it lies

    private readonly FileStream _file;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    public WeightsFile(string path)
    {
        _file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None);
        Name = Path.GetFileName(path);
    }

    /// <summary>The file's name, as the graph beside it knows it.</summary>
    public string Name { get; }

    /// <summary>Appends values as they are.</summary>
    /// <returns>The byte they begin at.</returns>
    public long Append(ReadOnlySpan<byte> values)
    {
        Span<byte> zeros = stackalloc byte[Alignment];
        zeros.Clear();
        Write(zeros[..(int)(-_file.Position & (Alignment - 1))]);
        long begin = _file.Position;
        Write(values);
        return begin;
    }

    /// <summary>Makes sure that all of it is on the disk.</summary>
    /// <returns>Its SHA-256, lower-case hex.</returns>
    public string Finish()
    {
        _file.Flush(flushToDisk: true);
        return Convert.ToHexStringLower(_hash.GetHashAndReset());
    }

    public void Dispose()
    {
        _file.Dispose();
        _hash.Dispose();
    }

    private void Write(ReadOnlySpan<byte> bytes)
    {
        _file.Write(bytes);
        _hash.AppendData(bytes);
    }
}
