using System.Buffers;
using CommunityToolkit.HighPerformance.Buffers;

namespace NrSer.Core.Segmentation;

/// <summary>Memory for whole chunks, up to 20 MB apiece.</summary>
/// <remarks>
/// The shared pool keeps an array for each thread that returned one. Chunks wander between threads, so that a long recording would
/// come to hold several of them, unused; this pool is one for all threads.
/// </remarks>
public static class ChunkMemory
{
    private const int LongestSamples = 1 << 23; // the power of two above the longest chunk, 5 min
    private const int Kept = 8; // more than one process has in work

    private static readonly ArrayPool<float> s_pool = ArrayPool<float>.Create(LongestSamples, Kept);

    /// <summary>Memory for one chunk, of undefined content; the caller disposes it.</summary>
    /// <param name="samples">Its length.</param>
    public static MemoryOwner<float> Rent(int samples) => MemoryOwner<float>.Allocate(samples, s_pool);
}
