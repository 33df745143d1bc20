using System.CommandLine;
using System.Text.Json;
using Azure.Storage.Blobs;
using Microsoft.Extensions.DependencyInjection;
using NrSer.Cli.Output;
using NrSer.Cli.Storage;
using NrSer.Core.Audio;
using NrSer.Emulator;
using NrSer.Pipeline.Podcasts;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;
using NrSer.Pipeline.Storage;
using NrSer.Pipeline.Uploads;
using NrSer.Pipeline.Work;
using Spectre.Console;

namespace NrSer.Cli.Commands;

/// <summary><c>nrser ingest</c>: uploads recordings, each once.</summary>
internal static class IngestCommand
{
    private const int BulkFiles = 21; // nobody waits for the last of so many

    private static readonly TimeSpan s_threeSaves = TimeSpan.FromSeconds(15);

    public static Command Create(Terminal terminal)
    {
        var sources = new Argument<string[]>("sources")
        {
            Description = "Files, folders (searched for all that analyze reads, by content) or globs such as 'archive/**/*.mp3'.",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var manifest = new Option<FileInfo?>("--manifest")
        {
            Description = "A CSV file that lists recordings, in place of sources.", HelpName = "files.csv",
        };
        var parallel = new Option<int>("--parallel") { Description = "Uploads at once, 1 to 64.", DefaultValueFactory = _ => 4 }.OnlyWithin(1, 64);
        var channels = new Option<ChannelMode?>("--channels")
        {
            Description = "Mix all channels of these recordings, or hear each for itself (Separate); else as the pipeline is set.",
        };
        channels.AcceptOnlyFromAmong(StringComparer.OrdinalIgnoreCase, Enum.GetNames<ChannelMode>());
        var track = new Option<int?>("--track") { Description = "Which of the tracks with sound to hear, from 0." };
        var segments = new Option<SegmentStore?>("--segments")
        {
            Description = "Where their segments stand: Table, or Blob alone, which an emulator has more room for; else as the pipeline is set.",
        };
        segments.AcceptOnlyFromAmong(StringComparer.OrdinalIgnoreCase, Enum.GetNames<SegmentStore>());
        var lane = new Option<Lane?>("--lane")
        {
            Description = $"Live: somebody waits for them. Bulk: an archive, which others may overtake. Else Bulk from {BulkFiles} files on.",
        };
        lane.AcceptOnlyFromAmong(StringComparer.OrdinalIgnoreCase, Enum.GetNames<Lane>());
        var verbose = new Option<bool>("--verbose") { Description = "Name what is skipped in folders, and why." };
        var json = new Option<bool>("--json") { Description = "Print the report as JSON." };
        var storage = new StorageLocation();
        var command = new Command("ingest",
            """
            Uploads recordings. Run again after an interruption: what is already there, unchanged, is skipped.
            It ends when they are saved, which a storage emulator does every five seconds.

            A manifest has a row for each, with a path (from its own folder) or a url, and what is known of name, recordedAt and tags:

                path,url,name,recordedAt,tags
                talks/one.wav,,2020/one.wav,2020-04-01,"interview, radio"
                ,https://example.org/two.mp3,2020/two.mp3,2020-04-02T09:30:00+02:00,radio

            What a url names is fetched as episodes of podcasts are: by the settings NrSer__Podcasts__…, see docs/podcasts.md.
            """)
        {
            sources, manifest, parallel, channels, track, segments, lane, verbose, json,
        };
        storage.AddTo(command);
        command.Validators.Add(parsed =>
        {
            if ((parsed.GetValue(sources) is { Length: > 0 }) == (parsed.GetResult(manifest) is not null))
                parsed.AddError("Say what to upload: files, folders and globs, or --manifest.");
        });
        command.Run(terminal, async (parsed, cancellationToken) =>
        {
            storage.EnsureRoom(parsed, terminal);
            Listing listing = parsed.GetValue(manifest) is { } file ? Listed(terminal, file)
                : await FoundAsync(terminal, parsed.GetValue(sources) ?? [], parsed.GetValue(verbose), cancellationToken);
            var wishes = new UploadWishes(parsed.GetValue(channels), parsed.GetValue(track), parsed.GetValue(segments));
            Lane chosen = parsed.GetValue(lane) ?? (listing.Recordings.Count < BulkFiles ? Lane.Live : Lane.Bulk);
            await using ServiceProvider services = CliServices.Pipeline(terminal, storage.Settings(parsed, terminal));
            BlobContainerClient container = services.GetRequiredService<BlobStorage>().Container(StorageNames.Recordings);
            if (!await container.ExistsAsync(cancellationToken)) // in Azure it does, and who uploads need not be allowed to make containers
                await container.CreateAsync(cancellationToken: cancellationToken);
            if (storage.IsLocal(parsed) && listing.Recordings.Any(recording => recording.Address is not null))
                await services.GetRequiredService<ResultTables>().CreateMissingAsync(cancellationToken); // they hold whose turn it is at a host
            var uploads = new RecordingUploads(
                container, storage.IsLocal(parsed) ? services.GetRequiredService<UploadStore>() : null,
                services.GetRequiredService<AddressFetch>(), wishes, chosen);
            (int ProcessId, string BlobList)? emulator = storage.FindEmulator(parsed, terminal);
            IngestReportV1 report = await terminal.WithProgressAsync($"{listing.Recordings.Count} recordings",
                progress => uploads.RunAsync(
                    listing.Recordings, parsed.GetValue(parallel), () => storage.EnsureRoom(parsed, terminal), progress, cancellationToken));
            report = report with { Skipped = listing.Skipped, Failed = [.. listing.Refused, .. report.Failed.OrderBy(failure => failure.Line)] };
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
                terminal.Error($"{PlaceOf(failure, parsed.GetValue(manifest))}: {failure.Reason}");
            if (emulator is { BlobList: var list } && report.Uploaded > 0)
                await WaitForSaveAsync(list, uploads.LastAt, cancellationToken);
            bool isKept = report.Uploaded == 0 || storage.FindEmulator(parsed, terminal)?.ProcessId == emulator?.ProcessId;
            if (!isKept)
                terminal.Error("The emulator ended before it had saved all of this. Run the same command again: what is there is skipped.");
            return report.Failed.Count == 0 && isKept ? ExitCode.Success : ExitCode.SomeFailed;
        });
        return command;
    }

    private static async Task<Listing> FoundAsync(Terminal terminal, string[] sources, bool isVerbose, CancellationToken cancellationToken)
    {
        FoundRecordings found = await FoundRecordings.FindAsync(sources, cancellationToken);
        foreach ((string path, string reason) in isVerbose ? found.Skipped : [])
            terminal.Note($"skipped {path}: {reason}");
        return new Listing(
            [.. found.Files.Select(file => new ListedRecording(file.BlobName, file.File))],
            [.. found.Refused.Select(file => new IngestFailureV1(file.Path, file.Reason))], found.Skipped.Count);
    }

    private static Listing Listed(Terminal terminal, FileInfo file)
    {
        var manifest = IngestManifest.Read(file);
        foreach (string column in manifest.Unused)
            terminal.Note($"{file}: the column '{column}' is not used; path, url, name, recordedAt and tags are.");
        return new Listing(
            manifest.Recordings, [.. manifest.Wrong.Select(row => new IngestFailureV1($"{file}", row.Reason, row.Line, row.Column))], Skipped: 0);
    }

    private static string PlaceOf(IngestFailureV1 failure, FileInfo? manifest) => failure.Line is not { } line ? failure.File
        : failure.File == $"{manifest}" ? $"{manifest}, line {line}{(failure.Column is { } column ? $", {column}" : "")}"
        : $"{manifest}, line {line}, {failure.File}";

    /// <summary>Waits until the emulator has written down what uploads there are, which it does every five seconds where it did not before: an upload
    /// that stands in the save that was just going on is followed by no other.</summary>
    private static async Task WaitForSaveAsync(string blobList, DateTime uploadedAt, CancellationToken cancellationToken)
    {
        while (AzuriteProcess.SaveBegunAt(blobList) < uploadedAt && TimeProvider.System.GetUtcNow().UtcDateTime - uploadedAt < s_threeSaves)
            await Task.Delay(100, cancellationToken);
    }

    /// <summary>What is to be uploaded, and what cannot be.</summary>
    private sealed record Listing(IReadOnlyList<ListedRecording> Recordings, IReadOnlyList<IngestFailureV1> Refused, int Skipped);
}
