namespace NrSer.Core.Models;

/// <summary>What the similarity of original and enhanced spectrogram is told for.</summary>
public enum SimilarityAxis
{
    /// <summary>Each bin, over all frames: [batch, 2 · bins], as in arXiv 2309.01164.</summary>
    Bins,

    /// <summary>Each frame, over all bins: [batch, frames, 2], as in the paper's public code.</summary>
    Frames,
}
