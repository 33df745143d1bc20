using Azure.Identity;
using Azure.Storage.Queues;
using Microsoft.Extensions.Options;
using NrSer.Pipeline.Storage;

namespace NrSer.Pipeline.Work.StorageQueues;

/// <summary>The queues of a storage account.</summary>
public sealed class StorageQueueAccount
{
    private readonly QueueServiceClient? _service;

    /// <param name="options">Where they are. Without a connection string and an endpoint there are none: to ask for one then is an error, to know
    /// their names is not, since commands that only ask Azure's storage need none.</param>
    public StorageQueueAccount(IOptions<StorageOptions> options)
    {
        ArgumentNullException.ThrowIfNull(options);
        StorageOptions storage = options.Value;
        // Base64 would throw at one foreign message, and stop the queue
        var asTheyAre = new QueueClientOptions { MessageEncoding = QueueMessageEncoding.None };
        _service = storage.ConnectionString is { Length: > 0 } connection
            ? new QueueServiceClient(connection, asTheyAre)
            : storage.QueueEndpoint is { } endpoint ? new QueueServiceClient(endpoint, new DefaultAzureCredential(), asTheyAre) : null;
    }

    /// <summary>A queue.</summary>
    /// <param name="name">Its name.</param>
    /// <exception cref="OptionsValidationException">There are none.</exception>
    internal QueueClient Queue(string name) => (_service ?? throw new OptionsValidationException(
        StorageOptions.Section, typeof(StorageOptions), [$"Storage queues need {StorageOptions.Section}:QueueEndpoint."])).GetQueueClient(name);

    /// <summary>Creates what is missing: on a laptop nothing else does.</summary>
    /// <param name="cancellationToken">Stops between requests.</param>
    public async Task CreateMissingAsync(CancellationToken cancellationToken)
    {
        foreach (string name in StorageNames.StorageQueues)
            await Queue(name).CreateIfNotExistsAsync(cancellationToken: cancellationToken).ConfigureAwait(false);
    }
}
