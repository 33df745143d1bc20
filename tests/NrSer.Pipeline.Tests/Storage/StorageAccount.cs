using Azure.Data.Tables;
using Azure.Storage.Queues;
using Microsoft.Extensions.Options;
using NrSer.Pipeline.Storage;

namespace NrSer.Pipeline.Tests.Storage;

/// <summary>An empty storage account with everything that the pipeline needs.</summary>
internal sealed class StorageAccount
{
    private StorageAccount(string connectionString)
    {
        ConnectionString = connectionString;
        Clients = new StorageClients(Options.Create(new StorageOptions { ConnectionString = connectionString }));
        Tables = new ResultTables(Clients);
    }

    public string ConnectionString { get; }

    public StorageClients Clients { get; }

    public ResultTables Tables { get; }

    public static async Task<StorageAccount> CreateAsync(Emulator emulator)
    {
        var account = new StorageAccount(emulator.NextAccount());
        await account.Clients.CreateMissingAsync(TestContext.Current.CancellationToken);
        return account;
    }

    public QueueClient Queue(string name) => Clients.Queues!.GetQueueClient(name);

    /// <summary>Every row of every table as text, without what the service adds and without the named columns.</summary>
    public async Task<string[]> RowsAsync(params string[] except)
    {
        var rows = new List<string>();
        foreach (string table in StorageNames.Tables)
        {
            await foreach (TableEntity row in Clients.Tables.GetTableClient(table).QueryAsync<TableEntity>(cancellationToken: TestContext.Current.CancellationToken))
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
        Azure.Storage.Blobs.BlobContainerClient client = Clients.Container(container);
        await foreach (Azure.Storage.Blobs.Models.BlobItem blob in client.GetBlobsAsync(cancellationToken: TestContext.Current.CancellationToken))
        {
            Azure.Storage.Blobs.Models.BlobDownloadResult content = await client.GetBlobClient(blob.Name).DownloadContentAsync(TestContext.Current.CancellationToken);
            blobs.Add((blob.Name, Convert.ToBase64String(content.Content.ToArray())));
        }

        return [.. blobs];
    }
}
