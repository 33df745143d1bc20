using System.CommandLine;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using NrSer.Cli.Local;
using NrSer.Cli.Output;
using NrSer.Pipeline;
using NrSer.Pipeline.Rows;
using NrSer.Pipeline.Storage;
using Spectre.Console;

namespace NrSer.Cli.Commands;

/// <summary><c>nrser status</c>: how recordings stand.</summary>
internal static class StatusCommand
{
    public static Command Create()
    {
        var which = new Argument<string?>("id") { Description = "A recording's id or name; without it, all of the chosen days.", Arity = ArgumentArity.ZeroOrOne };
        var json = new Option<bool>("--json") { Description = "Print JSON." };
        var days = new DayRange();
        var storage = new StorageLocation();
        var command = new Command("status", "Shows how recordings stand. Exit code 1 if one was rejected or failed.") { which, json };
        days.AddTo(command);
        storage.AddTo(command);
        command.Run(async (parsed, cancellationToken) =>
        {
            await using ServiceProvider services = CliServices.Pipeline(storage.Setting(parsed));
            ResultTables tables = services.GetRequiredService<ResultTables>();
            (DateOnly from, DateOnly to) = days.Of(parsed, services.GetRequiredService<TimeProvider>());
            var rows = new List<RecordingRow>();
            if (parsed.GetValue(which) is { } wanted)
            {
                rows.Add(await RecordingLookup.FindAsync(tables, wanted, from, to, cancellationToken));
            }
            else
            {
                await foreach (RecordingRow row in tables.RecordingsAsync(from, to, cancellationToken))
                    rows.Add(row);
            }

            var listing = new List<StatusV1>();
            foreach (RecordingRow row in rows)
                listing.Add(StatusV1.Of(row, await FinishedChunksAsync(tables, row, cancellationToken)));
            if (parsed.GetValue(json))
                Console.Out.WriteLine(JsonSerializer.Serialize(listing, CliJsonContext.Default.IReadOnlyListStatusV1));
            else if (listing.Count == 0)
                Terminal.Note("No recordings yet. Drop some with: nrser ingest");
            else
                Show(listing);
            return listing.Exists(recording => recording.Status is nameof(RecordingStatus.Rejected) or nameof(RecordingStatus.Failed)) ? ExitCode.SomeFailed : ExitCode.Success;
        });
        return command;
    }

    /// <summary>A table for people.</summary>
    internal static void Show(IReadOnlyCollection<StatusV1> recordings)
    {
        var table = new Table().AddColumns("Recording", "Name", "Status", "Length", "Chunks", "Speech", "Mean S", "Emotion", "Reason");
        foreach (StatusV1 recording in recordings)
        {
            string colour = recording.Status switch
            {
                nameof(RecordingStatus.Completed) => "green",
                nameof(RecordingStatus.Failed) or nameof(RecordingStatus.Rejected) => "red",
                _ => "yellow",
            };
            table.AddRow(
                recording.RecordingId, Markup.Escape(recording.BlobName), $"[{colour}]{recording.Status}[/]",
                recording.DurationSeconds is { } seconds ? TimeSpan.FromSeconds(seconds).ToString(@"hh\:mm\:ss") : "",
                recording.ExpectedChunks is { } expected ? $"{recording.FinishedChunks}/{expected}" : "",
                recording.SpeechSegments is { } speech ? $"{speech}/{recording.Segments}" : "", $"{recording.MeanSnrScore:F2}", recording.DominantEmotion ?? "",
                Markup.Escape(recording.Reason ?? ""));
        }

        Terminal.Data.Write(table);
    }

    /// <summary>Chunks done; asked of the service only while the recording is under way.</summary>
    internal static async Task<int> FinishedChunksAsync(ResultTables tables, RecordingRow row, CancellationToken cancellationToken)
    {
        if (row.Status == nameof(RecordingStatus.Completed))
            return row.ExpectedChunks ?? 0;
        int finished = 0;
        await foreach (ChunkRow chunk in tables.ChunksAsync(RecordingId.Parse(row.RowKey), cancellationToken))
            finished += chunk.FinishedAt is not null ? 1 : 0;
        return finished;
    }
}
