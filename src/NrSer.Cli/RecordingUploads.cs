using System.Security.Cryptography;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using NrSer.Cli.Local;
using NrSer.Cli.Output;
using NrSer.Pipeline.Podcasts;
using NrSer.Pipeline.Podcasts.Web;
using NrSer.Pipeline.Uploads;
using NrSer.Pipeline.Work;

namespace NrSer.Cli;

/// <summary>Uploads recordings, each once.</summary>
/// <param name="container">Receives them.</param>
/// <param name="announced">Told of each; null in Azure, where Event Grid tells.</param>
/// <param name="addresses">Fetches what is no file.</param>
/// <param name="wishes">How they are to be read.</param>
/// <param name="lane">Which queues they take.</param>
internal sealed class RecordingUploads(BlobContainerClient container, UploadStore? announced, AddressFetch addresses, UploadWishes wishes, Lane lane)
{
    /// <summary>When the last of them was uploaded.</summary>
    public DateTime LastAt { get; private set; }

    /// <summary>Uploads all of them; one that cannot be uploaded keeps no other.</summary>
    /// <param name="recordings">Which.</param>
    /// <param name="parallel">How many at once.</param>
    /// <param name="ensureRoom">Throws when there is no room for another.</param>
    /// <param name="progress">Told the share that is done.</param>
    /// <param name="cancellationToken">Stops it; run again, it goes on.</param>
    public async Task<IngestReportV1> RunAsync(
        IReadOnlyList<ListedRecording> recordings, int parallel, Action ensureRoom, Action<double> progress, CancellationToken cancellationToken)
    {
        long total = Math.Max(1, recordings.Sum(recording => recording.Bytes)), done = 0, bytes = 0;
        int uploaded = 0, there = 0;
        var replaced = new List<string>();
        var failed = new List<IngestFailureV1>();
        await Parallel.ForEachAsync(recordings, new ParallelOptions { MaxDegreeOfParallelism = parallel, CancellationToken = cancellationToken },
            async (recording, token) =>
        {
            try
            {
                ensureRoom();
                (Outcome outcome, long sent) = recording.Address is { } address ? await FetchAsync(recording, address, token)
                    : await UploadAsync(container.GetBlobClient(recording.BlobName), recording, recording.File!, token);
                if (outcome != Outcome.AlreadyThere)
                {
                    lock (failed)
                        LastAt = TimeProvider.System.GetUtcNow().UtcDateTime;
                }

                if (outcome != Outcome.AlreadyThere && announced is not null)
                    await AnnounceAsync(announced, recording.BlobName, token);
                switch (outcome)
                {
                    case Outcome.AlreadyThere or Outcome.Described:
                        Interlocked.Increment(ref there);
                        break;
                    case Outcome.Replaced:
                        lock (replaced)
                            replaced.Add(recording.BlobName);
                        goto default;
                    default:
                        Interlocked.Increment(ref uploaded);
                        Interlocked.Add(ref bytes, sent);
                        break;
                }
            }
            catch (Exception error) when (
                error is IOException or UnauthorizedAccessException or PodcastException or LocalStackException
                    or RequestFailedException { Status: not 0 })
            {
                lock (failed)
                    failed.Add(new IngestFailureV1(recording.Place, error.Message.Split('\n')[0].Trim(), recording.Line));
            }

            progress(Interlocked.Add(ref done, recording.Bytes) / (double)total);
        });
        replaced.Sort(StringComparer.Ordinal);
        return new IngestReportV1(uploaded, replaced, there, failed, bytes, Skipped: 0);
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

    private async Task<(Outcome Outcome, long Bytes)> FetchAsync(ListedRecording recording, Uri address, CancellationToken cancellationToken) =>
        await addresses.RunAsync(address, recording.BlobName, MetadataOf(recording), cancellationToken) is { } bytes ? (Outcome.New, bytes)
            : await DescribeAsync(container.GetBlobClient(recording.BlobName), recording, there: null, cancellationToken);

    /// <summary>Uploads a file unless a blob of that name has the same content, and the wishes if there are any.</summary>
    private async Task<(Outcome Outcome, long Bytes)> UploadAsync(
        BlobClient blob, ListedRecording recording, FileInfo file, CancellationToken cancellationToken)
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
            return await DescribeAsync(blob, recording, there.Value, cancellationToken);
        content.Position = 0;
        var options = new BlobUploadOptions { HttpHeaders = new BlobHttpHeaders { ContentHash = hash }, Metadata = MetadataOf(recording) };
        await blob.UploadAsync(content, options, cancellationToken);
        return (there is null ? Outcome.New : Outcome.Replaced, file.Length);
    }

    /// <summary>Says of a blob that is there what is said of it now, if that was not said before.</summary>
    private static async Task<(Outcome Outcome, long Bytes)> DescribeAsync(
        BlobClient blob, ListedRecording recording, BlobProperties? there, CancellationToken cancellationToken)
    {
        if (recording.About.Count == 0)
            return (Outcome.AlreadyThere, 0);
        there ??= await blob.GetPropertiesAsync(cancellationToken: cancellationToken);
        if (recording.About.All(said => there.Metadata.TryGetValue(said.Key, out string? known) && known == said.Value))
            return (Outcome.AlreadyThere, 0);
        var metadata = new Dictionary<string, string>(there.Metadata, StringComparer.OrdinalIgnoreCase);
        foreach ((string name, string value) in recording.About)
            metadata[name] = value;
        await blob.SetMetadataAsync(metadata, new BlobRequestConditions { IfMatch = there.ETag }, cancellationToken);
        return (Outcome.Described, 0);
    }

    private IDictionary<string, string> MetadataOf(ListedRecording recording)
    {
        IDictionary<string, string> metadata = wishes.ToMetadata();
        if (lane == Lane.Bulk)
            metadata.Add(UploadMetadata.LaneName, nameof(Lane.Bulk));
        foreach ((string name, string value) in recording.About)
            metadata[name] = value;
        return metadata;
    }

    private enum Outcome
    {
        New,
        Replaced,
        AlreadyThere,
        Described,
    }
}
