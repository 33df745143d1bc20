using Azure.Messaging.ServiceBus;
using Microsoft.Azure.Functions.Worker;
using NrSer.Pipeline.Stages;
using NrSer.Pipeline.Storage;
using NrSer.ServiceBus;

namespace NrSer.Functions;

/// <summary>Enhances and scores a chunk.</summary>
/// <param name="stage">Does it.</param>
/// <param name="settlement">Settles the message.</param>
public sealed class EnhanceChunkFunction(EnhanceChunk stage, TriggerSettlement settlement)
{
    /// <summary>Handles one message.</summary>
    /// <param name="message">The message.</param>
    /// <param name="actions">Settles it.</param>
    /// <param name="cancellationToken">The host stops.</param>
    [Function(nameof(EnhanceChunk))]
    public Task RunAsync(
        [ServiceBusTrigger(StorageNames.ChunksQueue, Connection = ServiceBusOptions.Section,
            AutoCompleteMessages = false)] ServiceBusReceivedMessage message,
        ServiceBusMessageActions actions, CancellationToken cancellationToken) =>
        settlement.RunAsync(StorageNames.ChunksQueue, message, actions, stage.RunAsync, cancellationToken);

    /// <summary>Handles one message of the bulk lane, beside those that somebody waits for.</summary>
    /// <inheritdoc cref="RunAsync" path="/param"/>
    [Function(nameof(EnhanceChunk) + "Bulk")]
    public Task RunBulkAsync(
        [ServiceBusTrigger(StorageNames.ChunksQueue + StorageNames.BulkSuffix, Connection = ServiceBusOptions.Section,
            AutoCompleteMessages = false)] ServiceBusReceivedMessage message,
        ServiceBusMessageActions actions, CancellationToken cancellationToken) =>
        settlement.RunAsync(StorageNames.ChunksQueue + StorageNames.BulkSuffix, message, actions, stage.RunAsync, cancellationToken);
}
