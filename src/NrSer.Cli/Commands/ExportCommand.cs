using System.CommandLine;
using System.Text.Json;
using NrSer.Cli.Output;
using NrSer.Pipeline.Results;

namespace NrSer.Cli.Commands;

/// <summary><c>nrser export</c>: the rows of many recordings in one file.</summary>
internal static class ExportCommand
{
    private enum Format
    {
        Csv,
        Parquet,
        Jsonl,
    }

    public static Command Create(Terminal terminal)
    {
        var format = new Option<Format>("--format") { Description = "csv, parquet or jsonl.", DefaultValueFactory = _ => Format.Csv }.OnlyNames();
        var output = new Option<FileInfo?>("--output", "-o") { Description = "The file to write; standard output by default, but not for parquet." };
        var command =
            new Command("export",
                "Writes the segments of all recordings uploaded on the given days. What is still being processed has fewer rows, and says so in "
                + "its status.") { format, output };
        command.RunOnRows(terminal, async (parsed, rows, cancellationToken) =>
        {
            FileInfo? target = parsed.GetValue(output);
            Format wanted = parsed.GetValue(format);
            if (wanted == Format.Parquet && target is null)
                throw new UsageException("Parquet is binary: name a file with --output.");
            await using UnfinishedFile? unfinished = target is null ? null : new UnfinishedFile(target);
            Stream file = unfinished?.Content ?? terminal.OpenOutput();
            int count = wanted switch
            {
                Format.Csv => await WriteCsvAsync(rows, file, cancellationToken),
                Format.Jsonl => await WriteJsonLinesAsync(rows, file, cancellationToken),
                _ => await WriteParquetAsync(rows, file, cancellationToken),
            };
            if (unfinished is not null)
                await unfinished.FinishAsync();
            terminal.Note($"{count} segments exported.");
            return ExitCode.Success;
        });
        return command;
    }

    private static async Task<int> WriteCsvAsync(StoredRows stored, Stream file, CancellationToken cancellationToken)
    {
        await using var text = new StreamWriter(file, leaveOpen: true);
        await text.WriteAsync(SegmentExport.CsvHeader.AsMemory(), cancellationToken);
        return await ForEachAsync(
            stored, (recording, segment) => text.WriteAsync(SegmentExport.CsvLine(recording, segment).AsMemory(), cancellationToken),
            cancellationToken);
    }

    private static async Task<int> WriteJsonLinesAsync(StoredRows stored, Stream file, CancellationToken cancellationToken)
    {
        await using var json = new Utf8JsonWriter(file);
        return await ForEachAsync(stored, async (recording, segment) =>
        {
            SegmentExport.WriteJson(json, recording, segment);
            await json.FlushAsync(cancellationToken);
            json.Reset();
            await file.WriteAsync("\n"u8.ToArray(), cancellationToken);
        }, cancellationToken);
    }

    private static async Task<int> WriteParquetAsync(StoredRows stored, Stream file, CancellationToken cancellationToken)
    {
        var segments = new List<Segment>();
        await ForEachAsync(stored, (_, segment) =>
        {
            segments.Add(segment);
            return Task.CompletedTask;
        }, cancellationToken);
        await SegmentParquet.WriteAsync(segments, file, cancellationToken);
        return segments.Count;
    }

    private static async Task<int> ForEachAsync(StoredRows stored, Func<Recording, Segment, Task> write, CancellationToken cancellationToken)
    {
        int count = 0;
        await foreach (Recording recording in stored.RecordingsAsync(cancellationToken))
        {
            await foreach (Segment segment in stored.Store.SegmentsAsync(recording.Id, cancellationToken))
            {
                await write(recording, segment);
                count++;
            }
        }

        return count;
    }
}
