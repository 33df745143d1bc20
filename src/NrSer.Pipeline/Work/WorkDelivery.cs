namespace NrSer.Pipeline.Work;

/// <summary>A message held under a lock, to be settled exactly once.</summary>
/// <param name="message">The message.</param>
/// <param name="deliveryCount">1 for the first delivery.</param>
/// <param name="sentAt">When it was sent, where the queue tells.</param>
public abstract class WorkDelivery(WorkMessage message, long deliveryCount, DateTimeOffset? sentAt)
{
    /// <summary>The message.</summary>
    public WorkMessage Message => message;

    /// <summary>1 for the first delivery.</summary>
    public long DeliveryCount => deliveryCount;

    /// <summary>When it was sent, where the queue tells.</summary>
    public DateTimeOffset? SentAt => sentAt;

    /// <summary>Holds the lock for another full period.</summary>
    /// <param name="cancellationToken">Stops the request.</param>
    /// <returns>False when the lock is lost: someone else may be at it.</returns>
    public abstract Task<bool> RenewAsync(CancellationToken cancellationToken);

    /// <summary>Done: the message goes.</summary>
    /// <param name="cancellationToken">Stops the request.</param>
    public abstract Task CompleteAsync(CancellationToken cancellationToken);

    /// <summary>Not done: the message becomes visible again.</summary>
    /// <param name="delay">After this long.</param>
    /// <param name="cancellationToken">Where the queue cannot delay and the delivery waits instead, ends the wait: the message is abandoned all the
    /// same.</param>
    public abstract Task AbandonAsync(TimeSpan delay, CancellationToken cancellationToken);

    /// <summary>Not tried, since the host is stopping: the message becomes visible at once, without an attempt counted where the queue can do
    /// that.</summary>
    /// <param name="cancellationToken">Stops the request.</param>
    public virtual Task GiveBackAsync(CancellationToken cancellationToken) => AbandonAsync(TimeSpan.Zero, cancellationToken);

    /// <summary>Given up: the message moves to the poison queue with its reason.</summary>
    /// <param name="reason">For the row of the recording.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    public abstract Task DeadLetterAsync(string reason, CancellationToken cancellationToken);
}
