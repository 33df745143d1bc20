using Azure.Data.Tables;
using Azure.Storage.Queues;
using Microsoft.Extensions.Options;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;
using NrSer.Pipeline.Storage;
using NrSer.Pipeline.Work.StorageQueues;

namespace NrSer.Testing;

/// <summary>An empty storage account with everything that the pipeline needs.</summary>
public sealed class StorageAccount
{
    private StorageAccount(string connectionString)
    {
        ConnectionString = connectionString;
        IOptions<StorageOptions> options = Options.Create(new StorageOptions { ConnectionString = connectionString });
        Blobs = new BlobStorage(options);
        Tables = new ResultTables(options);
        Queues = new StorageQueueAccount(options);
        Store = new RecordingStore(Tables, new SegmentBlobs(Blobs));
    }

    public string ConnectionString { get; }

    public BlobStorage Blobs { get; }

    public ResultTables Tables { get; }

    public StorageQueueAccount Queues { get; }

    public RecordingStore Store { get; }

    public static Task<StorageAccount> CreateAsync(StorageEmulator emulator) => ConnectAsync(emulator.NextAccount());

    /// <summary>An account that may have been used before.</summary>
    public static async Task<StorageAccount> ConnectAsync(string connectionString)
    {
        var account = new StorageAccount(connectionString);
        await account.Blobs.CreateMissingAsync(TestContext.Current.CancellationToken);
        await account.Tables.CreateMissingAsync(TestContext.Current.CancellationToken);
        await account.Queues.CreateMissingAsync(TestContext.Current.CancellationToken);
        return account;
    }

    public QueueClient Queue(string name) => Queues.Queue(name);

    /// <summary>Every row of every table as text, but for what waits for the lake, without what the service adds and without the named
    /// columns.</summary>
    public async Task<string[]> RowsAsync(params string[] except)
    {
        var rows = new List<string>();
        foreach (string table in StorageNames.Tables.Where(name => name != StorageNames.LakePendingTable))
        {
            await foreach (TableEntity row in Tables.Table(table).QueryAsync<TableEntity>(cancellationToken: TestContext.Current.CancellationToken))
            {
                rows.Add($"{table}: " + string.Join(", ", row
                    .Where(column => column.Key is not ("odata.etag" or "Timestamp") && !except.Contains(column.Key, StringComparer.Ordinal))
                    .OrderBy(column => column.Key, StringComparer.Ordinal)
                    .Select(column => column.Value is DateTimeOffset time ? $"{column.Key}={time:O}" : $"{column.Key}={column.Value}")));
            }
        }

        return [.. rows];
    }

    /// <summary>Every blob of a container with its content.</summary>
    public async Task<(string Name, string Content)[]> BlobsAsync(string container)
    {
        var blobs = new List<(string, string)>();
        Azure.Storage.Blobs.BlobContainerClient client = Blobs.Container(container);
        await foreach (Azure.Storage.Blobs.Models.BlobItem blob in client.GetBlobsAsync(cancellationToken: TestContext.Current.CancellationToken))
        {
            Azure.Storage.Blobs.Models.BlobDownloadResult content = await client.GetBlobClient(blob.Name)
                .DownloadContentAsync(TestContext.Current.CancellationToken);
            blobs.Add((blob.Name, Convert.ToBase64String(content.Content.ToArray())));
        }

        return [.. blobs];
    }
}
