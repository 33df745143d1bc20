namespace NrSer.Core.Models;

/// <summary>How an enhancer wants its input cut and compressed, and how its tensors are laid out.</summary>
/// <param name="Compression">p of |X|^p, in (0, 1].</param>
/// <param name="BlockSamples">Samples per block, longer than a frame.</param>
/// <param name="OverlapSamples">Samples that neighbouring blocks share and cross-fade over; 0 is the reference's plain concatenation.</param>
/// <param name="Axes">
/// Axes of the spectrogram's tensors, from the outermost; null is batch, part, frames, bins. Without <see cref="SpectrogramAxis.Part"/>, real and
/// imaginary parts are two tensors each way, the real one first.
/// </param>
/// <param name="FramesPerRun">Frames that the network takes at once; null for all of a block.</param>
/// <param name="States">
/// What the network remembers from one run to the next: pairs of an input and the output that becomes it, in the order of both, behind the
/// spectrogram's. A block begins with zeros, so blocks should overlap by as much as the network remembers. Null for none.
/// </param>
/// <param name="Rms">Root mean square that each block is brought to, and back from afterwards; null leaves it as it was recorded.</param>
public sealed record EnhancerEntry(
    float Compression, int BlockSamples, int OverlapSamples, IReadOnlyList<SpectrogramAxis>? Axes = null, int? FramesPerRun = null,
    IReadOnlyList<IReadOnlyList<string>>? States = null, float? Rms = 1)
{
    private static readonly SpectrogramAxis[] s_usual = [SpectrogramAxis.Batch, SpectrogramAxis.Part, SpectrogramAxis.Frames, SpectrogramAxis.Bins];

    /// <summary><see cref="Axes"/>, or the usual ones.</summary>
    internal IReadOnlyList<SpectrogramAxis> Order => Axes ?? s_usual;

    /// <summary>How many <see cref="States"/> there are.</summary>
    internal int StateCount => States?.Count ?? 0;

    /// <summary>A spectrogram tensor's shape.</summary>
    /// <param name="frames">How many frames.</param>
    /// <param name="bins">How many bins.</param>
    internal int[] ShapeOf(int frames, int bins) => [.. Order.Select(axis => axis switch
    {
        SpectrogramAxis.Frames => frames,
        SpectrogramAxis.Bins => bins,
        SpectrogramAxis.Part => 2,
        _ => 1,
    })];
}

/// <summary>An axis of a spectrogram.</summary>
public enum SpectrogramAxis
{
    /// <summary>Always of length 1.</summary>
    Batch,

    /// <summary>Real and imaginary part.</summary>
    Part,

    /// <summary>Time.</summary>
    Frames,

    /// <summary>Frequency.</summary>
    Bins,
}
