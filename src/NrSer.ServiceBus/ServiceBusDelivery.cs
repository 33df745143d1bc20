using Azure.Messaging.ServiceBus;
using NrSer.Pipeline.Work;

namespace NrSer.ServiceBus;

/// <summary>A message of a Service Bus queue under peek-lock, whoever received it: our own receiver or a trigger.</summary>
/// <param name="queue">Where it comes from.</param>
/// <param name="received">The message.</param>
/// <param name="time">The clock, for delays.</param>
public abstract class ServiceBusDelivery(string queue, ServiceBusReceivedMessage received, TimeProvider time)
    : WorkDelivery(MessageOf(queue, received), AttemptsOf(received), received.EnqueuedTime)
{
    /// <summary>The reason under which stages dead-letter; the description tells more.</summary>
    public const string DeadLetterReason = "StageGaveUp";

    /// <summary>The property that Service Bus clients carry W3C trace context in.</summary>
    internal const string TraceProperty = "Diagnostic-Id";

    /// <summary>How many of the deliveries ended because a host stopped. The service counts those too, and cannot be told not to.</summary>
    private const string GivenBackProperty = "NrSerGivenBack";

    /// <summary>How many of the deliveries failed.</summary>
    private const string FailedProperty = "NrSerFailed";

    private const int MaxDescriptionChars = 1000; // the service takes 4,096 characters of reason and description

    // The service cannot hand a message out later, only the holder of the lock can wait. Longer waits would keep others from its place.
    private static readonly TimeSpan s_longestWait = TimeSpan.FromMinutes(1);

    /// <summary>What a received message holds.</summary>
    /// <param name="queue">Where it comes from.</param>
    /// <param name="received">The message.</param>
    public static WorkMessage MessageOf(string queue, ServiceBusReceivedMessage received)
    {
        ArgumentNullException.ThrowIfNull(received);
        return new WorkMessage(received.MessageId, received.Body.ToString(),
            received.ApplicationProperties.TryGetValue(TraceProperty, out object? trace) ? trace as string : null)
        {
            Lane = StageQueues.LaneOf(queue),
        };
    }

    /// <summary>Why a message of a dead-letter queue is there: our own description, or what the service says.</summary>
    /// <param name="letter">The message.</param>
    public static string ReasonOf(ServiceBusReceivedMessage letter)
    {
        ArgumentNullException.ThrowIfNull(letter);
        return (letter.DeadLetterReason, letter.DeadLetterErrorDescription) switch
        {
            (DeadLetterReason, { Length: > 0 } description) => description,
            ({ Length: > 0 } reason, { Length: > 0 } description) => $"{reason}: {description}",
            ({ Length: > 0 } reason, _) => reason,
            _ => "Found in the dead-letter queue without a reason.",
        };
    }

    /// <inheritdoc/>
    /// <remarks>Waits here, at most a minute, since the service cannot.</remarks>
    public sealed override async Task AbandonAsync(TimeSpan delay, CancellationToken cancellationToken)
    {
        TimeSpan wait = delay < s_longestWait ? delay : s_longestWait;
        await Task.Delay(wait, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await AbandonNowAsync(FailedProperty, Attempts.Failed + 1, CancellationToken.None).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public sealed override Task GiveBackAsync(CancellationToken cancellationToken) =>
        AbandonNowAsync(GivenBackProperty, Attempts.GivenBack + 1, cancellationToken);

    /// <inheritdoc/>
    public sealed override Task DeadLetterAsync(string reason, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(reason);
        string description = reason.Length <= MaxDescriptionChars ? reason : $"{reason[..MaxDescriptionChars]}…";
        return DeadLetterAsync(DeadLetterReason, description, cancellationToken);
    }

    /// <summary>Makes the message visible again.</summary>
    /// <param name="propertiesToModify">What the message shall carry from now on.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    protected abstract Task AbandonNowAsync(IDictionary<string, object> propertiesToModify, CancellationToken cancellationToken);

    /// <summary>Moves the message to the dead-letter queue.</summary>
    /// <param name="reason">A word.</param>
    /// <param name="description">A sentence.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    protected abstract Task DeadLetterAsync(string reason, string description, CancellationToken cancellationToken);

    private Task AbandonNowAsync(string property, int value, CancellationToken cancellationToken) =>
        AbandonNowAsync(new Dictionary<string, object>(StringComparer.Ordinal) { [property] = value }, cancellationToken);

    private static Attempts AttemptsOf(ServiceBusReceivedMessage received)
    {
        int CountOf(string property) => received.ApplicationProperties.TryGetValue(property, out object? times) && times is int count ? count : 0;
        return Attempts.Of(received.DeliveryCount, CountOf(FailedProperty), CountOf(GivenBackProperty));
    }
}
