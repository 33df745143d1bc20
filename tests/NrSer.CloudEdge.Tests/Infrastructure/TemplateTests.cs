using System.Text.Json;
using System.Text.RegularExpressions;

namespace NrSer.CloudEdge.Tests.Infrastructure;

/// <summary>
/// What the gallery of azd's templates asks of a repository, as far as files tell: github.com/microsoft/template-validation-action, src/rules.json,
/// at 1d95bff. Of the rest, `azd up` takes a subscription, and topics are a setting of the repository.
/// </summary>
public sealed partial class TemplateTests(CompiledBicep bicep)
{
    private static readonly string s_root = Path.Combine(AppContext.BaseDirectory, "template");

    [Theory]
    [InlineData("LICENSE")]
    [InlineData("SECURITY.md")]
    [InlineData("azure.yaml")]
    [InlineData(".github/CODE_OF_CONDUCT.md")]
    [InlineData(".github/CONTRIBUTING.md")]
    [InlineData(".github/ISSUE_TEMPLATE/bug.yml")]
    [InlineData(".github/workflows/azure-dev.yml")]
    [InlineData(".devcontainer/devcontainer.json")]
    public void Repository_HasWhatTheGalleryLooksFor(string file) => Assert.NotEqual(0, new FileInfo(Path.Combine(s_root, file)).Length);

    [Fact]
    public void Readme_HasTheSectionsThatTheGalleryLooksFor() => Assert.Subset(
        File.ReadLines(Path.Combine(s_root, "README.md")).Select(line => line.ToUpperInvariant()).ToHashSet(StringComparer.Ordinal),
        new HashSet<string>(StringComparer.Ordinal) { "## FEATURES", "## GETTING STARTED", "## GUIDANCE", "## RESOURCES" });

    // As no root the scripts of the tests install nothing: what they ask for has to be there.
    [Fact]
    public void DevContainer_HasThePackagesThatTheTestsAskFor()
    {
        string[] asked = [.. from script in Directory.GetFiles(Path.Combine(s_root, "tests"), "*.sh")
            from Match line in Asked().Matches(File.ReadAllText(script))
            from package in line.Groups["packages"].Value.Split(' ')
            select package];
        Assert.Contains("chromium", asked);
        Assert.Contains("python3-torch", asked);
        string[] features = ["dotnet-sdk-10.0", "nodejs", "npm"];
        string[] installed = File.ReadAllText(Path.Combine(s_root, ".devcontainer", "install.sh")).Split([' ', '\n']);
        Assert.Empty(asked.Except(installed, StringComparer.Ordinal).Except(features, StringComparer.Ordinal));
    }

    // Where azd asks for a region, it offers a list.
    [Fact]
    public void Location_IsPickedFromAList() => Assert.Equal(
        "location",
        bicep.Template.GetProperty("parameters").GetProperty("location").GetProperty("metadata").GetProperty("azd").GetProperty("type").GetString());

    // Every name of a resource ends in the one suffix, or is that of the group.
    [Fact]
    public void Names_CanBeOnesOwn()
    {
        Assert.Contains("if(empty(parameters('nameSuffix')), ", bicep.Template.GetProperty("variables").GetProperty("place").GetRawText(),
            StringComparison.Ordinal);
        JsonElement group = Assert.Single(bicep.Of("Microsoft.Resources/resourceGroups"));
        Assert.Equal("[if(empty(parameters('resourceGroupName')), format('rg-{0}', parameters('environmentName')), parameters('resourceGroupName'))]",
            group.GetProperty("name").GetString());
        Assert.All(["nameSuffix", "resourceGroupName", "logWorkspaceId"], name =>
            Assert.Equal("", bicep.Template.GetProperty("parameters").GetProperty(name).GetProperty("defaultValue").GetString()));
    }

    [GeneratedRegex(@"\bneed [a-z]+ (?<packages>[a-z0-9.-]+) ""|^ +packages (?<packages>[a-z0-9 -]+)$",
        RegexOptions.ExplicitCapture | RegexOptions.Multiline, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Asked();
}
