using System.Runtime.InteropServices;
using System.Security.Cryptography;
using NrSer.Core.Models.Weights;
using NrSer.Evaluation.Experiments;

namespace NrSer.Evaluation.Fitting;

/// <summary>
/// What was seen of excerpts before, by their content and the enhancer that heard them: a run that was stopped goes on where it was. One record after
/// the other in a file; the last, if a stop cut it off, is written again.
/// </summary>
internal sealed class ObservationCache : IDisposable
{
    private const int KeyBytes = SHA256.HashSizeInBytes;

    private static readonly int s_recordBytes = KeyBytes + (DenseSnrNetwork.Features * sizeof(float)) + (2 * sizeof(double));

    private readonly Dictionary<string, SnrObservation> _known = new(StringComparer.Ordinal);
    private readonly FileStream _file;
    private readonly byte[] _enhancer;
    private readonly Lock _lock = new();

    /// <param name="path">The file; made where there is none.</param>
    /// <param name="enhancer">What decides how the enhancer hears: its hashes and settings.</param>
    /// <exception cref="EvaluationException">Another process is at it.</exception>
    public ObservationCache(string path, string enhancer)
    {
        _enhancer = System.Text.Encoding.UTF8.GetBytes(enhancer);
        try
        {
            _file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException) when (File.Exists(path))
        {
            throw new EvaluationException($"Another run is fitting the same block: it writes to {path}. Wait for it, or give another --name.");
        }

        byte[] record = new byte[s_recordBytes];
        while (_file.ReadAtLeast(record, record.Length, throwOnEndOfStream: false) == record.Length)
        {
            ReadOnlySpan<byte> values = record.AsSpan(KeyBytes);
            ReadOnlySpan<double> ends = MemoryMarshal.Cast<byte, double>(values[^(2 * sizeof(double))..]);
            _known[Convert.ToHexString(record.AsSpan(0, KeyBytes))] =
                new SnrObservation(MemoryMarshal.Cast<byte, float>(values[..^(2 * sizeof(double))]).ToArray(), ends[0], ends[1]);
        }

        _file.SetLength(_file.Length / s_recordBytes * s_recordBytes);
        _file.Seek(0, SeekOrigin.End);
    }

    /// <summary>What was seen of it, now or before.</summary>
    public SnrObservation Get(Excerpt excerpt, Func<Excerpt, SnrObservation> observe)
    {
        byte[] key = KeyOf(excerpt);
        string name = Convert.ToHexString(key);
        lock (_lock)
        {
            if (_known.TryGetValue(name, out SnrObservation? found))
                return found;
        }

        SnrObservation seen = observe(excerpt);
        lock (_lock)
        {
            if (_known.TryAdd(name, seen))
            {
                double[] ends = [seen.KeptDb, seen.BestWeight];
                _file.Write([.. key, .. MemoryMarshal.AsBytes(seen.Similarity.AsSpan()), .. MemoryMarshal.AsBytes(ends.AsSpan())]);
                _file.Flush();
            }
        }

        return seen;
    }

    public void Dispose() => _file.Dispose();

    private byte[] KeyOf(Excerpt excerpt)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(_enhancer);
        hash.AppendData(MemoryMarshal.AsBytes(excerpt.Samples.AsSpan()));
        hash.AppendData(MemoryMarshal.AsBytes((excerpt.Clean ?? []).AsSpan()));
        return hash.GetHashAndReset();
    }
}
