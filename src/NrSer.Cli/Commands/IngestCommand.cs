using System.CommandLine;
using System.Security.Cryptography;
using System.Text.Json;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Microsoft.Extensions.DependencyInjection;
using NrSer.Cli.Output;
using NrSer.Cli.Storage;
using NrSer.Core.Audio;
using NrSer.Pipeline.Storage;
using NrSer.Pipeline.Uploads;
using NrSer.Pipeline.Work;
using Spectre.Console;

namespace NrSer.Cli.Commands;

/// <summary><c>nrser ingest</c>: uploads recordings, each once.</summary>
internal static class IngestCommand
{
    private const int BulkFiles = 21; // nobody waits for the last of so many

    public static Command Create(Terminal terminal)
    {
        var sources = new Argument<string[]>("sources")
        {
            Description = "Files, folders (searched for all that analyze reads, by content) or globs such as 'archive/**/*.mp3'.",
            Arity = ArgumentArity.OneOrMore,
        };
        var parallel = new Option<int>("--parallel") { Description = "Uploads at once, 1 to 64.", DefaultValueFactory = _ => 4 }.OnlyWithin(1, 64);
        var channels = new Option<ChannelMode?>("--channels")
        {
            Description = "Mix all channels of these recordings, or hear each for itself (Separate); else as the pipeline is set.",
        };
        channels.AcceptOnlyFromAmong(StringComparer.OrdinalIgnoreCase, Enum.GetNames<ChannelMode>());
        var track = new Option<int?>("--track") { Description = "Which of the tracks with sound to hear, from 0." };
        var lane = new Option<Lane?>("--lane")
        {
            Description = $"Live: somebody waits for them. Bulk: an archive, which others may overtake. Else Bulk from {BulkFiles} files on.",
        };
        lane.AcceptOnlyFromAmong(StringComparer.OrdinalIgnoreCase, Enum.GetNames<Lane>());
        var verbose = new Option<bool>("--verbose") { Description = "Name what is skipped in folders, and why." };
        var json = new Option<bool>("--json") { Description = "Print the report as JSON." };
        var storage = new StorageLocation();
        var command = new Command("ingest",
            "Uploads recordings. Run again after an interruption: what is already there, unchanged, is skipped.")
        {
            sources, parallel, channels, track, lane, verbose, json,
        };
        storage.AddTo(command);
        command.Run(terminal, async (parsed, cancellationToken) =>
        {
            storage.EnsureRoom(parsed);
            FoundRecordings found = await FoundRecordings.FindAsync(parsed.GetRequiredValue(sources), cancellationToken);
            IReadOnlyList<(FileInfo File, string BlobName)> files = found.Files;
            var wishes = new UploadWishes(parsed.GetValue(channels), parsed.GetValue(track));
            Lane chosen = parsed.GetValue(lane) ?? (files.Count < BulkFiles ? Lane.Live : Lane.Bulk);
            var refused = found.Refused.Select(file => new IngestFailureV1(file.Path, file.Reason)).ToList();
            foreach ((string path, string reason) in parsed.GetValue(verbose) ? found.Skipped : [])
                terminal.Note($"skipped {path}: {reason}");
            await using ServiceProvider services = CliServices.Pipeline(terminal, storage.Settings(parsed, terminal));
            BlobContainerClient container = services.GetRequiredService<BlobStorage>().Container(StorageNames.Recordings);
            if (!await container.ExistsAsync(cancellationToken)) // in Azure it does, and who uploads need not be allowed to make containers
                await container.CreateAsync(cancellationToken: cancellationToken);
            UploadStore? announced = storage.IsLocal(parsed) ? services.GetRequiredService<UploadStore>() : null; // in Azure, Event Grid tells
            (int ProcessId, string BlobList)? emulator = storage.FindEmulator(parsed, terminal);
            IngestReportV1 report = (await terminal.WithProgressAsync(
                $"{files.Count} files", progress => UploadAllAsync(
                    container, announced, files, refused, wishes, chosen, parsed.GetValue(parallel), progress, cancellationToken)))
                        with
            { Skipped = found.Skipped.Count };
            if (parsed.GetValue(json))
                terminal.Out.WriteLine(JsonSerializer.Serialize(report, CliJsonContext.Default.IngestReportV1));
            else
            {
                terminal.Data.MarkupLineInterpolated(
                    $"{report.Uploaded} uploaded ({report.Bytes / 1e6:F1} MB), {report.AlreadyThere} already there, {report.Failed.Count} failed");
            }

            if (report.Skipped > 0 && !parsed.GetValue(verbose))
                terminal.Note($"{report.Skipped} files are no recordings and were skipped; --verbose names them.");
            foreach (string name in report.Replaced)
                terminal.Note($"{name} replaces an earlier upload of that name with other content, which is lost if it was not taken in yet.");
            foreach (IngestFailureV1 failure in report.Failed)
                terminal.Error($"{failure.File}: {failure.Reason}");
            // Of an archive nobody can tell afterwards what is missing; a file or two are missed.
            bool isKept = emulator is null || chosen == Lane.Live || report.Uploaded == 0
                || (await IsSavedAsync(emulator.Value.BlobList, cancellationToken)
                    && storage.FindEmulator(parsed, terminal)?.ProcessId == emulator.Value.ProcessId);
            if (!isKept)
                terminal.Error("The emulator ended before it had saved all of this. Run the same command again: what is there is skipped.");
            return report.Failed.Count == 0 && isKept ? ExitCode.Success : ExitCode.SomeFailed;
        });
        return command;
    }

    private static async Task<IngestReportV1> UploadAllAsync(
        BlobContainerClient container, UploadStore? announced, IReadOnlyList<(FileInfo File, string BlobName)> files,
        List<IngestFailureV1> failed, UploadWishes wishes, Lane lane, int parallel, Action<double> progress, CancellationToken cancellationToken)
    {
        long total = Math.Max(1, files.Sum(file => file.File.Length)), done = 0, bytes = 0;
        int uploaded = 0, there = 0;
        var replaced = new List<string>();
        await Parallel.ForEachAsync(files, new ParallelOptions { MaxDegreeOfParallelism = parallel, CancellationToken = cancellationToken },
            async (file, token) =>
        {
            try
            {
                Outcome outcome = await UploadAsync(container.GetBlobClient(file.BlobName), file.File, wishes, lane, token);
                if (outcome is not Outcome.AlreadyThere && announced is not null)
                    await AnnounceAsync(announced, file.BlobName, token);
                switch (outcome)
                {
                    case Outcome.AlreadyThere:
                        Interlocked.Increment(ref there);
                        break;
                    case Outcome.Replaced:
                        lock (replaced)
                            replaced.Add(file.BlobName);
                        goto default;
                    default:
                        Interlocked.Increment(ref uploaded);
                        Interlocked.Add(ref bytes, file.File.Length);
                        break;
                }
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException or RequestFailedException { Status: not 0 })
            {
                lock (failed)
                    failed.Add(new IngestFailureV1(file.File.FullName, error.Message.Split('\n')[0].Trim()));
            }

            progress(Interlocked.Add(ref done, file.File.Length) / (double)total);
        });
        replaced.Sort(StringComparer.Ordinal);
        return new IngestReportV1(uploaded, replaced, there, failed, bytes, Skipped: 0);
    }

    /// <summary>Waits until the emulator has written down what uploads there are, which it does every few seconds.</summary>
    /// <returns>False when it does not.</returns>
    private static async Task<bool> IsSavedAsync(string blobList, CancellationToken cancellationToken)
    {
        DateTime now = TimeProvider.System.GetUtcNow().UtcDateTime;
        for (int look = 0; look < 300; look++)
        {
            if (File.GetLastWriteTimeUtc(blobList) >= now)
                return true;
            await Task.Delay(100, cancellationToken);
        }

        return false;
    }

    /// <summary>Says that there is something new, so that nobody has to look for it.</summary>
    private static async Task AnnounceAsync(UploadStore uploads, string blobName, CancellationToken cancellationToken)
    {
        try
        {
            if (await uploads.FindAsync(blobName, cancellationToken) is { } upload)
                await uploads.AnnounceAsync(upload, cancellationToken);
        }
        catch (RequestFailedException)
        {
            // It is there, and will be found within a minute.
        }
    }

    /// <summary>Uploads a file unless a blob of that name has the same content, and the wishes if there are any.</summary>
    private static async Task<Outcome> UploadAsync(
        BlobClient blob, FileInfo file, UploadWishes wishes, Lane lane, CancellationToken cancellationToken)
    {
        if (file.Length == 0)
            throw new IOException("It is empty, or no regular file."); // opening a pipe would wait for somebody to write
        await using FileStream content = file.OpenRead();
#pragma warning disable CA5351 // what the service keeps per blob to compare content by: not a security measure
        byte[] hash = await MD5.HashDataAsync(content, cancellationToken);
#pragma warning restore CA5351
        Response<BlobProperties>? there = null;
        try
        {
            there = await blob.GetPropertiesAsync(cancellationToken: cancellationToken);
        }
        catch (RequestFailedException missing) when (missing.Status == 404)
        {
            // New.
        }

        bool isWished = there is null || wishes == UploadWishes.None || wishes == UploadWishes.Of(there.Value.Metadata);
        if (isWished && there?.Value.ContentHash is { } stored && stored.AsSpan().SequenceEqual(hash))
            return Outcome.AlreadyThere;
        content.Position = 0;
        IDictionary<string, string> metadata = wishes.ToMetadata();
        if (lane == Lane.Bulk)
            metadata.Add(UploadMetadata.LaneName, nameof(Lane.Bulk));
        var options = new BlobUploadOptions { HttpHeaders = new BlobHttpHeaders { ContentHash = hash }, Metadata = metadata };
        await blob.UploadAsync(content, options, cancellationToken);
        return there is null ? Outcome.New : Outcome.Replaced;
    }

    private enum Outcome
    {
        New,
        Replaced,
        AlreadyThere,
    }
}
