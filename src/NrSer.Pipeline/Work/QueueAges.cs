namespace NrSer.Pipeline.Work;

/// <summary>How long messages have been waiting in the queues of the flow.</summary>
/// <param name="queues">All of them.</param>
public sealed class QueueAges(IReadOnlyList<IWorkQueue> queues)
{
    /// <summary>Records the age of each queue: a message's age is recorded when it is received; where nobody receives, nobody else would
    /// tell.</summary>
    /// <param name="now">The time.</param>
    /// <param name="cancellationToken">Stops between requests.</param>
    public async Task RecordAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        foreach (IWorkQueue queue in queues)
        {
            if (await queue.OldestSentAtAsync(cancellationToken).ConfigureAwait(false) is { } oldest)
                PipelineTelemetry.QueueAge.Record((now - oldest).TotalSeconds, new KeyValuePair<string, object?>("queue", queue.Name));
        }
    }

    /// <summary>Whether a message waits that was sent by a given time: what was sent then may be in line still.</summary>
    /// <param name="sentBy">The time.</param>
    /// <param name="cancellationToken">Stops between requests.</param>
    public async Task<bool> AnyWaitsSinceAsync(DateTimeOffset sentBy, CancellationToken cancellationToken)
    {
        foreach (IWorkQueue queue in queues)
        {
            if (await queue.OldestSentAtAsync(cancellationToken).ConfigureAwait(false) <= sentBy)
                return true;
        }

        return false;
    }
}
