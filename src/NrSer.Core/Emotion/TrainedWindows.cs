using System.Numerics.Tensors;
using CommunityToolkit.HighPerformance.Buffers;

namespace NrSer.Core.Emotion;

/// <summary>
/// Segments of one length as a network was trained to hear them: repeated where they are shorter, in even windows where they are longer.
/// </summary>
internal sealed class TrainedWindows : IDisposable
{
    private readonly MemoryOwner<float>? _made;
    private readonly Memory<float> _samples;
    private readonly int _segments;
    private readonly int _each; // windows of a segment

    /// <param name="trained">Shortest and longest length; null takes segments as they are.</param>
    /// <param name="batch">[count, samples].</param>
    /// <param name="count">Segments.</param>
    public TrainedWindows(IReadOnlyList<int>? trained, Memory<float> batch, int count)
    {
        int samples = batch.Length / count;
        (_segments, _each, Length, _samples) = (count, 1, samples, batch);
        if (trained is not [var shortest, var longest] || (samples >= shortest && samples <= longest))
            return;
        Length = Math.Clamp(samples, shortest, longest);
        _each = (samples + longest - 1) / longest;
        _made = MemoryOwner<float>.Allocate(count * _each * Length);
        _samples = _made.Memory;
        for (int window = 0; window < Count; window++)
        {
            ReadOnlySpan<float> segment = batch.Span.Slice(window / _each * samples, samples);
            Span<float> target = _samples.Span.Slice(window * Length, Length);
            int start = _each == 1 ? 0 : (int)((long)(samples - Length) * (window % _each) / (_each - 1));
            for (int at = 0; at < Length; at += samples) // more than once where the segment is shorter
                segment.Slice(start, Math.Min(samples - start, Length - at)).CopyTo(target[at..]);
        }
    }

    /// <summary>[<see cref="Count"/>, <see cref="Length"/>].</summary>
    public ReadOnlySpan<float> Samples => _samples.Span;

    /// <summary>Windows of all segments.</summary>
    public int Count => _segments * _each;

    /// <summary>Samples of a window.</summary>
    public int Length { get; }

    /// <summary>Makes of the answers to windows, [count, width], those to segments, in their place.</summary>
    public void Average(Span<float> answers, int width)
    {
        if (_each == 1)
            return;
        for (int segment = 0; segment < _segments; segment++)
        {
            Span<float> mean = answers.Slice(segment * width, width), first = answers.Slice(segment * _each * width, width);
            first.CopyTo(mean);
            for (int window = 1; window < _each; window++)
                TensorPrimitives.Add(mean, answers.Slice(((segment * _each) + window) * width, width), mean);
            TensorPrimitives.Divide(mean, _each, mean);
        }
    }

    public void Dispose() => _made?.Dispose();
}
