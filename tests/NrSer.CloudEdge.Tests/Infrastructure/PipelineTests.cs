using System.Text.RegularExpressions;

namespace NrSer.CloudEdge.Tests.Infrastructure;

/// <summary>What a deployment from GitHub knows of the one that was made by hand.</summary>
public sealed partial class PipelineTests
{
    // A parameter that is forgotten there would go back to its default when the workflow deploys.
    [Fact]
    public void Variables_AreAllThatTheParametersRead()
    {
        string azd = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "azure.yaml"));
        string parameters = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "infra", "main.bicepparam"));
        Assert.Equal(
            Read().Matches(parameters).Select(match => match.Groups["name"].Value),
            Listed().Matches(azd).Select(match => match.Groups["name"].Value));
    }

    [GeneratedRegex(@"readEnvironmentVariable\('(?<name>NRSER_\w+)'", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Read();

    [GeneratedRegex(@"^    - (?<name>NRSER_\w+)$", RegexOptions.ExplicitCapture | RegexOptions.Multiline, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Listed();
}
