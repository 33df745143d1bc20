using System.CommandLine;
using NrSer.Cli.Output;
using NrSer.Pipeline;
using NrSer.Pipeline.Results;

namespace NrSer.Cli.Commands;

/// <summary><c>nrser project-tables</c>: fills the table of segments where it was switched off.</summary>
internal static class ProjectTablesCommand
{
    public static Command Create(Terminal terminal)
    {
        var command = new Command(
            "project-tables",
            "Fills the table of segments with those of recordings that were taken in with NrSer__Ingest__SegmentStore=Blob, for tools that read "
            + "tables. The emulator keeps tables in memory: choose days, or a podcast.");
        command.RunOnRowsOfFeed(terminal, async (_, rows, cancellationToken) =>
        {
            int recordings = 0, segments = 0, working = 0;
            await foreach (Recording recording in rows.RecordingsAsync(cancellationToken))
            {
                if (recording.SegmentStore != SegmentStore.Blob)
                    continue;
                if (recording.Status is RecordingStatus.Queued or RecordingStatus.Processing)
                {
                    working++;
                    continue;
                }

                segments += await rows.Store.ProjectAsync(recording, cancellationToken);
                recordings++;
            }

            terminal.Note($"{segments} segments of {recordings} recordings are in the table now.");
            if (working > 0)
                terminal.Note($"{working} recordings are being worked on; run this again when they have ended.");
            return ExitCode.Success;
        });
        return command;
    }
}
