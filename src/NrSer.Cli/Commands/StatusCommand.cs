using System.CommandLine;
using System.Text.Json;
using NrSer.Cli.Output;
using NrSer.Pipeline;
using NrSer.Pipeline.Results;
using Spectre.Console;

namespace NrSer.Cli.Commands;

/// <summary><c>nrser status</c>: how recordings stand.</summary>
internal static class StatusCommand
{
    public static Command Create(Terminal terminal)
    {
        var which = new Argument<string?>("id")
        {
            Description = "A recording's id or name; without it, all of the chosen days.",
            Arity = ArgumentArity.ZeroOrOne
        };
        var summary = new Option<bool>("--summary") { Description = "Only how many of the chosen days stand how: fast in a large archive." };
        var json = new Option<bool>("--json") { Description = "Print JSON." };
        var command = new Command("status", "Shows how recordings stand. Exit code 1 if one was rejected or failed, and not dismissed.") { which,
            summary, json };
        command.RunOnRows(terminal, async (parsed, rows, cancellationToken) =>
        {
            if (parsed.GetValue(summary))
            {
                if (parsed.GetValue(which) is not null)
                    throw new UsageException("--summary counts the recordings of days; leave the id out, or --summary.");
                IReadOnlyDictionary<RecordingStatus, int> counts = await rows.Store.CountByStatusAsync(rows.From, rows.To, cancellationToken);
                if (parsed.GetValue(json))
                    terminal.Out.WriteLine(JsonSerializer.Serialize(StatusSummaryV1.Of(counts), CliJsonContext.Default.StatusSummaryV1));
                else
                    terminal.Data.WriteLine(string.Join("   ", counts.Select(count => $"{count.Value} {count.Key}")));
                return counts[RecordingStatus.Rejected] + counts[RecordingStatus.Failed] > 0 ? ExitCode.SomeFailed : ExitCode.Success;
            }

            var listing = new List<StatusV1>();
            await foreach (Recording row in parsed.GetValue(which) is { } wanted
                ? new[] { await rows.FindAsync(wanted, cancellationToken) }.ToAsyncEnumerable()
                : rows.RecordingsAsync(cancellationToken))
            {
                listing.Add(StatusV1.Of(row, await rows.FinishedChunksAsync(row, cancellationToken)));
            }

            if (parsed.GetValue(json))
                terminal.Out.WriteLine(JsonSerializer.Serialize(listing, CliJsonContext.Default.IReadOnlyListStatusV1));
            else if (listing.Count == 0)
                terminal.Note("No recordings yet. Drop some with: nrser ingest");
            else
                Show(terminal, listing);
            return listing.Exists(recording => recording is { Dismissed: false, Status: RecordingStatus.Rejected or RecordingStatus.Failed })
                ? ExitCode.SomeFailed : ExitCode.Success;
        });
        return command;
    }

    /// <summary>A table for people.</summary>
    internal static void Show(Terminal terminal, IReadOnlyCollection<StatusV1> recordings)
    {
        var table = new Table().AddColumns("Recording", "Name", "Status", "Length", "Chunks", "Speech", "Mean S", "Emotion", "Reason");
        foreach (StatusV1 recording in recordings)
        {
            string colour = recording.Status switch
            {
                RecordingStatus.Completed => "green",
                RecordingStatus.Failed or RecordingStatus.Rejected => "red",
                _ => "yellow",
            };
            table.AddRow(
                recording.RecordingId, Markup.Escape(recording.BlobName),
                    $"[{colour}]{recording.Status}[/]{(recording.Dismissed ? ", dismissed" : "")}",
                recording.DurationSeconds is { } seconds ? TimeSpan.FromSeconds(seconds).ToString(@"hh\:mm\:ss") : "",
                recording.ExpectedChunks is { } expected ? $"{recording.FinishedChunks}/{expected}" : "",
                recording.SpeechSegments is { } speech ? $"{speech}/{recording.Segments}" : "", $"{recording.MeanSnrScore:F2}",
                recording.DominantEmotion ?? "",
                Markup.Escape(recording.Reason ?? ""));
        }

        terminal.Data.Write(table);
    }
}
