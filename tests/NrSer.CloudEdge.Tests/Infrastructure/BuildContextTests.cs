using System.Text.RegularExpressions;

namespace NrSer.CloudEdge.Tests.Infrastructure;

/// <summary>
/// What is sent to a registry to build the images from, as each of the tools that send it reads <c>.dockerignore</c>: docker and azd by the rules of
/// Moby, <c>az acr build</c> by rules of its own (azure-cli, acr/_archive_utils.py).
/// </summary>
public sealed class BuildContextTests
{
    private static readonly string[] s_rules =
        [.. File.ReadLines(Path.Combine(AppContext.BaseDirectory, ".dockerignore")).Where(line => line is not ("" or ['#', ..]))];

    [Theory]
    [InlineData("src/NrSer.Worker/Program.cs")]
    [InlineData("src/NrSer.Functions/Dockerfile")]
    [InlineData("src/NrSer.Core/Audio/Wav/WavFormat.cs")]
    [InlineData("src/NrSer.Web/Dockerfile")]
    [InlineData("src/NrSer.Dashboard/wwwroot/app.js")]
    [InlineData("models/catalog.json")]
    [InlineData("models/embedded/emotion.onnx")]
    [InlineData("models/mine/catalog.json")]
    [InlineData("models/mine/weights.bin")]
    [InlineData("Directory.Packages.props")]
    [InlineData("global.json")]
    [InlineData("host.json")]
    [InlineData("BannedSymbols.txt")]
    public void WhatTheImagesAreMadeOf_IsSent(string path) => Assert.Equal((true, true), (IsSentByDocker(path), IsSentByAcr(path)));

    [Theory]
    [InlineData(".nrser/azurite/__blobstorage__/0b5e")] // recordings of a laptop
    [InlineData("recordings/2026/call.wav")]
    [InlineData("call.mp3")]
    [InlineData(".azure/dev/.env")]
    [InlineData(".git/config")]
    [InlineData("src/NrSer.Cli/bin/Release/net10.0/nrser.dll")]
    [InlineData("src/NrSer.Cli/obj/project.assets.json")]
    [InlineData("src/NrSer.Emulator/azurite/node_modules/azurite/package.json")]
    [InlineData("tests/NrSer.Core.Tests/NrSer.Core.Tests.csproj")]
    [InlineData("models/train/corpora.py")]
    [InlineData("models/samples/clean.wav")]
    [InlineData("models/README.md")]
    [InlineData("models/__init__.py")]
    [InlineData("infra/main.bicep")]
    public void WhatIsNoneOfTheirBusiness_IsNot(string path) => Assert.Equal((false, false), (IsSentByDocker(path), IsSentByAcr(path)));

    /// <summary>The last rule counts that matches the path or a folder above it.</summary>
    private static bool IsSentByDocker(string path) => !s_rules.Aggregate(false, (ignored, rule) =>
        PathAndParents(path).Any(part => Pattern(rule.Trim('!', '/')).IsMatch(part)) ? rule[0] != '!' : ignored);

    /// <summary>
    /// From the root down: a folder or file takes after the one above it, unless a rule matches it that stands below the one that decided there.
    /// Slashes at an end stay, and match nothing.
    /// </summary>
    private static bool IsSentByAcr(string path)
    {
        (bool ignored, int decided) = (false, -1);
        foreach (string part in PathAndParents(path))
        {
            int last = Array.FindLastIndex(s_rules, rule => Pattern(rule.TrimStart('!')).IsMatch(part));
            if (last > decided)
                (ignored, decided) = (s_rules[last][0] != '!', last);
        }

        return !ignored;
    }

    private static IEnumerable<string> PathAndParents(string path)
    {
        string[] names = path.Split('/');
        return Enumerable.Range(1, names.Length).Select(count => string.Join('/', names.Take(count)));
    }

    // The rules have no ** on purpose: Moby takes **/bin for a folder of that name, older versions of the Azure CLI for every name that ends so.
    private static Regex Pattern(string rule)
    {
        Assert.DoesNotContain("**", rule, StringComparison.Ordinal);
        return new Regex($"^{Regex.Escape(rule).Replace(@"\*", "[^/]*", StringComparison.Ordinal)}$", RegexOptions.None, TimeSpan.FromSeconds(1));
    }
}
