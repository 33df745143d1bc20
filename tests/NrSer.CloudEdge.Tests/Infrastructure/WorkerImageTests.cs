using System.Reflection;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace NrSer.CloudEdge.Tests.Infrastructure;

/// <summary>What the worker's image must be for the worker to start in it, read from its Dockerfile.</summary>
public sealed partial class WorkerImageTests(CompiledBicep bicep)
{
    /// <summary>Every Linux has these; the driver's library is mounted into the container.</summary>
    private static readonly string[] s_everywhere =
    [
        "libc.so.6", "libm.so.6", "libdl.so.2", "librt.so.1", "libpthread.so.0", "ld-linux-x86-64.so.2", "libgcc_s.so.1", "libstdc++.so.6",
        "libcuda.so.1",
    ];

    private static readonly string s_dockerfile = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "images", "worker"));

    // The loader finds a library by its whole name: libcudart.so.13 is not in an image of CUDA 12, and the worker would end at once.
    [Fact]
    public void CudaBase_HasWhatTheRuntimeNeeds()
    {
        Match image = CudaImage().Match(s_dockerfile);
        Assert.True(image.Success, "The Dockerfile names no CUDA image with cuDNN.");
        int cuda = int.Parse(image.Groups["major"].ValueSpan, provider: null);
        Assert.Equal(13, cuda); // another major version has another table
        // docs.nvidia.com, CUDA 13 release notes, component versions; the names are those of the packages in NVIDIA's -runtime images
        string[] there =
        [
            $"libcudart.so.{cuda}", $"libcublas.so.{cuda}", $"libcublasLt.so.{cuda}", $"libnvrtc.so.{cuda}", "libcufft.so.12", "libcurand.so.10",
            "libcusparse.so.12", "libcudnn.so.9",
        ];
        string libraries = Path.Combine(PackageFolder(), "runtimes", "linux-x64", "native");
        string[] needs = [.. ElfFile.Needs(Path.Combine(libraries, "libonnxruntime_providers_cuda.so"))
            .Concat(ElfFile.Needs(Path.Combine(libraries, "libonnxruntime.so")))
            .Concat(ElfFile.Needs(Path.Combine(libraries, "libonnxruntime_providers_shared.so"))).Distinct(StringComparer.Ordinal)];
        Assert.Contains("libcudart.so.13", needs);
        Assert.Empty(needs.Except(s_everywhere.Concat(there), StringComparer.Ordinal));
    }

    // A registry's own builder builds every stage that it passes, and pulls their bases: without Docker Hub's limits for the unknown.
    [Fact]
    public void Stages_AreTwoWhateverTheKindAndNoneFromDockerHub()
    {
        Assert.Equal(["${SDK}", "${RUNTIME}"], From().Matches(s_dockerfile).Select(match => match.Groups["image"].Value));
        string[] bases = [.. Base().Matches(s_dockerfile).Select(match => match.Groups["image"].Value)];
        Assert.Equal(3, bases.Length);
        Assert.All(bases, image => Assert.Matches(@"^(mcr\.microsoft\.com|nvcr\.io)/", image));
    }

    // azd hands the registry what infra/ names.
    [Fact]
    public void Runtimes_AreThoseOfTheInfrastructure()
    {
        JsonElement runtimes = bicep.Template.GetProperty("resources").GetProperty("worker").GetProperty("properties").GetProperty("template")
            .GetProperty("variables").GetProperty("workerRuntimes");
        Assert.Contains($"ARG RUNTIME={runtimes.GetProperty("cpu").GetString()}\n", s_dockerfile, StringComparison.Ordinal);
        Assert.Contains($"--build-arg RUNTIME={runtimes.GetProperty("gpu-t4").GetString()} .", s_dockerfile, StringComparison.Ordinal);
        string azd = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "azure.yaml"));
        Assert.Contains("RUNTIME=${NRSER_WORKER_RUNTIME}", azd, StringComparison.Ordinal);
    }

    [Fact]
    public void Worker_IsProcessOneWithoutRootRights()
    {
        Assert.Contains("\nENTRYPOINT [\"/app/NrSer.Worker\"]\n", s_dockerfile, StringComparison.Ordinal);
        Assert.Matches("\nUSER [1-9][0-9]*\n", s_dockerfile);
    }

    private static string PackageFolder() =>
        typeof(WorkerImageTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(data => data.Key == "CudaPackage").Value!;

    [GeneratedRegex(@"RUNTIME=nvcr\.io/nvidia/cuda:(?<major>\d+)\.\d+\.\d+-cudnn-runtime-ubuntu24\.04", RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000)]
    private static partial Regex CudaImage();

    [GeneratedRegex(@"^FROM (?<image>\S+)", RegexOptions.ExplicitCapture | RegexOptions.Multiline, matchTimeoutMilliseconds: 1000)]
    private static partial Regex From();

    [GeneratedRegex(@"(SDK|RUNTIME)=(?<image>\S+)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Base();
}
