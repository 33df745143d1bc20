using Azure.Messaging.ServiceBus;
using Microsoft.Azure.Functions.Worker;
using NrSer.ServiceBus;

namespace NrSer.Functions;

/// <summary>A message that a trigger holds; the runtime settles it on our word.</summary>
/// <param name="queue">Where it comes from.</param>
/// <param name="received">The message.</param>
/// <param name="actions">The runtime's side.</param>
/// <param name="time">The clock.</param>
internal sealed class TriggerDelivery(string queue, ServiceBusReceivedMessage received, ServiceBusMessageActions actions, TimeProvider time)
    : ServiceBusDelivery(queue, received, time)
{
    private readonly ServiceBusReceivedMessage _received = received;

    /// <remarks>The runtime reports a lost lock as any other failure, so the answer is never false: a later settlement fails and leaves the message
    /// to its next holder.</remarks>
    public override async Task<bool> RenewAsync(CancellationToken cancellationToken)
    {
        await actions.RenewMessageLockAsync(_received, cancellationToken);
        return true;
    }

    public override Task CompleteAsync(CancellationToken cancellationToken) => actions.CompleteMessageAsync(_received, cancellationToken);

    protected override Task AbandonNowAsync(IDictionary<string, object> propertiesToModify, CancellationToken cancellationToken) =>
        actions.AbandonMessageAsync(_received, propertiesToModify, cancellationToken);

    protected override Task DeadLetterAsync(string reason, string description, CancellationToken cancellationToken) =>
        actions.DeadLetterMessageAsync(_received, propertiesToModify: null, reason, description, cancellationToken);
}
