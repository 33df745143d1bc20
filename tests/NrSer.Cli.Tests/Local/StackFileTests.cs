using NrSer.Cli.Local;
using NrSer.Cli.Tests.Processes;

namespace NrSer.Cli.Tests.Local;

public sealed class StackFileTests : IDisposable
{
    private readonly Scratch _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void AzuriteFolder_WhicheverPathLeadsThere_IsOne()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Links need a right there.");
        Directory.CreateDirectory(_scratch["disk/data"]);
        Directory.CreateSymbolicLink(_scratch["home"], _scratch["disk"]);
        Directory.CreateSymbolicLink(_scratch["data"], Path.Combine("home", "data"));
        string expected = StackFile.AzuriteFolder(_scratch["disk/data"]);
        Assert.EndsWith(Path.Combine("disk", "data", "azurite"), expected, StringComparison.Ordinal);
        foreach (string path in new[] { "home/data", "data", "disk/../data", "home/data/" })
            Assert.Equal(expected, StackFile.AzuriteFolder(_scratch[path]));
        Assert.NotEqual(expected, StackFile.AzuriteFolder(_scratch["disk/other"]));
    }
}
