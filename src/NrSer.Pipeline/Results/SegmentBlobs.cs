using System.Runtime.CompilerServices;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using NrSer.Pipeline.Chunks;
using NrSer.Pipeline.Storage;

namespace NrSer.Pipeline.Results;

/// <summary>Segment rows while a recording is worked on and ever after, a blob a chunk: what completion, table, Parquet and lake are made
/// from.</summary>
/// <param name="storage">The account.</param>
public sealed class SegmentBlobs(BlobStorage storage)
{
    private readonly BlobContainerClient _results = storage.Container(StorageNames.Results);

    /// <summary>Merges one stage's columns into a chunk's rows, as the table does: what is null stays as it is.</summary>
    /// <param name="chunk">The chunk.</param>
    /// <param name="segments">Some or all of its segments.</param>
    /// <param name="owner">The stage: no other column is written.</param>
    /// <param name="cancellationToken">Stops the requests.</param>
    public async Task MergeAsync(ChunkId chunk, IReadOnlyCollection<Segment> segments, Stage owner, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(segments);
        if (segments.Count == 0)
            return;
        Column<Segment>[] columns = [.. SegmentColumns.All.Where(column => column.IsKey || column.Owners.HasFlag(owner))];
        BlobClient blob = _results.GetBlobClient(NameOf(chunk));
        bool isFirst = owner == Stage.Enhance; // unless an earlier run was here, nobody was
        while (true)
        {
            (SortedDictionary<string, Segment> rows, ETag? seen) = isFirst ? (new(StringComparer.Ordinal), null)
                : await FindAsync(blob, chunk.Recording, cancellationToken).ConfigureAwait(false);
            isFirst = false;
            foreach (Segment segment in segments)
            {
                Segment row = rows.GetValueOrDefault(segment.Key) ?? new Segment { RecordingId = chunk.Recording };
                rows[segment.Key] = columns.Aggregate(row, (merged, column) =>
                    column.ValueOf(segment) is { } value && !column.IsKey ? column.With(merged, value) : merged);
            }

            if (await TryWriteAsync(blob, rows.Values, seen, cancellationToken).ConfigureAwait(false))
                return;
        }
    }

    /// <summary>A recording's segments, in order of channel and time: from its journal, one request that is never half old and half new, once it
    /// is complete; else a chunk at a time.</summary>
    /// <param name="recording">The recording.</param>
    /// <param name="cancellationToken">Stops between chunks.</param>
    public async IAsyncEnumerable<Segment> ReadAsync(Recording recording, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(recording);
        RecordingId id = recording.Id;
        if (recording.Status == RecordingStatus.Completed)
        {
            (SortedDictionary<string, Segment> journal, ETag? seen) = await FindAsync(
                _results.GetBlobClient(ResultBlobs.SegmentsName(id)), id, cancellationToken).ConfigureAwait(false);
            if (seen is not null)
            {
                foreach (Segment row in journal.Values)
                    yield return row;
                yield break;
            }
        }

        await foreach ((BlobClient blob, _) in ListAsync(id, cancellationToken).ConfigureAwait(false))
        {
            (SortedDictionary<string, Segment> rows, _) = await FindAsync(blob, id, cancellationToken).ConfigureAwait(false);
            foreach (Segment row in rows.Values)
                yield return row;
        }
    }

    /// <summary>The segments of chunks, in the order of those; nothing is listed, since what a listing costs grows with the account.</summary>
    /// <param name="chunks">All of a recording's, in order.</param>
    /// <param name="cancellationToken">Stops between chunks.</param>
    public async IAsyncEnumerable<Segment> ReadAsync(IEnumerable<ChunkId> chunks, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(chunks);
        foreach (ChunkId chunk in chunks)
        {
            (SortedDictionary<string, Segment> rows, _) = await FindAsync(
                _results.GetBlobClient(NameOf(chunk)), chunk.Recording, cancellationToken).ConfigureAwait(false);
            foreach (Segment row in rows.Values)
                yield return row;
        }
    }

    /// <summary>The blobs of a recording, in order of channel and time.</summary>
    internal IAsyncEnumerable<ListedBlob> ListAsync(RecordingId id, CancellationToken cancellationToken) =>
        ListedBlob.ListAsync(_results, $"{Folder(id)}/", cancellationToken);

    private static string Folder(RecordingId id) => $"{id}/segments";

    private static string NameOf(ChunkId chunk) => $"{Folder(chunk.Recording)}/{chunk.Key}.parquet";

    private static async Task<(SortedDictionary<string, Segment> Rows, ETag? Seen)> FindAsync(
        BlobClient blob, RecordingId id, CancellationToken cancellationToken)
    {
        var rows = new SortedDictionary<string, Segment>(StringComparer.Ordinal);
        try
        {
            BlobDownloadResult found = (await blob.DownloadContentAsync(cancellationToken).ConfigureAwait(false)).Value;
            using Stream file = found.Content.ToStream();
            await foreach (Segment row in SegmentParquet.ReadAsync(file, id, cancellationToken).ConfigureAwait(false))
                rows[row.Key] = row;
            return (rows, found.Details.ETag);
        }
        catch (RequestFailedException missing) when (missing.Status == 404)
        {
            return (rows, null);
        }
        catch (Exception damaged) when (damaged is not (RequestFailedException or OperationCanceledException or OutOfMemoryException))
        {
            throw new InvalidDataException(
                $"{blob.BlobContainerName}/{blob.Name}, segments of recording {id}, is damaged: {damaged.Message.Split('\n', 2)[0].Trim()}", damaged);
        }
    }

    /// <returns>False when another writer was faster: look again at what it wrote.</returns>
    private static async Task<bool> TryWriteAsync(
        BlobClient blob, IReadOnlyCollection<Segment> rows, ETag? seen, CancellationToken cancellationToken)
    {
        using var file = new MemoryStream();
        await SegmentParquet.WriteAsync(rows, file, cancellationToken).ConfigureAwait(false);
        file.Position = 0;
        var options = new BlobUploadOptions
        {
            Conditions = seen is { } etag ? new BlobRequestConditions { IfMatch = etag } : new BlobRequestConditions { IfNoneMatch = ETag.All },
        };
        try
        {
            await blob.UploadAsync(file, options, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (RequestFailedException race) when (race.Status is 404 or 409 or 412)
        {
            return false;
        }
    }
}
