namespace NrSer.Core.Signal;

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
