namespace NrSer.Core.Models;

/// <summary>How cuDNN picks an algorithm for each shape of convolution.</summary>
public enum CudaConvolutionSearch
{
    /// <summary>By rule of thumb: quick for shapes not seen before, as segments of many lengths have them.</summary>
    Heuristic,

    /// <summary>Always the same one.</summary>
    Default,

    /// <summary>By trying all: seconds for every new shape, then the fastest.</summary>
    Exhaustive,
}
