using CommunityToolkit.HighPerformance.Buffers;

namespace NrSer.Core.Segmentation;

/// <summary>Gathers one channel of decoded audio and cuts it into chunks at quiet places. Holds one chunk, whatever the recording's length.</summary>
/// <remarks>
/// Append into <see cref="Room"/> until <see cref="IsFull"/> or the audio ends, <see cref="Peek"/> the next chunk, use it, <see cref="Drop"/> it.
/// A cut depends on the audio before it alone, so every run over the same recording cuts alike.
/// </remarks>
public sealed class ChunkCutter : IDisposable
{
    private const double EarliestCut = 0.7; // of the longest chunk: 90 s of a 5 min chunk to find a pause in

    private readonly MemoryOwner<float> _buffer;
    private int _filled;

    /// <param name="options">The longest chunk.</param>
    public ChunkCutter(SegmentationOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        int steps = (int)(options.MaxChunk.TotalSeconds * SegmentGrid.SampleRateHz / SegmentGrid.StepSamples);
        _buffer = ChunkMemory.Rent(steps * SegmentGrid.StepSamples);
    }

    /// <summary>Where the next samples go; empty when the cutter is full.</summary>
    public Memory<float> Room => _buffer.Memory[_filled..];

    /// <summary>Whether a chunk has to be taken before more audio fits.</summary>
    public bool IsFull => _filled == _buffer.Length;

    /// <summary>Samples held.</summary>
    public int Filled => _filled;

    /// <summary>Says how much of <see cref="Room"/> was written.</summary>
    /// <param name="samples">0 to the room's length.</param>
    public void Append(int samples)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(samples);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(samples, _buffer.Length - _filled);
        _filled += samples;
    }

    /// <summary>The next chunk: up to the quietest possible cut when full, all there is at the end.</summary>
    /// <returns>Valid until <see cref="Drop"/>; a multiple of 0.25 s long unless it is the last.</returns>
    public ReadOnlyMemory<float> Peek() => _buffer.Memory[..(IsFull ? QuietestCut() : _filled)];

    /// <summary>Lets go of the chunk's samples and keeps those behind it.</summary>
    /// <param name="samples">The chunk's length.</param>
    public void Drop(int samples)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(samples, _filled);
        _buffer.Span[samples.._filled].CopyTo(_buffer.Span);
        _filled -= samples;
    }

    /// <inheritdoc/>
    public void Dispose() => _buffer.Dispose();

    private int QuietestCut()
    {
        // What stays behind must make a segment of its own, should the recording end here.
        int last = (_buffer.Length / SegmentGrid.StepSamples) - SegmentGrid.MinSteps;
        int best = last;
        double quietest = double.PositiveInfinity;
        for (int cut = (int)(EarliestCut * _buffer.Length / SegmentGrid.StepSamples); cut <= last; cut++)
        {
            double loudness = Segmenter.LoudnessAround(_buffer.Span, cut * SegmentGrid.StepSamples);
            if (loudness < quietest)
                (quietest, best) = (loudness, cut);
        }

        return best * SegmentGrid.StepSamples;
    }
}
