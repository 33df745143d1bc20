using System.Runtime.CompilerServices;
using Azure;
using Azure.Data.Tables;

namespace NrSer.Pipeline.Results.Tables;

/// <summary>What is to be forgotten, what was and is still to be looked for again, and the tombstones.</summary>
/// <remarks>
/// A request holds what leads to everything else of a recording, since its row will not any more: it is written before the tombstone and goes when
/// the proof is written. After that there are ids and hashes alone, and after the last look the tombstone alone.
/// </remarks>
/// <param name="tables">The tables.</param>
public sealed class ForgottenStore(ResultTables tables)
{
    internal const string Requests = "requests", Watched = "watched"; // partitions, of recordings and of podcasts

    private const string Head = "head"; // partition and key of one row
    private const string Proof = nameof(Proof);

    private static readonly string[] s_keys = ["PartitionKey", "RowKey"];

    /// <summary>Takes note of what is to be forgotten, before anything is deleted.</summary>
    /// <param name="requests">Any number.</param>
    /// <param name="cancellationToken">Stops between batches.</param>
    public async Task RequestAsync(IEnumerable<ForgetRequest> requests, CancellationToken cancellationToken)
    {
        foreach (ForgetRequest[] batch in requests.DistinctBy(request => request.Id).Chunk(TableRows.BatchRows))
        {
            await tables.Forgotten.SubmitTransactionAsync(
                batch.Select(request => new TableTransactionAction(TableTransactionActionType.UpsertReplace, EntityOf(request))), cancellationToken)
                    .ConfigureAwait(false);
        }
    }

    /// <summary>What is to be forgotten and has no proof yet.</summary>
    /// <param name="cancellationToken">Stops between pages.</param>
    public async IAsyncEnumerable<ForgetRequest> RequestsAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (TableEntity row in QueryAsync(Requests, cancellationToken).ConfigureAwait(false))
        {
            if (RecordingId.TryParse(row.RowKey, out RecordingId id))
                yield return RequestOf(row, id);
        }
    }

    /// <summary>Whether anything is to be forgotten that has no proof yet.</summary>
    /// <param name="cancellationToken">Stops the request.</param>
    public async Task<bool> HasRequestsAsync(CancellationToken cancellationToken) =>
        await QueryAsync(Requests, cancellationToken).AnyAsync(cancellationToken).ConfigureAwait(false);

    /// <summary>Puts tombstones in place of recordings' rows: from then on no stage writes for them, whatever it read before.</summary>
    /// <param name="ids">Recordings, with or without a row.</param>
    /// <param name="at">The time.</param>
    /// <param name="cancellationToken">Stops between batches.</param>
    public async Task BuryAsync(IEnumerable<RecordingId> ids, DateTimeOffset at, CancellationToken cancellationToken)
    {
        foreach (RecordingId[] batch in ids.Distinct().GroupBy(id => id.Day, StringComparer.Ordinal)
            .SelectMany(day => day.Chunk(TableRows.BatchRows)))
        {
            await tables.Recordings.SubmitTransactionAsync(
                batch.Select(id => new TableTransactionAction(TableTransactionActionType.UpsertReplace, new TableEntity(id.Day, id.Value)
                {
                    [nameof(Recording.Status)] = nameof(RecordingStatus.Forgotten), [nameof(Recording.Generation)] = 0,
                    [nameof(Recording.CompletedAt)] = at,
                })), cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Says that a proof was written: what led to the recordings goes, and they are looked for again until the last look.</summary>
    /// <param name="requests">As listed.</param>
    /// <param name="proof">Its number.</param>
    /// <param name="at">When it was written.</param>
    /// <param name="cancellationToken">Stops between batches; call it again then.</param>
    public async Task ProvedAsync(IReadOnlyCollection<ForgetRequest> requests, int proof, DateTimeOffset at, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(requests);
        await WatchAsync(
            [.. requests.Select(request => new WatchedRecording(
                request.Id, request.BlobName is { } name ? UploadIndex.KeyTextOf(name) : null, proof, at, IsLast: false))], cancellationToken)
            .ConfigureAwait(false);
        foreach (ForgetRequest request in requests)
        {
            try
            {
                // One that was asked for again meanwhile has another ETag, and is dealt with again.
                await tables.Forgotten.DeleteEntityAsync(Requests, request.Id.Value, new ETag(request.Version!), cancellationToken)
                    .ConfigureAwait(false);
            }
            catch (RequestFailedException again) when (again.Status == 412)
            {
                // As said.
            }
        }
    }

    /// <summary>What was forgotten and is to be looked for again.</summary>
    /// <param name="cancellationToken">Stops between pages.</param>
    public async IAsyncEnumerable<WatchedRecording> WatchedAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (TableEntity row in QueryAsync(Watched, cancellationToken).ConfigureAwait(false))
        {
            if (RecordingId.TryParse(row.RowKey, out RecordingId id))
            {
                yield return new WatchedRecording(
                    id, row.GetString(nameof(WatchedRecording.UploadKey)), row.GetInt32(Proof) ?? 0,
                    row.GetDateTimeOffset(nameof(WatchedRecording.Since)) ?? default, row.GetBoolean(nameof(WatchedRecording.IsLast)) ?? false);
            }
        }
    }

    /// <summary>Recordings that lay under a name and were forgotten within the last day.</summary>
    /// <param name="uploadKey">Where a row of the name would be.</param>
    /// <param name="cancellationToken">Stops between pages.</param>
    public IAsyncEnumerable<RecordingId> WatchedAsync(string uploadKey, CancellationToken cancellationToken)
    {
        string filter = TableClient.CreateQueryFilter($"PartitionKey eq {Watched} and UploadKey eq {uploadKey}");
        return tables.Forgotten.QueryAsync<TableEntity>(filter, maxPerPage: null, s_keys, cancellationToken)
            .Select(row => RecordingId.TryParse(row.RowKey, out RecordingId id) ? id : default).Where(id => id != default);
    }

    /// <summary>Says when recordings are to be looked for again.</summary>
    /// <param name="recordings">With the proof that they were last in.</param>
    /// <param name="cancellationToken">Stops between batches.</param>
    public async Task WatchAsync(IReadOnlyCollection<WatchedRecording> recordings, CancellationToken cancellationToken)
    {
        foreach (WatchedRecording[] batch in recordings.Chunk(TableRows.BatchRows))
        {
            await tables.Forgotten.SubmitTransactionAsync(batch.Select(recording => new TableTransactionAction(
                TableTransactionActionType.UpsertReplace, new TableEntity(Watched, recording.Id.Value)
                {
                    [nameof(recording.UploadKey)] = recording.UploadKey, [Proof] = recording.Proof, [nameof(recording.Since)] = recording.Since,
                    [nameof(recording.IsLast)] = recording.IsLast,
                })), cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Says that recordings were looked for the last time.</summary>
    /// <param name="recordings">Any number.</param>
    /// <param name="cancellationToken">Stops between requests; call it again then.</param>
    public async Task UnwatchAsync(IEnumerable<WatchedRecording> recordings, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(recordings);
        foreach (WatchedRecording recording in recordings)
            await tables.Forgotten.DeleteEntityAsync(Watched, recording.Id.Value, ETag.All, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>What has been asked for or was forgotten within the last day: what a writer that looked before may have brought back.</summary>
    /// <param name="cancellationToken">Stops between pages.</param>
    public async Task<IReadOnlySet<RecordingId>> RecentAsync(CancellationToken cancellationToken)
    {
        var ids = new HashSet<RecordingId>();
        string filter = TableClient.CreateQueryFilter($"PartitionKey eq {Requests} or PartitionKey eq {Watched}");
        await foreach (TableEntity row in tables.Forgotten.QueryAsync<TableEntity>(filter, select: s_keys, cancellationToken: cancellationToken)
            .ConfigureAwait(false))
        {
            if (RecordingId.TryParse(row.RowKey, out RecordingId id))
                ids.Add(id);
        }

        return ids;
    }

    /// <summary>The last link of the chain of proofs, as far as this row knows.</summary>
    /// <param name="cancellationToken">Stops the request.</param>
    public async Task<ProofHead?> FindHeadAsync(CancellationToken cancellationToken)
    {
        NullableResponse<TableEntity> row = await tables.Forgotten
            .GetEntityIfExistsAsync<TableEntity>(Head, Head, cancellationToken: cancellationToken).ConfigureAwait(false);
        return row.HasValue ? new ProofHead(row.Value!.GetInt32(nameof(ProofHead.Number)) ?? 0, row.Value.GetString(nameof(ProofHead.Sha256)) ?? "")
            : null;
    }

    /// <summary>Remembers the last link.</summary>
    /// <param name="head">That.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    public Task WriteHeadAsync(ProofHead head, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(head);
        var row = new TableEntity(Head, Head) { [nameof(head.Number)] = head.Number, [nameof(head.Sha256)] = head.Sha256 };
        return tables.Forgotten.UpsertEntityAsync(row, TableUpdateMode.Replace, cancellationToken);
    }

    /// <summary>Remembers what is not to be taken in again.</summary>
    /// <param name="kind">What it is.</param>
    /// <param name="hashes">Keyed hashes.</param>
    /// <param name="keyId">Names the key.</param>
    /// <param name="cancellationToken">Stops between batches.</param>
    public async Task RefuseAsync(Refused kind, IEnumerable<string> hashes, string keyId, CancellationToken cancellationToken)
    {
        foreach (string[] batch in hashes.Distinct(StringComparer.Ordinal).Chunk(TableRows.BatchRows))
        {
            await tables.Forgotten.SubmitTransactionAsync(batch.Select(hash => new TableTransactionAction(
                TableTransactionActionType.UpsertReplace, new TableEntity(PartitionOf(kind), hash) { ["KeyId"] = keyId })), cancellationToken)
                    .ConfigureAwait(false);
        }
    }

    /// <summary>Whether something is not to be taken in again.</summary>
    /// <param name="kind">What it is.</param>
    /// <param name="hash">Its keyed hash.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    public async Task<bool> IsRefusedAsync(Refused kind, string hash, CancellationToken cancellationToken) =>
        (await tables.Forgotten.GetEntityIfExistsAsync<TableEntity>(PartitionOf(kind), hash, s_keys, cancellationToken).ConfigureAwait(false))
            .HasValue;

    /// <summary>Everything of a kind that is not to be taken in again.</summary>
    /// <param name="kind">The kind.</param>
    /// <param name="cancellationToken">Stops between pages.</param>
    public async Task<IReadOnlySet<string>> RefusedAsync(Refused kind, CancellationToken cancellationToken)
    {
        var hashes = new HashSet<string>(StringComparer.Ordinal);
        await foreach (TableEntity row in QueryAsync(PartitionOf(kind), cancellationToken).ConfigureAwait(false))
            hashes.Add(row.RowKey);
        return hashes;
    }

    /// <summary>The keys by whose hashes something is refused, and how often each was used.</summary>
    /// <param name="cancellationToken">Stops between pages.</param>
    public async Task<IReadOnlyDictionary<string, int>> KeysInUseAsync(CancellationToken cancellationToken)
    {
        var counts = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (Refused kind in Enum.GetValues<Refused>())
        {
            await foreach (TableEntity row in QueryAsync(PartitionOf(kind), cancellationToken).ConfigureAwait(false))
            {
                string key = row.GetString("KeyId") ?? "";
                counts[key] = counts.GetValueOrDefault(key) + 1;
            }
        }

        return counts;
    }

    private static string PartitionOf(Refused kind) => kind == Refused.Content ? "content" : "episode";

    private AsyncPageable<TableEntity> QueryAsync(string partition, CancellationToken cancellationToken) =>
        tables.Forgotten.QueryAsync<TableEntity>(TableClient.CreateQueryFilter($"PartitionKey eq {partition}"), cancellationToken: cancellationToken);

    private static TableEntity EntityOf(ForgetRequest request) => new(Requests, request.Id.Value)
    {
        [nameof(request.BlobName)] = request.BlobName, [nameof(request.BlobETag)] = request.BlobETag,
        [nameof(request.ContentBytes)] = request.ContentBytes, [nameof(request.Sha256)] = request.Sha256,
        [nameof(request.IsRefused)] = request.IsRefused, [nameof(request.Reason)] = request.Reason,
    };

    private static ForgetRequest RequestOf(TableEntity row, RecordingId id) => new(id)
    {
        BlobName = row.GetString(nameof(ForgetRequest.BlobName)), BlobETag = row.GetString(nameof(ForgetRequest.BlobETag)),
        ContentBytes = row.GetInt64(nameof(ForgetRequest.ContentBytes)), Sha256 = row.GetString(nameof(ForgetRequest.Sha256)),
        IsRefused = row.GetBoolean(nameof(ForgetRequest.IsRefused)) ?? false, Reason = row.GetString(nameof(ForgetRequest.Reason)),
        Version = row.ETag.ToString(),
    };
}

/// <summary>A recording that was forgotten, and is looked for again.</summary>
/// <param name="Id">The recording.</param>
/// <param name="UploadKey">Where a row of its name would be: a hash of that; null without a name.</param>
/// <param name="Proof">Number of the proof that it was last in.</param>
/// <param name="Since">When it was forgotten, or last found after that.</param>
/// <param name="IsLast">Whether the next look is the last.</param>
public sealed record WatchedRecording(RecordingId Id, string? UploadKey, int Proof, DateTimeOffset Since, bool IsLast);

/// <summary>The last proof.</summary>
/// <param name="Number">From 1.</param>
/// <param name="Sha256">Of its bytes, lower-case hex.</param>
public sealed record ProofHead(int Number, string Sha256);

/// <summary>What can be kept from being taken in again.</summary>
public enum Refused
{
    /// <summary>A content, wherever it comes from.</summary>
    Content,

    /// <summary>An episode of a feed, whatever its content.</summary>
    Episode,
}
