using Azure.Messaging.ServiceBus;
using Microsoft.Azure.Functions.Worker.Converters;

// See ServiceBusTriggerAttribute.cs.
namespace Microsoft.Azure.Functions.Worker;

/// <summary>Settles a message that a trigger holds.</summary>
[InputConverter(typeof(MessageActionsConverter))]
public abstract class ServiceBusMessageActions
{
    public abstract Task CompleteMessageAsync(ServiceBusReceivedMessage message, CancellationToken cancellationToken = default);

    public abstract Task AbandonMessageAsync(
        ServiceBusReceivedMessage message, IDictionary<string, object>? propertiesToModify = null, CancellationToken cancellationToken = default);

#pragma warning disable MA0016 // as it is there
    public abstract Task DeadLetterMessageAsync(
        ServiceBusReceivedMessage message, Dictionary<string, object>? propertiesToModify = null, string? deadLetterReason = null,
        string? deadLetterErrorDescription = null, CancellationToken cancellationToken = default);
#pragma warning restore MA0016

    public abstract Task RenewMessageLockAsync(ServiceBusReceivedMessage message, CancellationToken cancellationToken = default);
}
