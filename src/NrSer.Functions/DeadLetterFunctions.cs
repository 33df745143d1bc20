using Azure.Messaging.ServiceBus;
using Microsoft.Azure.Functions.Worker;
using NrSer.Pipeline.Storage;
using NrSer.ServiceBus;

namespace NrSer.Functions;

/// <summary>Watch the dead-letter queues: whatever ends there ends in a row.</summary>
/// <param name="settlement">Writes the rows and settles the letters.</param>
public sealed class DeadLetterFunctions(TriggerSettlement settlement)
{
    internal const string Suffix = "/$deadletterqueue"; // how Service Bus names the sub-queue

    /// <summary>Handles an upload that was given up.</summary>
    /// <param name="letter">The message.</param>
    /// <param name="actions">Settles it.</param>
    /// <param name="cancellationToken">The host stops.</param>
    [Function("FailUpload")]
    public Task FailUploadAsync(
        [ServiceBusTrigger(StorageNames.UploadsQueue + Suffix, Connection = ServiceBusOptions.Section,
            AutoCompleteMessages = false)] ServiceBusReceivedMessage letter,
        ServiceBusMessageActions actions, CancellationToken cancellationToken) =>
        settlement.DrainDeadLetterAsync(StorageNames.UploadsQueue, letter, actions, cancellationToken);

    /// <summary>Handles a chunk whose enhancement was given up.</summary>
    /// <inheritdoc cref="FailUploadAsync" path="/param"/>
    [Function("FailEnhancement")]
    public Task FailEnhancementAsync(
        [ServiceBusTrigger(StorageNames.ChunksQueue + Suffix, Connection = ServiceBusOptions.Section,
            AutoCompleteMessages = false)] ServiceBusReceivedMessage letter,
        ServiceBusMessageActions actions, CancellationToken cancellationToken) =>
        settlement.DrainDeadLetterAsync(StorageNames.ChunksQueue, letter, actions, cancellationToken);

    /// <summary>Handles a chunk whose recognition was given up.</summary>
    /// <inheritdoc cref="FailUploadAsync" path="/param"/>
    [Function("FailRecognition")]
    public Task FailRecognitionAsync(
        [ServiceBusTrigger(StorageNames.EmotionsQueue + Suffix, Connection = ServiceBusOptions.Section,
            AutoCompleteMessages = false)] ServiceBusReceivedMessage letter,
        ServiceBusMessageActions actions, CancellationToken cancellationToken) =>
        settlement.DrainDeadLetterAsync(StorageNames.EmotionsQueue, letter, actions, cancellationToken);

    /// <summary>The same on the bulk lane.</summary>
    /// <inheritdoc cref="FailUploadAsync" path="/param"/>
    [Function("FailUploadBulk")]
    public Task FailUploadBulkAsync(
        [ServiceBusTrigger(StorageNames.UploadsQueue + StorageNames.BulkSuffix + Suffix, Connection = ServiceBusOptions.Section,
            AutoCompleteMessages = false)] ServiceBusReceivedMessage letter,
        ServiceBusMessageActions actions, CancellationToken cancellationToken) =>
        settlement.DrainDeadLetterAsync(StorageNames.UploadsQueue, letter, actions, cancellationToken);

    /// <summary>The same on the bulk lane.</summary>
    /// <inheritdoc cref="FailUploadAsync" path="/param"/>
    [Function("FailEnhancementBulk")]
    public Task FailEnhancementBulkAsync(
        [ServiceBusTrigger(StorageNames.ChunksQueue + StorageNames.BulkSuffix + Suffix, Connection = ServiceBusOptions.Section,
            AutoCompleteMessages = false)] ServiceBusReceivedMessage letter,
        ServiceBusMessageActions actions, CancellationToken cancellationToken) =>
        settlement.DrainDeadLetterAsync(StorageNames.ChunksQueue, letter, actions, cancellationToken);

    /// <summary>The same on the bulk lane.</summary>
    /// <inheritdoc cref="FailUploadAsync" path="/param"/>
    [Function("FailRecognitionBulk")]
    public Task FailRecognitionBulkAsync(
        [ServiceBusTrigger(StorageNames.EmotionsQueue + StorageNames.BulkSuffix + Suffix, Connection = ServiceBusOptions.Section,
            AutoCompleteMessages = false)] ServiceBusReceivedMessage letter,
        ServiceBusMessageActions actions, CancellationToken cancellationToken) =>
        settlement.DrainDeadLetterAsync(StorageNames.EmotionsQueue, letter, actions, cancellationToken);
}
