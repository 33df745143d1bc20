using System.Reflection;
using NrSer.Testing;
using NrSer.Cli.Commands;
using NrSer.Emulator;
using NrSer.Evaluation.Experiments;

namespace NrSer.Cli.Tests;

public sealed class LayeringTests
{
    private static readonly Assembly s_cli = typeof(RootCommands).Assembly;

    [Fact]
    public void Emulator_ReferencesNothingOfOurs() => Assert.Empty(OursOf(typeof(AzuriteProcess).Assembly));

    [Fact]
    public void Cli_ReferencesNoHostOfAzure() => Assert.Equal(
        ["NrSer.Core", "NrSer.Dashboard", "NrSer.Emulator", "NrSer.Evaluation", "NrSer.Pipeline"], OursOf(s_cli));

    // A folder and those within it count as one, and what lies in no folder serves all.
    [Fact]
    public void Folders_OfTheCommand_FormNoCircle() =>
        Assert.Empty(Folders.InCircles(s_cli, "NrSer.Cli"));

    [Fact]
    public void Constructors_TakeFewParameters() =>
        Assert.All([s_cli, typeof(AzuriteProcess).Assembly, typeof(Experiment).Assembly], assembly => Assert.Empty(Constructors.TooLong(assembly)));

    private static string[] OursOf(Assembly assembly) =>
    [
        .. assembly.GetReferencedAssemblies().Select(name => name.Name!).Where(name => name.StartsWith("NrSer", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal),
    ];
}
