using NrSer.Core.Models;

namespace NrSer.Core.Tests.Models;

public sealed class CudaOptionsTests
{
    // Names and values as ONNX Runtime documents them. Whether CUDA heeds them cannot be seen on a machine without a GPU.
    [Fact]
    public void ForProvider_Defaults_KeepPrecisionAndBoundTheSearch() => Assert.Equal(
        new Dictionary<string, string> { ["use_tf32"] = "0", ["cudnn_conv_algo_search"] = "HEURISTIC" }, new CudaOptions().ForProvider());

    [Fact]
    public void ForProvider_AllChanged_SaysSo() => Assert.Equal(
        new Dictionary<string, string> { ["use_tf32"] = "1", ["cudnn_conv_algo_search"] = "EXHAUSTIVE" },
        new CudaOptions { AllowTf32 = true, ConvolutionSearch = CudaConvolutionSearch.Exhaustive }.ForProvider());
}
