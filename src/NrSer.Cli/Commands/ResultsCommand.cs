using System.CommandLine;
using System.Text.Json;
using NrSer.Cli.Output;
using NrSer.Pipeline.Results;
using Spectre.Console;

namespace NrSer.Cli.Commands;

/// <summary><c>nrser results</c>: the rows of one recording.</summary>
internal static class ResultsCommand
{
    public static Command Create(Terminal terminal)
    {
        var which = new Argument<string>("id or name") { Description = "A recording's id, or its name, of which the latest upload counts." };
        var json = new Option<bool>("--json") { Description = "Print JSON." };
        var command = new Command("results", "Prints the segments of one recording.") { which, json };
        command.RunOnRows(terminal, async (parsed, rows, cancellationToken) =>
        {
            Recording row = await rows.FindAsync(parsed.GetRequiredValue(which), cancellationToken);
            List<Segment> segments = await rows.SegmentsAsync(row, cancellationToken);
            if (parsed.GetValue(json))
            {
                StatusV1 status = StatusV1.Of(row, await rows.FinishedChunksAsync(row, cancellationToken));
                terminal.Out.WriteLine(JsonSerializer.Serialize(new ResultsV2(status, segments), CliJsonContext.Default.ResultsV2));
            }
            else
            {
                terminal.Data.MarkupLineInterpolated($"{row.Id}  {row.BlobName}  {row.Status}  {row.Reason}");
                Show(terminal, segments);
            }

            return ExitCode.Success;
        });
        return command;
    }

    /// <summary>A table for people.</summary>
    internal static void Show(Terminal terminal, IEnumerable<Segment> segments)
    {
        var table = new Table().AddColumns("Ch", "Start", "End", "S", "S'", "Speech", "Emotion", "Conf.", "Arousal", "Valence", "Dominance");
        foreach (Segment segment in segments)
        {
            table.AddRow(
                $"{segment.Channel}", $"{segment.StartSeconds:F2}", $"{segment.EndSeconds:F2}", $"{segment.SnrScore:F2}", $"{segment.MixWeight:F2}",
                segment.IsSpeech ? "yes" : "no", segment.Emotion ?? "–", $"{segment.Confidence:F2}", $"{segment.Arousal:F1}", $"{segment.Valence:F1}",
                $"{segment.Dominance:F1}");
        }

        terminal.Data.Write(table);
    }
}
