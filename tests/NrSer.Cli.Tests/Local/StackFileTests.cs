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

    /// <summary>Minutes of an hour: what an earlier kill left to mend, when it was mended, until when all is saved, what is left.</summary>
    [Theory]
    [InlineData(null, null, 20, 20)]
    [InlineData(5, null, 20, 5)] // nobody lived to mend it
    [InlineData(5, 21, 20, 5)] // it was mended, and that may be lost again
    [InlineData(5, 20, 20, 20)]
    [InlineData(5, 10, 20, 20)]
    public void Killed_AfterAnEarlierKill_LooksAsFarBackAsIsNotSaved(int? mendSince, int? mendedAt, int savedUntil, int expected)
    {
        var file = new StackFile("UseDevelopmentStorage=true", 1, 2, At(mendSince), At(mendedAt));
        Assert.Equal(file with { MendSince = At(expected), MendedAt = null }, file.Killed(At(savedUntil)!.Value));

        static DateTimeOffset? At(int? minute) => minute is { } past ? new DateTimeOffset(2026, 5, 1, 12, past, 0, TimeSpan.Zero) : null;
    }
}
