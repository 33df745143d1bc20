using Azure.Messaging.ServiceBus;
using NrSer.Pipeline.Work;

namespace NrSer.ServiceBus;

/// <summary>A Service Bus queue: the lock, the attempts and the dead-letter queue are the service's own.</summary>
/// <param name="client">The connection, shared by all queues.</param>
/// <param name="name">The queue.</param>
/// <param name="time">The clock.</param>
public sealed class ServiceBusWorkQueue(ServiceBusClient client, string name, TimeProvider time) : IWorkQueue, IAsyncDisposable
{
    private static readonly TimeSpan s_wait = TimeSpan.FromSeconds(1); // an empty queue answers nothing, so the wait is what an empty answer takes

    private readonly ServiceBusSender _sender = client.CreateSender(name);

    // No prefetch: a message fetched ahead ages under its lock while the one before it is in work.
    private readonly ServiceBusReceiver _receiver = client.CreateReceiver(
        name, new ServiceBusReceiverOptions { ReceiveMode = ServiceBusReceiveMode.PeekLock, PrefetchCount = 0 });

    /// <inheritdoc/>
    public string Name => name;

    /// <inheritdoc/>
    public async Task SendAsync(IReadOnlyCollection<WorkMessage> messages, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(messages);
        using IEnumerator<WorkMessage> next = messages.GetEnumerator();
        bool more = next.MoveNext();
        while (more)
        {
            using ServiceBusMessageBatch batch = await _sender.CreateMessageBatchAsync(cancellationToken).ConfigureAwait(false);
            while (more && batch.TryAddMessage(MessageOf(next.Current)))
                more = next.MoveNext();
            if (batch.Count == 0)
                throw new ArgumentException($"Message {next.Current.MessageId} is larger than the queue takes.", nameof(messages));
            try
            {
                await _sender.SendMessagesAsync(batch, cancellationToken).ConfigureAwait(false);
            }
            catch (ServiceBusException down) when (down.IsTransient || IsMissing(down))
            {
                throw new ServiceUnavailableException($"Queue {name} takes no messages: {down.Message}", down);
            }
        }
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<WorkDelivery>> ReceiveAsync(int max, CancellationToken cancellationToken)
    {
        IReadOnlyList<ServiceBusReceivedMessage> messages = await _receiver.ReceiveMessagesAsync(max, s_wait, cancellationToken)
            .ConfigureAwait(false);
        return [.. messages.Select(message => new Delivery(name, _receiver, message, time))];
    }

    /// <inheritdoc/>
    public async Task<DateTimeOffset?> OldestSentAtAsync(CancellationToken cancellationToken)
    {
        // From the first number on, always: without one, every look would go on where the last one ended.
        IReadOnlyList<ServiceBusReceivedMessage> head = await _receiver.PeekMessagesAsync(1, fromSequenceNumber: 0, cancellationToken)
            .ConfigureAwait(false);
        return head.Count == 0 ? null : head[0].EnqueuedTime;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _sender.DisposeAsync().ConfigureAwait(false);
        await _receiver.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>Not deployed yet, switched off, full, or not yet allowed to this identity: mended by people, not by another message.</summary>
    private static bool IsMissing(ServiceBusException error) => error.Reason is ServiceBusFailureReason.MessagingEntityNotFound
        or ServiceBusFailureReason.MessagingEntityDisabled or ServiceBusFailureReason.QuotaExceeded;

    private static ServiceBusMessage MessageOf(WorkMessage message)
    {
        var sent = new ServiceBusMessage(message.Body) { MessageId = message.MessageId, ContentType = "application/json" };
        if (message.TraceParent is not null)
            sent.ApplicationProperties[ServiceBusDelivery.TraceProperty] = message.TraceParent;
        return sent;
    }

    private sealed class Delivery(string queue, ServiceBusReceiver receiver, ServiceBusReceivedMessage received, TimeProvider time)
        : ServiceBusDelivery(queue, received, time)
    {
        private readonly ServiceBusReceivedMessage _received = received;

        public override async Task<bool> RenewAsync(CancellationToken cancellationToken)
        {
            try
            {
                await receiver.RenewMessageLockAsync(_received, cancellationToken).ConfigureAwait(false);
                return true;
            }
            catch (ServiceBusException lost) when (IsLost(lost))
            {
                return false;
            }
        }

        public override Task CompleteAsync(CancellationToken cancellationToken) =>
            UnlessLostAsync(receiver.CompleteMessageAsync(_received, cancellationToken));

        protected override Task AbandonNowAsync(IDictionary<string, object> propertiesToModify, CancellationToken cancellationToken) =>
            UnlessLostAsync(receiver.AbandonMessageAsync(_received, propertiesToModify, cancellationToken));

        protected override Task DeadLetterAsync(string reason, string description, CancellationToken cancellationToken) =>
            UnlessLostAsync(receiver.DeadLetterMessageAsync(_received, reason, description, cancellationToken));

        /// <summary>A lock that ran out means that another has the message, and will settle it.</summary>
        private static async Task UnlessLostAsync(Task settling)
        {
            try
            {
                await settling.ConfigureAwait(false);
            }
            catch (ServiceBusException lost) when (IsLost(lost))
            {
                // Another has it: it will find the work done, or do it.
            }
        }

        private static bool IsLost(ServiceBusException error) =>
            error.Reason is ServiceBusFailureReason.MessageLockLost or ServiceBusFailureReason.MessageNotFound;
    }
}
