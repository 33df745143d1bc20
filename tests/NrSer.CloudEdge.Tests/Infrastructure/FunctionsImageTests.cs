using System.Text.RegularExpressions;

namespace NrSer.CloudEdge.Tests.Infrastructure;

/// <summary>What the image of the Functions host must be, read from its Dockerfile. The public workflow runs the image.</summary>
public sealed partial class FunctionsImageTests
{
    private static readonly string s_dockerfile = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "images", "functions"));

    // Only process 1 is told to stop, and a shell that waits for its child tells nobody: every function would be cut off.
    [Fact]
    public void Host_IsProcessOne()
    {
        Assert.Equal("[\"/azure-functions-host/Microsoft.Azure.WebJobs.Script.WebHost\"]", Assert.Single(Instruction("ENTRYPOINT")));
        Assert.Empty(Instruction("CMD"));
    }

    [Fact]
    public void WhatIsWritten_IsNotRoots()
    {
        Assert.NotEqual("0", Instruction("USER")[^1]);
        Assert.DoesNotMatch("^[a-z]", Instruction("USER")[^1]);
        foreach (string variable in new[] { "FUNCTIONS_SECRETS_PATH", "HOME", "TMPDIR" }) // by default secrets are beside the runtime's program
            Assert.Matches($@"(ENV|\n) *{variable}=/tmp", s_dockerfile);
        Assert.Contains("ASPNETCORE_URLS=http://+:8080", s_dockerfile, StringComparison.Ordinal);
    }

    private static string[] Instruction(string name) =>
        [.. Line().Matches(s_dockerfile).Where(line => line.Groups["name"].Value == name).Select(line => line.Groups["rest"].Value)];

    [GeneratedRegex(@"^(?<name>[A-Z]+) (?<rest>.+)$", RegexOptions.ExplicitCapture | RegexOptions.Multiline, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Line();
}
