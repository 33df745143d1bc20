namespace NrSer.Pipeline.Work;

/// <summary>How long messages have been waiting in the queues of the flow.</summary>
/// <param name="queues">All of them.</param>
public sealed class QueueAges(IReadOnlyList<IWorkQueue> queues)
{
    // A sweep on a laptop comes every few seconds; what it asks ages for is a matter of hours.
    private static readonly TimeSpan s_fresh = TimeSpan.FromSeconds(30);

    private (DateTimeOffset At, DateTimeOffset? First)? _last;

    /// <summary>Records the age of each queue: a message's age is recorded when it is received; where nobody receives, nobody else would
    /// tell. Looks again only when what it knows is half a minute old.</summary>
    /// <param name="now">The time.</param>
    /// <param name="cancellationToken">Stops between requests.</param>
    /// <returns>When the oldest of all that wait was sent: what was sent later may be in line still. Null when nothing waits.</returns>
    public async Task<DateTimeOffset?> RecordAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (_last is { } last && now - last.At >= TimeSpan.Zero && now - last.At < s_fresh)
            return last.First;
        DateTimeOffset? first = null;
        foreach (IWorkQueue queue in queues)
        {
            if (await queue.OldestSentAtAsync(cancellationToken).ConfigureAwait(false) is { } oldest)
            {
                PipelineTelemetry.QueueAge.Record((now - oldest).TotalSeconds, new KeyValuePair<string, object?>("queue", queue.Name));
                first = first < oldest ? first : oldest;
            }
        }

        _last = (now, first);
        return first;
    }
}
