using Azure.Messaging.ServiceBus;
using Microsoft.Azure.Functions.Worker;
using NrSer.Pipeline.Stages;
using NrSer.Pipeline.Work;
using NrSer.ServiceBus;

namespace NrSer.Functions;

/// <summary>What the triggers have in common: decode, call the stage, settle.</summary>
/// <param name="settlement">Settles by what the stage did.</param>
/// <param name="failure">Turns dead letters into rows.</param>
/// <param name="time">The clock.</param>
public sealed class TriggerSettlement(Settlement settlement, RecordFailure failure, TimeProvider time)
{
    /// <summary>Handles a message of a work queue.</summary>
    /// <param name="queue">The queue.</param>
    /// <param name="message">The message.</param>
    /// <param name="actions">Settles it.</param>
    /// <param name="stage">What to do.</param>
    /// <param name="cancellationToken">The host stops.</param>
    public Task RunAsync(
        string queue, ServiceBusReceivedMessage message, ServiceBusMessageActions actions, Func<WorkMessage, CancellationToken, Task> stage,
        CancellationToken cancellationToken) =>
        settlement.RunAsync(queue, new TriggerDelivery(queue, message, actions, time), stage, retryWithoutLimit: false, cancellationToken);

    /// <summary>Writes a dead letter into the row of its recording.</summary>
    /// <param name="queue">The queue that it comes from, without the suffix.</param>
    /// <param name="letter">The message.</param>
    /// <param name="actions">Settles it.</param>
    /// <param name="cancellationToken">The host stops.</param>
    public Task DrainDeadLetterAsync(string queue, ServiceBusReceivedMessage letter, ServiceBusMessageActions actions,
        CancellationToken cancellationToken) =>
        settlement.RunAsync(
            queue, new TriggerDelivery(queue, letter, actions, time),
            (message, token) => failure.RunAsync(queue, message.Body, ServiceBusDelivery.ReasonOf(letter), token), retryWithoutLimit: true,
            cancellationToken);
}
