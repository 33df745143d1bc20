using System.Buffers;
using System.CommandLine;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using NrSer.Cli.Output;
using NrSer.Pipeline;
using NrSer.Pipeline.Results;

namespace NrSer.Cli.Commands;

/// <summary><c>nrser export</c>: the rows of many recordings in one file.</summary>
internal static class ExportCommand
{
    private const int FlushBytes = 1 << 16;

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
        var status = new Option<RecordingStatus?>("--status") { Description = "Only recordings that stand so, such as Completed." };
        status.AcceptOnlyFromAmong(StringComparer.OrdinalIgnoreCase, Enum.GetNames<RecordingStatus>());
        var trust = new Option<float?>("--min-trust") { Description = "Only segments whose emotion is trusted at least so much, 0 to 1." };
        trust.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var text }] && float.TryParse(text, out float least) && least is not (>= 0 and <= 1))
                result.AddError("--min-trust takes 0 to 1.");
        });
        var defuse = new Option<bool>("--defuse-formulas")
        {
            Description = "CSV for spreadsheets: text that would be computed, as a recording named =SUM(A1), begins with an apostrophe.",
        };
        var bom = new Option<bool>("--bom") { Description = "CSV for Excel: begins with the mark by which it knows UTF-8." };
        var command = new Command(
            "export",
            "Writes the segments of all recordings uploaded on the given days. What is still being processed has fewer rows, and says so in "
            + "its status. A file gets its name when it is whole; what goes to standard output is whole if the exit code is 0.")
        { format, output, status, trust, defuse, bom };
        command.Validators.Add(parsed =>
        {
            // as it was typed: what is no format is complained of by itself
            bool isCsv = parsed.GetResult(format) is not { Tokens: [{ Value: var typed }] }
                || Enum.TryParse(typed, ignoreCase: true, out Format named) is false
                || named == Format.Csv;
            if (!isCsv && (parsed.GetValue(defuse) || parsed.GetValue(bom)))
                parsed.AddError("--defuse-formulas and --bom go with --format csv.");
        });
        command.RunOnRowsOfFeed(terminal, async (parsed, rows, cancellationToken) =>
        {
            FileInfo? target = parsed.GetValue(output);
            Format wanted = parsed.GetValue(format);
            if (wanted == Format.Parquet && target is null)
                throw new UsageException("Parquet is binary: name a file with --output.");
            await using UnfinishedFile? unfinished = target is null ? null : new UnfinishedFile(target);
            Stream file = unfinished?.Content ?? terminal.OpenOutput();
            IAsyncEnumerable<(Recording Recording, Segment Segment)> chosen =
                ChooseAsync(rows, parsed.GetValue(status), parsed.GetValue(trust), cancellationToken);
            long count = wanted switch
            {
                Format.Csv => await WriteCsvAsync(chosen, file, parsed.GetValue(defuse), parsed.GetValue(bom), cancellationToken),
                Format.Jsonl => await WriteJsonLinesAsync(chosen, file, cancellationToken),
                _ => await SegmentParquet.WriteAsync(chosen.Select(row => row.Segment), file, cancellationToken),
            };
            if (unfinished is not null)
                await unfinished.FinishAsync();
            terminal.Note($"{count} segments exported.");
            return ExitCode.Success;
        });
        return command;
    }

    private static async IAsyncEnumerable<(Recording Recording, Segment Segment)> ChooseAsync(
        StoredRows stored, RecordingStatus? status, float? minTrust, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (Recording recording in stored.RecordingsAsync(status, cancellationToken))
        {
            await foreach (Segment segment in stored.Store.SegmentsAsync(recording, cancellationToken))
            {
                if (minTrust is not { } least || segment.Trust >= least)
                    yield return (recording, segment);
            }
        }
    }

    private static async Task<long> WriteCsvAsync(
        IAsyncEnumerable<(Recording Recording, Segment Segment)> rows, Stream file, bool defused, bool bom, CancellationToken cancellationToken)
    {
        await using var text = new StreamWriter(file, new UTF8Encoding(encoderShouldEmitUTF8Identifier: bom), FlushBytes, leaveOpen: true);
        await text.WriteAsync(SegmentExport.CsvHeader.AsMemory(), cancellationToken);
        long count = 0;
        await foreach ((Recording recording, Segment segment) in rows)
        {
            await text.WriteAsync(SegmentExport.CsvLine(recording, segment, defused).AsMemory(), cancellationToken);
            count++;
        }

        return count;
    }

    private static async Task<long> WriteJsonLinesAsync(
        IAsyncEnumerable<(Recording Recording, Segment Segment)> rows, Stream file, CancellationToken cancellationToken)
    {
        var lines = new ArrayBufferWriter<byte>(2 * FlushBytes);
        await using var json = new Utf8JsonWriter(lines);
        long count = 0;
        await foreach ((Recording recording, Segment segment) in rows)
        {
            SegmentExport.WriteJson(json, recording, segment);
            await json.FlushAsync(cancellationToken);
            json.Reset();
            lines.Write("\n"u8);
            count++;
            if (lines.WrittenCount >= FlushBytes)
            {
                await file.WriteAsync(lines.WrittenMemory, cancellationToken);
                lines.ResetWrittenCount();
            }
        }

        await file.WriteAsync(lines.WrittenMemory, cancellationToken);
        return count;
    }
}
