using NrSer.Cli.Tests.Processes;

namespace NrSer.Cli.Tests.Commands;

public sealed class IngestCommandTests
{
    [Theory]
    [InlineData("ingest", "x.wav", "--parallel", "x")]
    [InlineData("ingest", "x.wav", "--parallel", "65")]
    [InlineData("export", "--format", "7")]
    [InlineData("analyze", "x.wav", "--channels", "7")]
    [InlineData("enhance", "x.wav", "y.wav", "--mode", "5")]
    [InlineData("bench", "--minutes", "0")]
    [InlineData("bench", "--minutes", "NaN")]
    [InlineData("bench", "--threads", "0")]
    [InlineData("bench", "--models", "tiny")]
    [InlineData("bench", "--minutes", "1e300")]
    public async Task AnyCommand_ValueThatCannotBe_IsRefused(params string[] arguments)
    {
        Outcome outcome = await Nrser.RunAsync(arguments);
        Assert.Equal(2, outcome.ExitCode);
        Assert.DoesNotContain("Unhandled", outcome.Errors, StringComparison.Ordinal);
    }
}
