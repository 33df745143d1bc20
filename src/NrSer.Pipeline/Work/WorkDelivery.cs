namespace NrSer.Pipeline.Work;

/// <summary>A message held under a lock, to be settled exactly once.</summary>
/// <param name="message">The message.</param>
/// <param name="attempts">What became of it before.</param>
/// <param name="sentAt">When it was sent, where the queue tells.</param>
public abstract class WorkDelivery(WorkMessage message, Attempts attempts, DateTimeOffset? sentAt)
{
    /// <summary>The message.</summary>
    public WorkMessage Message => message;

    /// <summary>What became of it before.</summary>
    public Attempts Attempts => attempts;

    /// <summary>When it was sent, where the queue tells.</summary>
    public DateTimeOffset? SentAt => sentAt;

    /// <summary>Holds the lock for another full period.</summary>
    /// <param name="cancellationToken">Stops the request.</param>
    /// <returns>False when the lock is lost: someone else may be at it.</returns>
    public abstract Task<bool> RenewAsync(CancellationToken cancellationToken);

    /// <summary>Done: the message goes.</summary>
    /// <param name="cancellationToken">Stops the request.</param>
    public abstract Task CompleteAsync(CancellationToken cancellationToken);

    /// <summary>Tried and failed, which counts: the message becomes visible again.</summary>
    /// <param name="delay">After this long.</param>
    /// <param name="cancellationToken">Where the queue cannot delay and the delivery waits instead, ends the wait: the message is abandoned all the
    /// same.</param>
    public abstract Task AbandonAsync(TimeSpan delay, CancellationToken cancellationToken);

    /// <summary>Not tried to the end, since the host is stopping: the message becomes visible at once, and nothing counts.</summary>
    /// <param name="cancellationToken">Stops the request.</param>
    public abstract Task GiveBackAsync(CancellationToken cancellationToken);

    /// <summary>Given up: the message moves to the poison queue with its reason.</summary>
    /// <param name="reason">For the row of the recording.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    public abstract Task DeadLetterAsync(string reason, CancellationToken cancellationToken);
}

/// <summary>What became of a message before it was handed out this time. The two answers travel with the message; the service counts
/// hand-outs.</summary>
/// <param name="Failed">Times that its work failed by what may be the message's own fault.</param>
/// <param name="GivenBack">Times that a host stopped, or met a service that was down.</param>
/// <param name="Unanswered">Times that nothing was heard again of whoever had it: it died, or lost the queue.</param>
public readonly record struct Attempts(int Failed, int GivenBack, int Unanswered)
{
    /// <summary>As the service's count and the message itself tell.</summary>
    /// <param name="deliveries">Hand-outs, this one included.</param>
    /// <param name="failed">As the message says; what cannot be is taken for none.</param>
    /// <param name="givenBack">As the message says.</param>
    public static Attempts Of(long deliveries, int failed, int givenBack)
    {
        long before = Math.Clamp(deliveries - 1, 0, int.MaxValue);
        bool possible = failed >= 0 && givenBack >= 0 && (long)failed + givenBack <= before;
        return possible ? new Attempts(failed, givenBack, (int)(before - failed - givenBack)) : new Attempts(0, 0, (int)before);
    }
}
