using NrSer.Pipeline.Storage;

namespace NrSer.Pipeline.Work;

/// <summary>The two queues of a stage, so that what one person waits for does not stand in line behind an archive.</summary>
/// <remarks>
/// Each has its own receivers, on laptop and Azure alike. One queue that lets bulk in by degrees would need a length or an age to go by, which
/// brokers count differently, and would keep workers idle or live recordings waiting when it is off.
/// </remarks>
/// <param name="live">For <see cref="Lane.Live"/>.</param>
/// <param name="bulk">For <see cref="Lane.Bulk"/>.</param>
public sealed class StageQueues(IWorkQueue live, IWorkQueue bulk)
{
    /// <summary>The queue of a lane.</summary>
    /// <param name="lane">The lane.</param>
    public IWorkQueue this[Lane lane] => lane == Lane.Bulk ? bulk : live;

    /// <summary>The lane that a queue is.</summary>
    /// <param name="queue">One of <see cref="StorageNames.LaneQueues"/>.</param>
    public static Lane LaneOf(string queue)
    {
        ArgumentNullException.ThrowIfNull(queue);
        return queue.EndsWith(StorageNames.BulkSuffix, StringComparison.Ordinal) ? Lane.Bulk : Lane.Live;
    }
}
