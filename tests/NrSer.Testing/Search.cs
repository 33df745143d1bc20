using System.Globalization;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using NrSer.Pipeline;
using NrSer.Pipeline.Lake;
using NrSer.Pipeline.Results.Tables;
using NrSer.Pipeline.Storage;

namespace NrSer.Testing;

/// <summary>Looks through an account as somebody would who does not believe a proof: every row, every blob with its snapshots and versions, unpacked,
/// and every message.</summary>
/// <remarks>A message that somebody has in work is hidden, from this as from everybody: let hosts have stopped, or have nothing to do.</remarks>
public static class Search
{
    private const int MostPeeked = 32; // the service's limit

    private static readonly TimeSpan s_held = TimeSpan.FromSeconds(30); // messages, while the others are read

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>Where any of some words stand, but for the tombstones and the proofs.</summary>
    public static async Task<string[]> FindAsync(StorageAccount account, params string[] words)
    {
        var found = new List<string>();
        using var stored = new StoredText();
        foreach (string table in StorageNames.Tables)
        {
            await foreach (Azure.Data.Tables.TableEntity row in account.Tables.Table(table).QueryAsync<Azure.Data.Tables.TableEntity>(
                cancellationToken: Stop))
            {
                bool isTombstone = table == StorageNames.RecordingsTable && row.GetString("Status") == nameof(RecordingStatus.Forgotten)
                    && row.Keys.Except(["PartitionKey", "RowKey", "Timestamp", "odata.etag", "Status", "Generation", "CompletedAt", "RetryRequested",
                        "IsDismissed", "FailedRuns"]).ToArray() is []; // the last three from who asked for a retry in vain
                string text = string.Join(' ', row.Select(column => $"{column.Key}={column.Value}"));
                if (!isTombstone && words.Any(StoredText.Of(text).Contains))
                    found.Add($"{table}: {text}");
            }
        }

        foreach (string container in StorageNames.Containers.Append(StorageNames.LostEvents))
        {
            BlobContainerClient blobs = account.Blobs.Container(container);
            if (!await blobs.ExistsAsync(Stop)) // a laptop's has no lost events
                continue;
            await foreach (BlobItem blob in blobs.GetBlobsAsync(
                BlobTraits.Metadata, BlobStates.Snapshots | BlobStates.Version, prefix: null, Stop))
            {
                if (container == StorageNames.Results && blob.Name.StartsWith("forgotten/", StringComparison.Ordinal))
                    continue;
                string about = StoredText.Of($"{blob.Name} {string.Join(' ', blob.Metadata.Values)}");
                string content = await stored.OfAsync(await ContentAsync(blobs, blob));
                if (words.Any(word => about.Contains(word, StringComparison.Ordinal) || content.Contains(word, StringComparison.Ordinal)))
                    found.Add($"{container}: {blob.Name} {blob.Snapshot}{blob.VersionId}");
            }
        }

        foreach (string queue in StorageNames.StorageQueues)
        {
            foreach (string message in await MessagesAsync(account.Queue(queue)))
            {
                string text = StoredText.Of(message);
                if (words.Any(text.Contains))
                    found.Add($"{queue}: {message}");
            }
        }

        return [.. found, .. (await InLakeAsync(account)).Where(words.Contains).Select(id => $"lake: {id}")];
    }

    /// <summary>Looks for what was forgotten: a tombstone and proofs are left of it, and for a day a note of its id.</summary>
    /// <param name="account">Where.</param>
    /// <param name="ids">The recordings.</param>
    /// <param name="words">What else must not be found: names, hashes of contents.</param>
    /// <returns>Whether there is such a note.</returns>
    public static async Task<bool> AssertForgottenAsync(StorageAccount account, IReadOnlyCollection<RecordingId> ids, params string[] words)
    {
        string[] found = await FindAsync(account, [.. ids.Select(id => id.Value), .. words]);
        Assert.Equal([], found.Where(line => !line.StartsWith($"{StorageNames.ForgottenTable}: ", StringComparison.Ordinal)));
        Assert.All(found, line => Assert.DoesNotContain(words, word => line.Contains(word, StringComparison.Ordinal)));
        Assert.Subset((await TombstonesAsync(account)).ToHashSet(), ids.ToHashSet());
        return found.Length > 0;
    }

    /// <summary>Every message that waits in a queue. More than can be looked at are received and put back, which counts as a hand-out.</summary>
    public static async Task<string[]> MessagesAsync(QueueClient queue)
    {
        PeekedMessage[] peeked = await queue.PeekMessagesAsync(MostPeeked, Stop);
        if (peeked.Length < MostPeeked)
            return [.. peeked.Select(message => message.Body.ToString())];
        var received = new List<QueueMessage>();
        try
        {
            while ((await queue.ReceiveMessagesAsync(MostPeeked, s_held, Stop)).Value is { Length: > 0 } some)
                received.AddRange(some);
            return [.. received.Select(message => message.Body.ToString())];
        }
        finally
        {
            foreach (QueueMessage message in received)
                await queue.UpdateMessageAsync(message.MessageId, message.PopReceipt, message.Body, TimeSpan.Zero, CancellationToken.None);
        }
    }

    private static async Task<byte[]> ContentAsync(BlobContainerClient blobs, BlobItem blob)
    {
        BlobClient client = blobs.GetBlobClient(blob.Name);
        try
        {
            // A snapshot's or an old version's own content, not that of what lies under the name now.
            BlobClient meant = blob.Snapshot is not null ? client.WithSnapshot(blob.Snapshot)
                : blob.VersionId is not null ? client.WithVersion(blob.VersionId) : client;
            return (await meant.DownloadContentAsync(Stop)).Value.Content.ToArray();
        }
        catch (RequestFailedException deleted) when (deleted.Status == 404) // meanwhile, by a stack that runs
        {
            return [];
        }
    }

    /// <summary>Recordings of which the lake has rows.</summary>
    public static Task<string[]> InLakeAsync(StorageAccount account) => InLakeAsync(
        account, "SELECT RecordingId FROM recordings UNION SELECT RecordingId FROM segments UNION SELECT RecordingId FROM episodes");

    /// <summary>What the lake answers.</summary>
    public static async Task<string[]> InLakeAsync(StorageAccount account, string sql)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("nrser-search-");
        try
        {
            var cache = new LakeCache(new LakeBlobs(account.Blobs), folder.FullName, TimeProvider.System);
            if (await cache.PinAsync(Stop) is not { } snapshot)
                return [];
            using LakeDatabase database = LakeDatabase.Open(snapshot, cache.Folder, memoryMegabytes: 256);
            return await RowsAsync(database, sql);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>A query's rows as text, cells between bars.</summary>
    public static async Task<string[]> RowsAsync(LakeDatabase database, string sql)
    {
        using LakeRows rows = await database.QueryAsync(sql, Stop);
        var text = new List<string>();
        while (rows.Read())
        {
            text.Add(string.Join('|', Enumerable.Range(0, rows.Reader.FieldCount).Select(index =>
                rows.Reader.IsDBNull(index) ? "" : Convert.ToString(rows.Reader.GetValue(index), CultureInfo.InvariantCulture))));
        }

        return [.. text];
    }

    /// <summary>The tombstones.</summary>
    public static async Task<RecordingId[]> TombstonesAsync(StorageAccount account) => await account.Store
        .ListAsync(new RecordingFilter(DateOnly.MinValue, DateOnly.MaxValue, RecordingStatus.Forgotten), Stop)
        .Select(row => row.Id).ToArrayAsync(Stop);
}
