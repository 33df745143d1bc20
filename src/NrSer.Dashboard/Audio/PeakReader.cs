using System.Collections.Concurrent;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Caching.Memory;
using NrSer.Core.Segmentation;
using NrSer.Dashboard.Recordings;
using NrSer.Pipeline;
using NrSer.Pipeline.Chunks;
using NrSer.Pipeline.Results;

namespace NrSer.Dashboard.Audio;

/// <summary>Puts the peaks of chunks together to those of a recording, or a stretch of it.</summary>
/// <param name="reader">The chunks.</param>
/// <param name="blobs">Their peaks.</param>
/// <param name="cache">Keeps those of whole recordings.</param>
internal sealed class PeakReader(RecordingReader reader, ChunkBlobs blobs, IMemoryCache cache)
{
    /// <summary>Most pairs of an answer: 10 h at 10 a second.</summary>
    public const int MostPairs = 400_000;

    private const int AtOnce = 8;
    private const int BytesOfUnit = 400; // the cache counts segments
    private const byte None = 0x80; // −128, which no peak is

    private static readonly TimeSpan s_kept = TimeSpan.FromMinutes(5);

    /// <summary>Version 2 of audiowaveform's binary data, 8 bits.</summary>
    /// <param name="recording">The recording.</param>
    /// <param name="version">Which audio.</param>
    /// <param name="channel">Which channel.</param>
    /// <param name="perSecond">1, 10 or 100.</param>
    /// <param name="from">Where it begins, s.</param>
    /// <param name="to">Where it ends, s.</param>
    /// <param name="cancellationToken">Stops between requests.</param>
    /// <exception cref="RefusedException">There are none.</exception>
    public async Task<byte[]> ReadAsync(
        Recording recording, AudioVersion version, int channel, int perSecond, double from, double to, CancellationToken cancellationToken)
    {
        int first = (int)Math.Floor(from * perSecond), pairs = Math.Max(0, (int)Math.Ceiling(to * perSecond) - first);
        if (pairs > MostPairs)
            throw new BadQueryException(nameof(to), $"is too far away: an answer has at most {MostPairs} pairs. Ask for fewer a second, or less.");
        object key = (recording.Id, recording.Version, version, channel, perSecond, first, pairs);
        if (cache.TryGetValue(key, out byte[]? kept))
            return kept!;
        IReadOnlyList<Chunk> chunks = await reader.ChunksAsync(recording, channel, cancellationToken).ConfigureAwait(false);
        Chunk[] wanted = [.. chunks.Where(chunk => StartOf(chunk) < to && StartOf(chunk)
            + (chunk.Samples!.Value / (double)SegmentGrid.SampleRateHz) > from)];
        byte[] file = new byte[ChunkPeaks.HeaderBytes + (2 * pairs)];
        Array.Fill(file, None);
        ChunkPeaks.WriteHeader(file, perSecond, pairs);
        int missing = 0;
        var found = new ConcurrentDictionary<Chunk, byte[]>();
        await Parallel.ForEachAsync(
            wanted, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken }, async (chunk, token) =>
            {
                if (await blobs.FindPeaksAsync(chunk.Id, version, token).ConfigureAwait(false) is { } peaks)
                    found[chunk] = peaks;
                else
                    Interlocked.Increment(ref missing);
            }).ConfigureAwait(false);
        if (found.IsEmpty && wanted.Length > 0)
            throw new RefusedException(StatusCodes.Status404NotFound, "It has no peaks: they are made with the audio, since version 0.2.");
        foreach ((Chunk chunk, byte[] peaks) in found) // chunks meet in a pair at most, and order does not matter to the lowest and the highest
            Merge(chunk, peaks, perSecond, first, file.AsSpan(ChunkPeaks.HeaderBytes));
        file.AsSpan(ChunkPeaks.HeaderBytes).Replace(None, (byte)0);
        if (!recording.Status.IsOpen() && missing == 0 && perSecond < ChunkPeaks.PerSecond)
            cache.Set(key, file, new MemoryCacheEntryOptions { Size = 1 + (file.Length / BytesOfUnit), SlidingExpiration = s_kept });
        return file;
    }

    private static double StartOf(Chunk chunk) => chunk.StartSample!.Value / (double)SegmentGrid.SampleRateHz;

    private static void Merge(Chunk chunk, ReadOnlySpan<byte> peaks, int perSecond, int first, Span<byte> pairs)
    {
        const int SamplesPerPair = SegmentGrid.SampleRateHz / ChunkPeaks.PerSecond;
        for (int pair = 0; ChunkPeaks.HeaderBytes + (2 * pair) + 1 < peaks.Length; pair++)
        {
            long start = chunk.StartSample!.Value + ((long)pair * SamplesPerPair), end = start + SamplesPerPair - 1;
            sbyte low = (sbyte)peaks[ChunkPeaks.HeaderBytes + (2 * pair)], high = (sbyte)peaks[ChunkPeaks.HeaderBytes + (2 * pair) + 1];
            for (long at = start * perSecond / SegmentGrid.SampleRateHz; at <= end * perSecond / SegmentGrid.SampleRateHz; at++)
            {
                int into = (int)(at - first) * 2;
                if (into < 0 || into + 1 >= pairs.Length)
                    continue;
                bool isFirst = pairs[into] == None;
                pairs[into] = isFirst ? (byte)low : (byte)Math.Min((sbyte)pairs[into], low);
                pairs[into + 1] = isFirst ? (byte)high : (byte)Math.Max((sbyte)pairs[into + 1], high);
            }
        }
    }
}
