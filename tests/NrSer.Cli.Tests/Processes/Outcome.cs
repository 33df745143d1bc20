using System.Text.Json;

namespace NrSer.Cli.Tests.Processes;

/// <summary>What a finished process left.</summary>
/// <param name="ExitCode">Its exit code.</param>
/// <param name="Output">Standard output.</param>
/// <param name="Errors">Standard error.</param>
internal sealed record Outcome(int ExitCode, string Output, string Errors)
{
    /// <summary>Standard output as JSON, of a process that succeeded.</summary>
    public JsonElement Json()
    {
        Succeeded();
        return JsonDocument.Parse(Output).RootElement;
    }

    /// <summary>Standard output as one JSON object per line.</summary>
    public JsonElement[] JsonLines() =>
        [.. Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement)];

    /// <summary>It ended well.</summary>
    public void Succeeded() => Assert.True(ExitCode == 0, ToString());

    /// <summary>It ended with an exit code and printed no data.</summary>
    public void Failed(int exitCode)
    {
        Assert.True(ExitCode == exitCode, ToString());
        Assert.NotEqual("", Errors);
    }

    /// <summary>It refused: an exit code, one line of reason, and nothing that a pipe could mistake for data.</summary>
    /// <returns>The line.</returns>
    public string Refused(int exitCode)
    {
        Assert.True(ExitCode == exitCode, ToString());
        Assert.Equal("", Output);
        string line = Assert.Single(Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith("error: ", line, StringComparison.Ordinal);
        return line;
    }
}
