using System.Buffers;
using CommunityToolkit.HighPerformance.Buffers;
using Microsoft.ML.OnnxRuntime;

namespace NrSer.Core.Models;

/// <summary>A network's input, copied: some kernels round differently by where their input starts, and pooled memory starts anywhere.</summary>
internal sealed class AlignedInput : IDisposable
{
    private const int AlignmentFloats = 16; // 64 bytes, a cache line and the widest vector

    private readonly MemoryOwner<float> _pooled;
    private readonly MemoryHandle _pinned;

    /// <param name="values">The input.</param>
    /// <param name="shape">Its axes.</param>
    public AlignedInput(ReadOnlySpan<float> values, long[] shape)
    {
        _pooled = MemoryOwner<float>.Allocate(values.Length + AlignmentFloats);
        _pinned = _pooled.Memory.Pin();
        Memory<float> aligned = _pooled.Memory.Slice(FloatsToAlignment(_pinned), values.Length);
        values.CopyTo(aligned.Span);
        try
        {
            Value = OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, aligned, shape);
        }
        catch
        {
            _pinned.Dispose();
            _pooled.Dispose();
            throw;
        }
    }

    /// <summary>What the runtime is fed.</summary>
    public OrtValue Value { get; }

    public void Dispose()
    {
        Value.Dispose();
        _pinned.Dispose();
        _pooled.Dispose();
    }

    private static unsafe int FloatsToAlignment(MemoryHandle pinned)
    {
        nuint past = (nuint)pinned.Pointer % (AlignmentFloats * sizeof(float));
        return past == 0 ? 0 : AlignmentFloats - (int)(past / sizeof(float));
    }
}
