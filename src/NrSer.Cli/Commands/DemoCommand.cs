using System.CommandLine;
using System.Text.Json;
using Azure.Storage.Blobs;
using Microsoft.Extensions.DependencyInjection;
using NrSer.Cli.Local;
using NrSer.Cli.Output;
using NrSer.Pipeline;
using NrSer.Pipeline.Chunks;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;
using NrSer.Pipeline.Storage;
using Spectre.Console;

namespace NrSer.Cli.Commands;

/// <summary><c>nrser demo</c>: three samples through the whole pipeline, on a storage of its own.</summary>
internal static class DemoCommand
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan s_lookInterval = TimeSpan.FromMilliseconds(300);

    public static Command Create(Terminal terminal)
    {
        var json = new Option<bool>("--json") { Description = "Print JSON." };
        var command =
            new Command("demo", "Starts the pipeline on a temporary storage, drops three samples (clean, noisy, noise only) and shows their rows.")
        {
            json,
        };
        command.Run(terminal, async (parsed, cancellationToken) =>
        {
            string folder = Directory.CreateTempSubdirectory("nrser-demo-").FullName;
            try
            {
                terminal.Note("Starting the storage emulator and the stages…");
                await using LocalStack stack = await LocalStack.StartAsync(folder, verbose: false, terminal, cancellationToken);
                string[] samples = [.. Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "samples"), "*.wav").Order(StringComparer.Ordinal)];
                BlobContainerClient container = stack.Services.GetRequiredService<BlobStorage>().Container(StorageNames.Recordings);
                foreach (string sample in samples)
                {
                    await container.GetBlobClient(Path.GetFileName(sample)).UploadAsync(sample, overwrite: true, cancellationToken);
                    terminal.Note($"dropped {Path.GetFileName(sample)} into the recordings container");
                }

                DateOnly today = DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().UtcDateTime);
                var stored = new StoredRows(stack.Services.GetRequiredService<RecordingStore>(), today, today.AddDays(1)); // it may strike midnight
                List<Recording> rows = await WatchAsync(stored, samples.Length, terminal, cancellationToken);
                if (parsed.GetValue(json))
                    await PrintAsync(terminal, stored, rows, cancellationToken);
                else
                    await ShowAsync(terminal, stored, rows, cancellationToken);
                return rows.TrueForAll(row => row.Status == RecordingStatus.Completed) ? ExitCode.Success : ExitCode.SomeFailed;
            }
            finally
            {
                Directory.Delete(folder, recursive: true);
            }
        });
        return command;
    }

    private static async Task<List<Recording>> WatchAsync(StoredRows stored, int expected, Terminal terminal, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(s_limit);
        var told = new Dictionary<string, string>(StringComparer.Ordinal);
        try
        {
            while (true)
            {
                var rows = new List<Recording>();
                await foreach (Recording row in stored.RecordingsAsync(limit.Token))
                {
                    rows.Add(row);
                    string step = await StepOfAsync(stored.Store, row, limit.Token);
                    if (told.GetValueOrDefault(row.Id.Value) != step)
                        terminal.Notes.MarkupLineInterpolated($"[grey]{row.BlobName,-16}[/] {step}");
                    told[row.Id.Value] = step;
                }

                if (rows.Count == expected && rows.TrueForAll(HasEnded))
                    return [.. rows.OrderBy(row => row.BlobName, StringComparer.Ordinal)];
                await Task.Delay(s_lookInterval, limit.Token);
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new LocalStackException(
                $"The samples were not done within {s_limit.TotalMinutes:F0} minutes. Last seen: {string.Join(", ", told.Values)}");
        }
    }

    private static bool HasEnded(Recording row) =>
        !row.Status.IsOpen();

    /// <summary>What the pipeline last did for a recording, read from its rows as anyone could.</summary>
    private static async Task<string> StepOfAsync(RecordingStore store, Recording row, CancellationToken cancellationToken)
    {
        if (HasEnded(row))
            return row.Reason is { Length: > 0 } reason ? $"{row.Status}: {reason}" : row.Status.ToString();
        string step = row.ExpectedChunks is null ? "decoding" : "decoded and cut";
        await foreach (Chunk chunk in store.ChunksAsync(row.Id, cancellationToken))
            step = chunk.FinishedAt is not null ? "recognised" : chunk.EnhancedAt is not null ? "enhanced and scored" : step;
        return step;
    }

    private static async Task PrintAsync(Terminal terminal, StoredRows stored, List<Recording> rows, CancellationToken cancellationToken)
    {
        var results = new List<ResultsV2>();
        foreach (Recording row in rows)
        {
            List<Segment> segments = await stored.SegmentsAsync(row, cancellationToken);
            results.Add(new ResultsV2(StatusV1.Of(row, await stored.FinishedChunksAsync(row, cancellationToken)), segments));
        }

        terminal.Out.WriteLine(JsonSerializer.Serialize(results, CliJsonContext.Default.IReadOnlyListResultsV2));
    }

    private static async Task ShowAsync(Terminal terminal, StoredRows stored, List<Recording> rows, CancellationToken cancellationToken)
    {
        foreach (Recording row in rows)
        {
            List<Segment> segments = await stored.SegmentsAsync(row, cancellationToken);
            terminal.Data.WriteLine();
            terminal.Data.MarkupLineInterpolated($"[bold]{row.BlobName}[/]  {row.Id.Value}  [green]{row.Status}[/]  {row.DurationSeconds:F1} s");
            ResultsCommand.Show(terminal, segments);
        }

        terminal.Data.WriteLine();
        terminal.Data.MarkupLineInterpolated(
            $"S: near 1 clean speech, near 0 noise only. S': share of the original in what was recognised. Models: {rows[0].ModelQuality} quality.");
    }
}
