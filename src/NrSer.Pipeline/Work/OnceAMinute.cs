namespace NrSer.Pipeline.Work;

/// <summary>Keeps what is said again and again to one line of the log a minute.</summary>
/// <param name="time">The clock.</param>
internal sealed class OnceAMinute(TimeProvider time)
{
    private static readonly TimeSpan s_pause = TimeSpan.FromMinutes(1);

    private long _saidAt; // 0 for never

    /// <summary>Whether to say it now; of many who ask at once, one is told so.</summary>
    public bool IsTime()
    {
        long now = Math.Max(time.GetTimestamp(), 1), said = Volatile.Read(ref _saidAt);
        return (said == 0 || time.GetElapsedTime(said, now) >= s_pause) && Interlocked.CompareExchange(ref _saidAt, now, said) == said;
    }
}
