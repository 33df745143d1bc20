using Azure.Storage.Blobs.Models;
using Azure.Storage.Queues.Models;
using NrSer.Pipeline.Lake;
using NrSer.Pipeline.Results.Tables;
using NrSer.Pipeline.Storage;
using NrSer.Testing;

namespace NrSer.Pipeline.Tests.Forgetting;

/// <summary>Looks through an account as somebody would who does not believe a proof: every row, blob and message.</summary>
internal static class Search
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>Where any of some words stand, but for the tombstones and the proofs.</summary>
    public static async Task<string[]> FindAsync(StorageAccount account, params string[] words)
    {
        var found = new List<string>();
        foreach (string table in StorageNames.Tables)
        {
            await foreach (Azure.Data.Tables.TableEntity row in account.Tables.Table(table).QueryAsync<Azure.Data.Tables.TableEntity>(
                cancellationToken: Stop))
            {
                bool isTombstone = table == StorageNames.RecordingsTable && row.GetString("Status") == nameof(RecordingStatus.Forgotten)
                    && row.Keys.Except(["PartitionKey", "RowKey", "Timestamp", "odata.etag", "Status", "Generation", "CompletedAt", "RetryRequested",
                        "IsDismissed"]).ToArray() is []; // the latter two from who asked for a retry in vain
                string text = string.Join(' ', row.Select(column => $"{column.Key}={column.Value}"));
                if (!isTombstone && words.Any(text.Contains))
                    found.Add($"{table}: {text}");
            }
        }

        foreach (string container in StorageNames.Containers)
        {
            await foreach (BlobItem blob in account.Blobs.Container(container).GetBlobsAsync(
                BlobTraits.Metadata, BlobStates.Snapshots | BlobStates.Version, prefix: null, Stop))
            {
                if (container == StorageNames.Results && blob.Name.StartsWith("forgotten/", StringComparison.Ordinal))
                    continue;
                BlobDownloadResult stored = await account.Blobs.Container(container).GetBlobClient(blob.Name).WithSnapshot(blob.Snapshot)
                    .DownloadContentAsync(Stop);
                string text = $"{blob.Name} {string.Join(' ', blob.Metadata.Values)} {stored.Content}";
                if (words.Any(text.Contains))
                    found.Add($"{container}: {blob.Name} {blob.Snapshot}");
            }
        }

        foreach (string queue in StorageNames.StorageQueues)
        {
            foreach (PeekedMessage message in (await account.Queue(queue).PeekMessagesAsync(32, Stop)).Value)
            {
                string text = System.Text.RegularExpressions.Regex.Unescape(message.Body.ToString());
                if (words.Any(text.Contains))
                    found.Add($"{queue}: {text}");
            }
        }

        return [.. found, .. (await InLakeAsync(account)).Where(words.Contains).Select(id => $"lake: {id}")];
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
            return await Lake.LakeUnderTest.RowsAsync(database, sql);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>The tombstones.</summary>
    public static async Task<RecordingId[]> TombstonesAsync(StorageAccount account) => await account.Store
        .ListAsync(new RecordingFilter(DateOnly.MinValue, DateOnly.MaxValue, RecordingStatus.Forgotten), Stop)
        .Select(row => row.Id).ToArrayAsync(Stop);
}
