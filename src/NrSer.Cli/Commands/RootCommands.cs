using System.CommandLine;
using NrSer.Cli.Commands.Podcasts;
using NrSer.Cli.Output;

namespace NrSer.Cli.Commands;

/// <summary>The <c>nrser</c> command line.</summary>
internal static class RootCommands
{
    /// <summary>Runs what was typed.</summary>
    /// <param name="arguments">After <c>nrser</c>.</param>
    /// <param name="terminal">Where it was typed.</param>
    /// <param name="interruptible">How long it may take to stop after Ctrl-C; null leaves the process's signals alone.</param>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, Terminal terminal, TimeSpan? interruptible)
    {
        RootCommand root = Create(terminal);
        // Names may begin with @, which would otherwise read arguments from that file, or with -, which would be an option.
        ParseResult parsed = root.Parse(
            [.. arguments.Select(argument => IsFile(argument, root) ? Path.Combine(".", argument) : argument)],
            new ParserConfiguration { ResponseFileTokenReplacer = null });
        int exitCode = await parsed.InvokeAsync(
            new InvocationConfiguration { Output = terminal.Out, Error = terminal.Errors, ProcessTerminationTimeout = interruptible });
        return parsed.Errors.Count > 0 ? ExitCode.BadInput : exitCode;
    }

    // A dash alone is standard input.
    private static bool IsFile(string argument, Command root) =>
        argument.StartsWith('-') && argument.Length > 1 && File.Exists(argument) && !HasOption(root, argument);

    private static bool HasOption(Command command, string name) =>
        command.Options.Any(option => option.Name == name || option.Aliases.Contains(name))
        || command.Subcommands.Any(child => HasOption(child, name));

    public static RootCommand Create(Terminal terminal) => new(
        """
        Tells emotion from real, noisy speech, with a trust score for every segment.

        Without any set-up:       nrser analyze talk.mp3
        The whole pipeline here:  nrser demo, or nrser up and then nrser ingest recordings/
        What azd deployed:        nrser ingest recordings/ --azure, and so on

        Exit codes: 0 all well, 1 some recording failed, 2 bad input, 3 something is missing on this machine, 130 interrupted
        (Ctrl-C; also how up and worker end).
        Settings: every option of the configuration can be set in the environment, e.g. NrSer__Models__Threads=1.
        """)
    {
        DemoCommand.Create(terminal),
        UpCommand.Create(terminal),
        WorkerCommand.Create(terminal),
        ServeCommand.Create(terminal),
        IngestCommand.Create(terminal),
        PodcastCommand.Create(terminal),
        StatusCommand.Create(terminal),
        ResultsCommand.Create(terminal),
        RetryCommand.Create(terminal),
        RetryCommand.CreateDismiss(terminal),
        ForgetCommand.Create(terminal),
        RetentionCommand.Create(terminal),
        PurposeCommand.Create(terminal),
        AboutCommand.Create(terminal),
        ExportCommand.Create(terminal),
        ProjectTablesCommand.Create(terminal),
        LakeCommand.Create(terminal),
        QueryCommand.Create(terminal),
        BiCommand.Create(terminal),
        AnalyzeCommand.Create(terminal),
        EnhanceCommand.Create(terminal),
        ScoreCommand.Create(terminal),
        ModelsCommand.Create(terminal),
        EvaluateCommand.Create(terminal),
        BenchCommand.Create(terminal),
    };
}
