using System.CommandLine;
using System.Text.Json;
using Azure.Data.Tables;
using CsvHelper;
using NrSer.Cli.Output;
using NrSer.Pipeline;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Rows;

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

    public static Command Create()
    {
        var format = new Option<Format>("--format") { Description = "csv, parquet or jsonl.", DefaultValueFactory = _ => Format.Csv }.OnlyNames();
        var output = new Option<FileInfo?>("--output", "-o") { Description = "The file to write; standard output by default, but not for parquet." };
        var command = new Command("export", "Writes the segments of all recordings uploaded on the given days. What is still being processed has fewer rows, and says so in its status.") { format, output };
        command.RunOnRows(async (parsed, rows, cancellationToken) =>
        {
            FileInfo? target = parsed.GetValue(output);
            Format wanted = parsed.GetValue(format);
            if (wanted == Format.Parquet && target is null)
                throw new UsageException("Parquet is binary: name a file with --output.");
            await using UnfinishedFile? unfinished = target is null ? null : new UnfinishedFile(target);
            Stream file = unfinished?.Content ?? Console.OpenStandardOutput();
            int count = wanted switch
            {
                Format.Csv => await WriteCsvAsync(rows, file, cancellationToken),
                Format.Jsonl => await WriteJsonLinesAsync(rows, file, cancellationToken),
                _ => await WriteParquetAsync(rows, file, cancellationToken),
            };
            if (unfinished is not null)
                await unfinished.FinishAsync();
            Terminal.Note($"{count} segments exported.");
            return ExitCode.Success;
        });
        return command;
    }

    private static async Task<int> WriteCsvAsync(StoredRows stored, Stream file, CancellationToken cancellationToken)
    {
        // Labels are columns, and which there are is known only at the end of the first pass.
        List<(RecordingRow Recording, SegmentRow Segment)> rows = await ReadAsync(stored, cancellationToken);
        string[] labels = [.. rows.SelectMany(row => row.Segment.Probabilities?.Keys ?? []).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        await using CsvWriter csv = CsvWriter.Create(file, new CsvWriterOptions(), leaveOpen: true);
        string[] header =
        [
            "RecordingId", "BlobName", "Channel", "StartSeconds", "EndSeconds", "SnrScore", "MixWeight", "IsSpeech", "Emotion", "Confidence",
            .. labels.Select(label => $"Probability_{label}"), "Arousal", "Valence", "Dominance",
            "Status", "EnhancerModel", "SnrLevelModel", "EmotionModel", "ModelQuality",
        ];
        foreach (string name in header)
            csv.WriteField(name);
        await csv.EndRecordAsync(cancellationToken);
        foreach ((RecordingRow recording, SegmentRow segment) in rows)
        {
            csv.WriteField(recording.RowKey);
            csv.WriteField(recording.BlobName);
            csv.WriteField(segment.Channel);
            csv.WriteField(segment.StartSeconds);
            csv.WriteField(segment.EndSeconds);
            csv.WriteField(segment.SnrScore);
            csv.WriteField(segment.MixWeight);
            csv.WriteField(segment.IsSpeech);
            csv.WriteField(segment.Emotion);
            csv.WriteField(segment.Confidence);
            foreach (string label in labels)
                csv.WriteField(segment.Probabilities is { } probabilities && probabilities.TryGetValue(label, out float probability) ? probability : (float?)null);
            csv.WriteField(segment.Arousal);
            csv.WriteField(segment.Valence);
            csv.WriteField(segment.Dominance);
            csv.WriteField(recording.Status);
            csv.WriteField(recording.EnhancerModel);
            csv.WriteField(recording.SnrLevelModel);
            csv.WriteField(recording.EmotionModel);
            csv.WriteField(recording.ModelQuality);
            await csv.EndRecordAsync(cancellationToken);
        }

        return rows.Count;
    }

    private static async Task<int> WriteJsonLinesAsync(StoredRows stored, Stream file, CancellationToken cancellationToken)
    {
        int count = 0;
        await foreach (RecordingRow recording in stored.RecordingsAsync(cancellationToken))
        {
            foreach (SegmentRow segment in await stored.SegmentsAsync(recording, cancellationToken))
            {
                await JsonSerializer.SerializeAsync(
                    file, ExportRowV1.Of(recording, segment), CliLineJsonContext.Default.ExportRowV1, cancellationToken);
                await file.WriteAsync("\n"u8.ToArray(), cancellationToken);
                count++;
            }
        }

        return count;
    }

    private static async Task<int> WriteParquetAsync(StoredRows stored, Stream file, CancellationToken cancellationToken)
    {
        var entities = new List<TableEntity>();
        await foreach (RecordingRow recording in stored.RecordingsAsync(cancellationToken))
        {
            await foreach (TableEntity entity in stored.Tables.SegmentsAsync(RecordingId.Parse(recording.RowKey), cancellationToken))
                entities.Add(entity);
        }

        await SegmentParquet.WriteAsync(entities, file, cancellationToken);
        return entities.Count;
    }

    private static async Task<List<(RecordingRow Recording, SegmentRow Segment)>> ReadAsync(
        StoredRows stored, CancellationToken cancellationToken)
    {
        var rows = new List<(RecordingRow, SegmentRow)>();
        await foreach (RecordingRow recording in stored.RecordingsAsync(cancellationToken))
        {
            foreach (SegmentRow segment in await stored.SegmentsAsync(recording, cancellationToken))
                rows.Add((recording, segment));
        }

        return rows;
    }
}
