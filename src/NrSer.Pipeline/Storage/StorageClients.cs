using Azure;
using Azure.Core;
using Azure.Data.Tables;
using Azure.Identity;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Queues;
using Microsoft.Extensions.Options;
using NrSer.Pipeline.Events;

namespace NrSer.Pipeline.Storage;

/// <summary>The storage services: one account on a laptop, two in Azure.</summary>
public sealed class StorageClients
{
    private readonly BlobServiceClient _work;
    private readonly BlobServiceClient _results;

    /// <param name="options">Where they are.</param>
    /// <exception cref="OptionsValidationException">Neither a connection string nor endpoints are given.</exception>
    public StorageClients(IOptions<StorageOptions> options)
    {
        ArgumentNullException.ThrowIfNull(options);
        StorageOptions storage = options.Value;
        var queueOptions = new QueueClientOptions { MessageEncoding = QueueMessageEncoding.None }; // Base64 would throw at one foreign message, and stop the queue
        if (storage.ConnectionString is { Length: > 0 } connection)
        {
            _work = _results = new BlobServiceClient(connection);
            Tables = new TableServiceClient(connection);
            Queues = new QueueServiceClient(connection, queueOptions);
        }
        else if (storage is { BlobEndpoint: not null, TableEndpoint: not null })
        {
            TokenCredential credential = new DefaultAzureCredential();
            _work = new BlobServiceClient(storage.BlobEndpoint, credential);
            _results = storage.ResultsBlobEndpoint is null ? _work : new BlobServiceClient(storage.ResultsBlobEndpoint, credential);
            Tables = new TableServiceClient(storage.TableEndpoint, credential);
            Queues = storage.QueueEndpoint is null ? null : new QueueServiceClient(storage.QueueEndpoint, credential, queueOptions);
        }
        else
        {
            throw new OptionsValidationException(StorageOptions.Section, typeof(StorageOptions),
                [$"Set {StorageOptions.Section}:ConnectionString, or BlobEndpoint and TableEndpoint."]);
        }
    }

    /// <summary>Tables.</summary>
    public TableServiceClient Tables { get; }

    /// <summary>Storage queues, or null where there are none.</summary>
    public QueueServiceClient? Queues { get; }

    /// <summary>A container, in the account that it belongs to.</summary>
    /// <param name="name">One of <see cref="StorageNames.Containers"/>.</param>
    public BlobContainerClient Container(string name) => (name == StorageNames.Results ? _results : _work).GetBlobContainerClient(name);

    /// <summary>What storage says of an upload, or null when it was deleted or replaced since.</summary>
    /// <param name="upload">The event of the upload.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    internal async Task<BlobProperties?> FindUploadAsync(BlobCreatedEvent upload, CancellationToken cancellationToken)
    {
        try
        {
            return await Container(upload.Container).GetBlobClient(upload.BlobName)
                .GetPropertiesAsync(new BlobRequestConditions { IfMatch = new ETag($"\"{upload.ETag}\"") }, cancellationToken).ConfigureAwait(false);
        }
        catch (RequestFailedException gone) when (gone.Status is 404 or 412)
        {
            return null;
        }
    }

    /// <summary>Creates what is missing: on a laptop nothing else does.</summary>
    /// <param name="cancellationToken">Stops between requests.</param>
    public async Task CreateMissingAsync(CancellationToken cancellationToken)
    {
        foreach (string name in StorageNames.Containers)
            await Container(name).CreateIfNotExistsAsync(cancellationToken: cancellationToken).ConfigureAwait(false);
        foreach (string name in StorageNames.Tables)
            await Tables.GetTableClient(name).CreateIfNotExistsAsync(cancellationToken).ConfigureAwait(false);
        if (Queues is null)
            return;
        foreach (string name in StorageNames.Queues)
        {
            await Queues.GetQueueClient(name).CreateIfNotExistsAsync(cancellationToken: cancellationToken).ConfigureAwait(false);
            await Queues.GetQueueClient(StorageNames.PoisonOf(name)).CreateIfNotExistsAsync(cancellationToken: cancellationToken).ConfigureAwait(false);
        }
    }
}
