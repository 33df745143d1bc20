using System.Text.RegularExpressions;

namespace NrSer.CloudEdge.Tests.Infrastructure;

/// <summary>What a deployment from GitHub knows of the one that was made by hand.</summary>
public sealed partial class PipelineTests(CompiledBicep bicep)
{
    // A parameter that is forgotten there would go back to its default when the workflow deploys.
    [Fact]
    public void Variables_AreAllThatParametersAndHooksRead()
    {
        string infra = Path.Combine(AppContext.BaseDirectory, "infra");
        string hooks = string.Concat(Directory.GetFiles(Path.Combine(infra, "hooks"), "*.sh").Select(File.ReadAllText));
        IEnumerable<string> ofHooks = NamesOf(Used(), hooks).Except(NamesOf(Output(), File.ReadAllText(Path.Combine(infra, "main.bicep"))));
        Assert.Equal(
            NamesOf(Read(), File.ReadAllText(Path.Combine(infra, "main.bicepparam"))).Union(ofHooks).Order(StringComparer.Ordinal),
            NamesOf(Listed(), File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "azure.yaml"))).Order(StringComparer.Ordinal));
    }

    // Azure leaves the user name of a service principal out, where it is not empty: to ask for it outright would end the deployment.
    [Fact]
    public void Deployer_WithoutAUserName_IsAServicePrincipal()
    {
        Assert.Contains(
            "if(empty(parameters('principalType')), if(empty(tryGet(deployer(), 'userPrincipalName')), createObject('value', 'ServicePrincipal'), ",
            bicep.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("deployer().userPrincipalName", bicep.Text, StringComparison.Ordinal);
    }

    private static IEnumerable<string> NamesOf(Regex form, string text) => form.Matches(text).Select(match => match.Groups["name"].Value);

    [GeneratedRegex(@"readEnvironmentVariable\('(?<name>NRSER_\w+)'", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Read();

    [GeneratedRegex(@"\$\{(?<name>NRSER_\w+)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Used();

    [GeneratedRegex(@"^output (?<name>NRSER_\w+) ", RegexOptions.ExplicitCapture | RegexOptions.Multiline, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Output();

    [GeneratedRegex(@"^    - (?<name>NRSER_\w+)$", RegexOptions.ExplicitCapture | RegexOptions.Multiline, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Listed();
}
