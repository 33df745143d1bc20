using CommunityToolkit.HighPerformance.Buffers;

namespace NrSer.Core.Reconstitution;

/// <summary>A chunk after enhancement, scoring and mixing. Owns its audio: dispose it.</summary>
/// <param name="audio">y, 16 kHz.</param>
/// <param name="segments">In order of time.</param>
public sealed class ReconstitutedChunk(MemoryOwner<float> audio, IReadOnlyList<ScoredSegment> segments) : IDisposable
{
    /// <summary>y, [samples], as long as the chunk; may leave [−1, 1].</summary>
    public Memory<float> Audio => audio.Memory;

    /// <summary>In order of time.</summary>
    public IReadOnlyList<ScoredSegment> Segments => segments;

    /// <inheritdoc/>
    public void Dispose() => audio.Dispose();
}
