namespace NrSer.Core.Audio.Ffmpeg;

/// <summary>Notices that neither input is taken nor output given.</summary>
/// <param name="limit">How long that may last.</param>
internal sealed class StallWatch(TimeSpan limit)
{
    private long _waits;
    private bool _isWaiting;
    private bool _hasStalled;

    /// <summary>True once it has stalled.</summary>
    public bool HasStalled => Volatile.Read(ref _hasStalled);

    /// <summary>A read begins.</summary>
    public void BeginWaiting()
    {
        Volatile.Write(ref _waits, _waits + 1);
        Volatile.Write(ref _isWaiting, true);
    }

    /// <summary>It has ended.</summary>
    public void EndWaiting() => Volatile.Write(ref _isWaiting, false);

    /// <summary>Watches. Neither a slow caller nor a pause between reads is a stall: the same read must have waited for a whole period.</summary>
    /// <param name="feed">What is sent meanwhile.</param>
    /// <param name="onStall">Called once.</param>
    /// <param name="cancellationToken">Ends the watch, without an exception.</param>
    public async Task RunAsync(FfmpegFeed feed, Action onStall, CancellationToken cancellationToken)
    {
        using PeriodicTimer timer = new(limit);
        (long Waits, long Bytes) before = default;
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false))
            {
                (long Waits, long Bytes) now = (Volatile.Read(ref _waits), feed.BytesSent);
                if (now == before && Volatile.Read(ref _isWaiting))
                {
                    Volatile.Write(ref _hasStalled, true);
                    onStall();
                    return;
                }

                before = now;
            }
        }
        catch (OperationCanceledException)
        {
            // Nothing to watch any more.
        }
    }
}
