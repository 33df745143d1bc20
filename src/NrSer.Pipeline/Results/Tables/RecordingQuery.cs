using System.Runtime.CompilerServices;
using Azure;
using Azure.Data.Tables;
using NrSer.Pipeline.Chunks;

namespace NrSer.Pipeline.Results.Tables;

/// <summary>Reads what the tables say. Nothing is held but the page in hand.</summary>
/// <param name="tables">The tables.</param>
/// <param name="blobs">Segments in blobs.</param>
public class RecordingQuery(ResultTables tables, SegmentBlobs blobs)
{
    private static readonly string[] s_status = ["RowKey", nameof(Recording.Status), nameof(Recording.IsDismissed)];

    /// <summary>The recording, or null.</summary>
    /// <param name="id">The recording.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    public async Task<Recording?> FindAsync(RecordingId id, CancellationToken cancellationToken) =>
        await FindEntityAsync(tables.Recordings, id.Day, id.Value, cancellationToken).ConfigureAwait(false) is { } entity ? RecordingOf(entity)
            : null;

    /// <summary>The latest upload of a name, or null.</summary>
    /// <param name="blobName">Name within the recordings container.</param>
    /// <param name="from">First day of upload.</param>
    /// <param name="to">Last day of upload.</param>
    /// <param name="cancellationToken">Stops between pages.</param>
    public async Task<Recording?> FindByNameAsync(string blobName, DateOnly from, DateOnly to, CancellationToken cancellationToken)
    {
        Recording? latest = null;
        string filter = $"{FilterOf(new RecordingFilter(from, to))} and {TableClient.CreateQueryFilter($"BlobName eq {blobName}")}";
        await foreach (
            TableEntity entity in tables.Recordings.QueryAsync<TableEntity>(filter, cancellationToken: cancellationToken).ConfigureAwait(false))
        {
            if (TryRecordingOf(entity, status: null) is { } candidate && (latest is null || candidate.UploadedAt > latest.UploadedAt))
                latest = candidate;
        }

        return latest;
    }

    /// <summary>Recordings in order of day and id, but for rows that nobody of ours wrote, and tombstones unless they are asked for.</summary>
    /// <param name="filter">Which.</param>
    /// <param name="cancellationToken">Stops between pages.</param>
    public async IAsyncEnumerable<Recording> ListAsync(RecordingFilter filter, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (TableEntity entity in tables.Recordings.QueryAsync<TableEntity>(FilterOf(filter), cancellationToken: cancellationToken)
            .ConfigureAwait(false))
        {
            if (TryRecordingOf(entity, filter.Status) is { } recording)
                yield return recording;
        }
    }

    /// <summary>Every recording, of any day, that lay under one of some names or has one of some contents.</summary>
    /// <param name="names">Names within the recordings container.</param>
    /// <param name="sha256">Hashes of contents, lower-case hex.</param>
    /// <param name="cancellationToken">Stops between pages: it looks through all rows, once, in the service where these are few.</param>
    public async IAsyncEnumerable<Recording> ListOfAsync(
        IReadOnlyCollection<string> names, IReadOnlyCollection<string> sha256, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        const int Few = 10; // a filter takes 15 comparisons
        string? filter = names.Count + sha256.Count > Few ? null : string.Join(
            " or ", names.Select(name => TableClient.CreateQueryFilter($"BlobName eq {name}"))
                .Concat(sha256.Select(hash => TableClient.CreateQueryFilter($"Sha256 eq {hash}"))));
        HashSet<string> wanted = [.. names], contents = [.. sha256];
        await foreach (TableEntity entity in tables.Recordings.QueryAsync<TableEntity>(filter, cancellationToken: cancellationToken)
            .ConfigureAwait(false))
        {
            if (TryRecordingOf(entity, status: null) is { } row && (wanted.Contains(row.BlobName ?? "") || contents.Contains(row.Sha256 ?? "")))
                yield return row;
        }
    }

    /// <summary>The first or the next recordings.</summary>
    /// <param name="filter">Which.</param>
    /// <param name="max">At most this many, 1 to 1,000.</param>
    /// <param name="continuation">From the page before; null for the first.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    /// <returns>At least one recording, unless there are no more.</returns>
    public async Task<RecordingPage> PageAsync(RecordingFilter filter, int max, string? continuation, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(max, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(max, 1000);
        IAsyncEnumerable<Page<TableEntity>> pages = tables.Recordings
            .QueryAsync<TableEntity>(FilterOf(filter), max, cancellationToken: cancellationToken).AsPages(continuation);
        await foreach (Page<TableEntity> page in pages.ConfigureAwait(false))
        {
            Recording[] recordings = [.. page.Values.Select(entity => TryRecordingOf(entity, filter.Status)).OfType<Recording>()];
            if (recordings.Length > 0) // the service may answer with nothing, and more to come
                return new RecordingPage(recordings, page.ContinuationToken);
        }

        return new RecordingPage([], Continuation: null);
    }

    /// <summary>How many recordings stand how, but for those that were dismissed. A few words a recording are fetched, not its row.</summary>
    /// <param name="from">First day of upload.</param>
    /// <param name="to">Last day of upload.</param>
    /// <param name="cancellationToken">Stops between pages.</param>
    public async Task<IReadOnlyDictionary<RecordingStatus, int>> CountByStatusAsync(DateOnly from, DateOnly to, CancellationToken cancellationToken)
    {
        var counts = Enum.GetValues<RecordingStatus>().ToDictionary(status => status, _ => 0);
        await foreach (TableEntity entity in tables.Recordings
            .QueryAsync<TableEntity>(FilterOf(new RecordingFilter(from, to)), select: s_status, cancellationToken: cancellationToken)
                .ConfigureAwait(false))
        {
            if (RecordingId.TryParse(entity.RowKey, out _) && entity.GetBoolean(nameof(Recording.IsDismissed)) != true
                && Enum.TryParse(entity.GetString(nameof(Recording.Status)), out RecordingStatus status)
                && Enum.IsDefined(status))
            {
                counts[status]++;
            }
        }

        return counts;
    }

    /// <summary>The chunk, or null.</summary>
    /// <param name="id">The chunk.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    public async Task<Chunk?> FindChunkAsync(ChunkId id, CancellationToken cancellationToken) =>
        await FindEntityAsync(tables.Chunks, id.Recording.Value, id.Key, cancellationToken).ConfigureAwait(false) is { } entity ? ChunkOf(entity, id)
            : null;

    /// <summary>A recording's chunks, in order.</summary>
    /// <param name="id">The recording.</param>
    /// <param name="cancellationToken">Stops between pages.</param>
    public async IAsyncEnumerable<Chunk> ChunksAsync(RecordingId id, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (TableEntity entity in OfRecordingAsync(tables.Chunks, id, cancellationToken).ConfigureAwait(false))
        {
            if (ChunkId.TryParse(id, entity.RowKey, out ChunkId chunk))
                yield return ChunkOf(entity, chunk);
        }
    }

    /// <summary>A recording's segments, in order of channel and time, wherever they stand.</summary>
    /// <param name="recording">Its row says where that is.</param>
    /// <param name="cancellationToken">Stops between pages.</param>
    public IAsyncEnumerable<Segment> SegmentsAsync(Recording recording, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(recording);
        return recording.SegmentStore is null
            ? TableSegmentsAsync(recording.Id, cancellationToken) : blobs.ReadAsync(recording, cancellationToken);
    }

    /// <inheritdoc cref="SegmentsAsync(Recording, CancellationToken)"/>
    /// <param name="recording">As there.</param>
    /// <param name="chunks">All of its chunks, in order.</param>
    /// <param name="cancellationToken">As there.</param>
    public IAsyncEnumerable<Segment> SegmentsAsync(Recording recording, IEnumerable<Chunk> chunks, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(recording);
        return recording.SegmentStore is null
            ? TableSegmentsAsync(recording.Id, cancellationToken) : blobs.ReadAsync(chunks.Select(chunk => chunk.Id), cancellationToken);
    }

    /// <summary>The segments that the table has of a recording, in order of channel and time.</summary>
    /// <param name="id">The recording.</param>
    /// <param name="cancellationToken">Stops between pages.</param>
    public async IAsyncEnumerable<Segment> TableSegmentsAsync(RecordingId id, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (TableEntity entity in OfRecordingAsync(tables.Segments, id, cancellationToken).ConfigureAwait(false))
            yield return TableRows.FromEntity(SegmentColumns.All, entity, new Segment { RecordingId = id });
    }

    /// <summary>Everything of a table that belongs to a recording.</summary>
    private protected static AsyncPageable<TableEntity> OfRecordingAsync(TableClient table, RecordingId id, CancellationToken cancellationToken) =>
        table.QueryAsync<TableEntity>(TableClient.CreateQueryFilter($"PartitionKey eq {id.Value}"), cancellationToken: cancellationToken);

    private protected static async Task<TableEntity?> FindEntityAsync(TableClient table, string partition, string key,
        CancellationToken cancellationToken)
    {
        NullableResponse<TableEntity> found = await table.GetEntityIfExistsAsync<TableEntity>(partition, key, cancellationToken: cancellationToken)
            .ConfigureAwait(false);
        return found.HasValue ? found.Value : null;
    }

    private protected static Recording RecordingOf(TableEntity entity) => TableRows.FromEntity(
        RecordingColumns.All, entity, new Recording
        {
            Id = RecordingId.Parse(entity.RowKey), ChangedAt = entity.Timestamp,
            Version = entity.ETag.ToString()
        });

    /// <summary>Null for a tombstone that was not asked for, and for a row that nobody of ours wrote, or a later version: one of those must not keep
    /// the others from being read.</summary>
    private static Recording? TryRecordingOf(TableEntity entity, RecordingStatus? status)
    {
        try
        {
            return RecordingId.TryParse(entity.RowKey, out _) && RecordingOf(entity) is var row
                && (row.Status != RecordingStatus.Forgotten || status == RecordingStatus.Forgotten) ? row : null;
        }
        catch (Exception strange) when (strange is ArgumentException or FormatException or InvalidCastException or OverflowException)
        {
            return null;
        }
    }

    private protected static Chunk ChunkOf(TableEntity entity, ChunkId id) =>
        TableRows.FromEntity(ChunkColumns.All, entity, new Chunk { Id = id, ChangedAt = entity.Timestamp, Version = entity.ETag.ToString() });

    private static string FilterOf(RecordingFilter filter)
    {
        ArgumentNullException.ThrowIfNull(filter);
        string days =
            TableClient.CreateQueryFilter($"PartitionKey ge {filter.From.ToString("yyyyMMdd")} and PartitionKey le {filter.To.ToString("yyyyMMdd")}");
        string open = filter.IsOpen ? " and (Status eq 'Queued' or Status eq 'Processing' or RetryRequested eq true)" : "";
        string named = filter.NamePrefix is not { Length: > 0 } prefix ? ""
            : $" and {TableClient.CreateQueryFilter($"BlobName ge {prefix} and BlobName lt {prefix[..^1] + (char)(prefix[^1] + 1)}")}";
        string standing = filter.Status is { } status ? $" and {TableClient.CreateQueryFilter($"Status eq {status.ToString()}")}" : "";
        string changed = filter.ChangedSince is { } since ? $" and {TableClient.CreateQueryFilter($"Timestamp ge {since}")}" : "";
        return days + open + named + standing + changed;
    }
}

/// <summary>Which recordings are meant.</summary>
/// <param name="From">First day of upload, UTC.</param>
/// <param name="To">Last day of upload.</param>
/// <param name="Status">Those that stand so; null for all.</param>
public sealed record RecordingFilter(DateOnly From, DateOnly To, RecordingStatus? Status = null)
{
    /// <summary>Only those that have not ended, or that somebody asked to start again.</summary>
    public bool IsOpen { get; init; }

    /// <summary>How the names of their uploads begin; null for any.</summary>
    public string? NamePrefix { get; init; }

    /// <summary>Only those whose row changed then or later, by the service's clock; null for all. It looks at every row of these days.</summary>
    public DateTimeOffset? ChangedSince { get; init; }
}

/// <summary>Some recordings of many.</summary>
/// <param name="Recordings">In order of day and id.</param>
/// <param name="Continuation">Asks for the next ones; null when there are no more.</param>
public sealed record RecordingPage(IReadOnlyList<Recording> Recordings, string? Continuation);
