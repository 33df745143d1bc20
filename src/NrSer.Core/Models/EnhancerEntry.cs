namespace NrSer.Core.Models;

/// <summary>How an enhancer wants its input cut and compressed.</summary>
/// <param name="Compression">p of |X|^p, in (0, 1].</param>
/// <param name="BlockSamples">Samples per run of the network, longer than a frame.</param>
/// <param name="OverlapSamples">Samples that neighbouring blocks share and cross-fade over; 0 is the reference's plain concatenation.</param>
public sealed record EnhancerEntry(float Compression, int BlockSamples, int OverlapSamples);
