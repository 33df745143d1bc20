using System.Xml.Linq;
using NrSer.Cli.Commands;
using NrSer.Cli.Tests.Processes;

namespace NrSer.Cli.Tests.Commands;

public sealed class RootCommandsTests
{
    private static readonly string s_stated = Path.Combine(AppContext.BaseDirectory, "Stated");

    /// <summary>The one place that states it.</summary>
    private static string Version => XDocument.Load(Path.Combine(s_stated, "Directory.Build.props")).Descendants("Version").Single().Value;

    [Fact]
    public async Task Version_IsThatOfTheBuildRules_WithTheCommitWhereTheBuildKnowsIt()
    {
        Outcome outcome = await Nrser.RunProcessAsync("--version");

        outcome.Succeeded();
        string[] parts = outcome.Output.TrimEnd('\n').Split('+');
        Assert.Equal(Version, parts[0]);
        Assert.All(parts[1..], commit => Assert.Matches("^[0-9a-f]{40}$", commit));
    }

    [Fact]
    public async Task Version_OfTheBuildRules_HasASectionInTheChangelog()
    {
        string[] lines = await File.ReadAllLinesAsync(Path.Combine(s_stated, "CHANGELOG.md"), TestContext.Current.CancellationToken);

        Assert.Contains(lines, line => line.StartsWith($"## [{Version}] - ", StringComparison.Ordinal));
        Assert.Contains("## [Unreleased]", lines);
    }

    [Fact]
    public async Task Help_OfTheRoot_ExplainsExitCodes()
    {
        Outcome outcome = await Nrser.RunProcessAsync("--help");

        outcome.Succeeded();
        Assert.Contains("Exit codes:", outcome.Output, StringComparison.Ordinal);
        Assert.All(
            RootCommands.Create(Output.Terminal.OfThisProcess()).Subcommands,
            command => Assert.Contains(command.Name, outcome.Output, StringComparison.Ordinal));
    }

    [Fact]
    public void Help_OfEveryCommand_DescribesEveryArgumentAndOption()
    {
        var commands = new Queue<System.CommandLine.Command>(RootCommands.Create(Output.Terminal.OfThisProcess()).Subcommands);
        Assert.NotEmpty(commands);
        while (commands.TryDequeue(out System.CommandLine.Command? command))
        {
            Assert.False(string.IsNullOrWhiteSpace(command.Description), command.Name);
            Assert.All(command.Description!.Split('\n'), line => Assert.Contains(line, Help(command), StringComparison.Ordinal)); // it indents them
            Assert.All(command.Options, option => Assert.False(string.IsNullOrWhiteSpace(option.Description), $"{command.Name} {option.Name}"));
            Assert.All(
                command.Arguments, argument => Assert.False(string.IsNullOrWhiteSpace(argument.Description), $"{command.Name} {argument.Name}"));
            foreach (System.CommandLine.Command child in command.Subcommands)
                commands.Enqueue(child);
        }
    }

    [Theory]
    [InlineData]
    [InlineData("analyze")]
    [InlineData("analyze", "--hole", "talk.wav")]
    [InlineData("listen", "talk.wav")]
    [InlineData("ingest", "--parallel", "0", "talk.wav")]
    [InlineData("export", "--format", "xlsx")]
    [InlineData("status", "--from", "yesterday")]
    public async Task CommandLine_ThatIsWrong_ExitsWithTwoAndAReason(params string[] arguments)
    {
        Outcome outcome = await Nrser.RunAsync(arguments);

        Assert.Equal(2, outcome.ExitCode);
        Assert.NotEqual("", outcome.Errors.Trim());
    }

    [Fact]
    public async Task CommandLine_ThatIsWrong_EndsTheProcessWithTwo()
    {
        Outcome outcome = await Nrser.RunProcessAsync("listen", "talk.wav");

        Assert.Equal(2, outcome.ExitCode);
        Assert.NotEqual("", outcome.Errors.Trim());
    }

    [Theory]
    [InlineData("status")]
    [InlineData("results", "talk.wav")]
    [InlineData("export")]
    [InlineData("worker")]
    public async Task StorageCommand_WithoutAStack_SaysHowToStartOne(params string[] arguments)
    {
        using var scratch = new Scratch();

        Outcome outcome = await Nrser.RunAsync([.. arguments, "--data", scratch.Path]);

        Assert.Contains("nrser up", outcome.Refused(3), StringComparison.Ordinal);
    }

    [Fact]
    public async Task StorageCommand_FolderNamedAndConnectionSet_TakesTheFolder()
    {
        using var scratch = new Scratch();

        Outcome outcome = await Nrser.RunWithAsync(
            new() { ["NrSer__Storage__ConnectionString"] = "UseDevelopmentStorage=true" }, "status", "--data", scratch.Path);

        Assert.Contains(scratch.Path, outcome.Refused(3), StringComparison.Ordinal);
    }

    [Fact]
    public async Task StorageCommand_ConnectionStringThatIsNone_Refuses() =>
        (await Nrser.RunAsync("status", "--connection-string", "nonsense")).Refused(2);

    [Fact]
    public async Task StorageCommand_StorageThatDoesNotAnswer_SaysSo()
    {
        // Port 9 discards, if anyone listens there at all.
        const string Nobody = "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey=AAAA;BlobEndpoint=http://127.0.0.1:9/a;"
            + "QueueEndpoint=http://127.0.0.1:9/a;TableEndpoint=http://127.0.0.1:9/a;";

        Assert.Contains("cannot be reached", (await Nrser.RunAsync("status", "--connection-string", Nobody)).Refused(3), StringComparison.Ordinal);
    }

    private static string Help(System.CommandLine.Command command)
    {
        var parents = command.Parents.OfType<System.CommandLine.Command>().Where(parent => parent is not System.CommandLine.RootCommand);
        string[] typed = [.. parents.Select(parent => parent.Name), command.Name, "--help"];
        var output = new StringWriter();
        var toOutput = new System.CommandLine.InvocationConfiguration { Output = output };
        Assert.Equal(0, RootCommands.Create(Output.Terminal.OfThisProcess()).Parse(typed).Invoke(toOutput));
        return output.ToString().ReplaceLineEndings(" ");
    }
}
