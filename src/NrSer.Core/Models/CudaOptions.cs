namespace NrSer.Core.Models;

/// <summary>How networks run on CUDA. The defaults keep results close to the CPU's and start-up short.</summary>
public sealed class CudaOptions
{
    /// <summary>Lets matrix products round to TF32's ten bits of mantissa: faster, and scores differ from the CPU's in the third digit.</summary>
    public bool AllowTf32 { get; init; }

    /// <summary>How cuDNN picks an algorithm for each shape of convolution.</summary>
    public CudaConvolutionSearch ConvolutionSearch { get; init; } = CudaConvolutionSearch.Heuristic;

    /// <summary>Lets single operators that CUDA lacks run on the CPU; otherwise such a model is refused, rather than slow without a word.</summary>
    public bool AllowCpuNodes { get; init; }

    /// <summary>As ONNX Runtime's CUDA provider takes them (onnxruntime.ai, CUDA execution provider, configuration options).</summary>
    internal IReadOnlyDictionary<string, string> ForProvider() => new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["use_tf32"] = AllowTf32 ? "1" : "0",
        ["cudnn_conv_algo_search"] = ConvolutionSearch.ToString().ToUpperInvariant(),
    };
}

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
