using System.ComponentModel.DataAnnotations;

namespace NrSer.Core.Signal;

/// <summary>The framing that a model was trained with.</summary>
/// <param name="FftSamples">Frame and FFT length in samples: even, and half of it a product of 2, 3 and 5. 8 to 65,536.</param>
/// <param name="HopSamples">Distance between frames in samples: 1 to <paramref name="FftSamples"/>.</param>
/// <param name="Window">The analysis window, used for synthesis too.</param>
public sealed record StftParameters(
    [property: Range(8, 65536)] int FftSamples,
    [property: Range(1, 65536)] int HopSamples,
    WindowKind Window)
{
    /// <summary>Frequency bins per frame: FftSamples / 2 + 1.</summary>
    public int Bins => (FftSamples / 2) + 1;

    /// <summary>Centred frames that cover a signal: 1 + ⌊samples / hop⌋.</summary>
    /// <param name="samples">Length of the signal, at least 1.</param>
    public int FramesOf(int samples) => 1 + (samples / HopSamples);
}

/// <summary>The periodic window functions that models are trained with.</summary>
public enum WindowKind
{
    /// <summary>0.54 − 0.46·cos(2πn/N): the window of CMGAN and of NRSER's SNR-level block.</summary>
    Hamming,

    /// <summary>0.5 − 0.5·cos(2πn/N).</summary>
    Hann,

    /// <summary>√Hann: analysis and synthesis together make a Hann window, so a changed spectrum is faded at frame edges.</summary>
    SqrtHann,
}
