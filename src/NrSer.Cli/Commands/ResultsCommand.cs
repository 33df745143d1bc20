using System.CommandLine;
using System.Text.Json;
using Azure.Data.Tables;
using Microsoft.Extensions.DependencyInjection;
using NrSer.Cli.Local;
using NrSer.Cli.Output;
using NrSer.Pipeline;
using NrSer.Pipeline.Rows;
using NrSer.Pipeline.Storage;
using Spectre.Console;

namespace NrSer.Cli.Commands;

/// <summary><c>nrser results</c>: the rows of one recording.</summary>
internal static class ResultsCommand
{
    public static Command Create()
    {
        var which = new Argument<string>("id or name") { Description = "A recording's id, or its name, of which the latest upload counts." };
        var json = new Option<bool>("--json") { Description = "Print JSON." };
        var days = new DayRange();
        var storage = new StorageLocation();
        var command = new Command("results", "Prints the segments of one recording.") { which, json };
        days.AddTo(command);
        storage.AddTo(command);
        command.Run(async (parsed, cancellationToken) =>
        {
            await using ServiceProvider services = CliServices.Pipeline(storage.Setting(parsed));
            ResultTables tables = services.GetRequiredService<ResultTables>();
            (DateOnly from, DateOnly to) = days.Of(parsed, services.GetRequiredService<TimeProvider>());
            RecordingRow row = await RecordingLookup.FindAsync(tables, parsed.GetRequiredValue(which), from, to, cancellationToken);
            List<SegmentRow> segments = await SegmentsAsync(tables, RecordingId.Parse(row.RowKey), cancellationToken);
            if (parsed.GetValue(json))
            {
                StatusV1 status = StatusV1.Of(row, await StatusCommand.FinishedChunksAsync(tables, row, cancellationToken));
                Console.Out.WriteLine(JsonSerializer.Serialize(new ResultsV1(status, segments), CliJsonContext.Default.ResultsV1));
            }
            else
            {
                Terminal.Data.MarkupLineInterpolated($"{row.RowKey}  {row.BlobName}  {row.Status}  {row.Reason}");
                Show(segments);
            }

            return ExitCode.Success;
        });
        return command;
    }

    /// <summary>A table for people.</summary>
    internal static void Show(IEnumerable<SegmentRow> segments)
    {
        var table = new Table().AddColumns("Ch", "Start", "End", "S", "S'", "Speech", "Emotion", "Conf.", "Arousal", "Valence", "Dominance");
        foreach (SegmentRow segment in segments)
        {
            table.AddRow(
                $"{segment.Channel}", $"{segment.StartSeconds:F2}", $"{segment.EndSeconds:F2}", $"{segment.SnrScore:F2}", $"{segment.MixWeight:F2}",
                segment.IsSpeech ? "yes" : "no", segment.Emotion ?? "–", $"{segment.Confidence:F2}", $"{segment.Arousal:F1}", $"{segment.Valence:F1}",
                $"{segment.Dominance:F1}");
        }

        Terminal.Data.Write(table);
    }

    internal static async Task<List<SegmentRow>> SegmentsAsync(ResultTables tables, RecordingId id, CancellationToken cancellationToken)
    {
        var segments = new List<SegmentRow>();
        await foreach (TableEntity entity in tables.SegmentsAsync(id, cancellationToken))
            segments.Add(SegmentRow.From(entity));
        return segments;
    }
}
