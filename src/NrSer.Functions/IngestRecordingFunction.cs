using Azure.Messaging.ServiceBus;
using Microsoft.Azure.Functions.Worker;
using NrSer.Pipeline.Stages;
using NrSer.Pipeline.Storage;
using NrSer.ServiceBus;

namespace NrSer.Functions;

/// <summary>Takes in an upload that Event Grid tells of.</summary>
/// <param name="stage">Does it.</param>
/// <param name="settlement">Settles the message.</param>
public sealed class IngestRecordingFunction(IngestRecording stage, TriggerSettlement settlement)
{
    /// <summary>Handles one message.</summary>
    /// <param name="message">The message.</param>
    /// <param name="actions">Settles it.</param>
    /// <param name="cancellationToken">The host stops.</param>
    [Function(nameof(IngestRecording))]
    public Task RunAsync(
        [ServiceBusTrigger(StorageNames.UploadsQueue, Connection = ServiceBusOptions.Section,
            AutoCompleteMessages = false)] ServiceBusReceivedMessage message,
        ServiceBusMessageActions actions, CancellationToken cancellationToken) =>
        settlement.RunAsync(StorageNames.UploadsQueue, message, actions, stage.RunAsync, cancellationToken);

    /// <summary>Handles one message of the bulk lane, beside those that somebody waits for.</summary>
    /// <inheritdoc cref="RunAsync" path="/param"/>
    [Function(nameof(IngestRecording) + "Bulk")]
    public Task RunBulkAsync(
        [ServiceBusTrigger(StorageNames.UploadsQueue + StorageNames.BulkSuffix, Connection = ServiceBusOptions.Section,
            AutoCompleteMessages = false)] ServiceBusReceivedMessage message,
        ServiceBusMessageActions actions, CancellationToken cancellationToken) =>
        settlement.RunAsync(StorageNames.UploadsQueue + StorageNames.BulkSuffix, message, actions, stage.RunAsync, cancellationToken);
}
