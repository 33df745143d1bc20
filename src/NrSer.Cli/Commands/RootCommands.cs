using System.CommandLine;

namespace NrSer.Cli.Commands;

/// <summary>The <c>nrser</c> command line.</summary>
internal static class RootCommands
{
    public static RootCommand Create() => new(
        """
        Tells emotion from real, noisy speech, with a trust score for every segment.

        Without any set-up:       nrser analyze talk.mp3
        The whole pipeline here:  nrser demo, or nrser up and then nrser ingest recordings/
        What azd deployed:        nrser ingest recordings/ --azure, and so on

        Exit codes: 0 all well, 1 some recording failed, 2 bad input, 3 something is missing on this machine, 130 interrupted (Ctrl-C; also how up and worker end).
        Settings: every option of the configuration can be set in the environment, e.g. NrSer__Models__Threads=1.
        """)
    {
        DemoCommand.Create(),
        UpCommand.Create(),
        WorkerCommand.Create(),
        IngestCommand.Create(),
        StatusCommand.Create(),
        ResultsCommand.Create(),
        RetryCommand.Create(),
        ExportCommand.Create(),
        AnalyzeCommand.Create(),
        EnhanceCommand.Create(),
        ScoreCommand.Create(),
        ModelsCommand.Create(),
        EvaluateCommand.Create(),
        BenchCommand.Create(),
    };
}
