namespace NrSer.Pipeline.Work;

/// <summary>What the queues of this process are doing: asked by health checks, and by hosts that end when there is nothing left to do.</summary>
/// <param name="time">The clock.</param>
public sealed class QueueActivity(TimeProvider time)
{
    private int _inWork;
    private long _lastBegin = time.GetTimestamp();
    private long _lastWork = time.GetTimestamp();
    private long _lastAnswer = time.GetTimestamp();
    private readonly OnceAMinute _saying = new(time);
    private long _outageSince; // 0 while there is none

    /// <summary>For how long no message has been in work; zero while one is.</summary>
    public TimeSpan IdleFor => Volatile.Read(ref _inWork) > 0 ? TimeSpan.Zero : time.GetElapsedTime(Volatile.Read(ref _lastWork));

    /// <summary>For how long the message begun last has been in work; zero while none is.</summary>
    public TimeSpan BusyFor => Volatile.Read(ref _inWork) > 0 ? time.GetElapsedTime(Volatile.Read(ref _lastBegin)) : TimeSpan.Zero;

    /// <summary>For how long no queue has answered, though one was asked; zero while a message is in work, since a busy pump asks no more.</summary>
    public TimeSpan SilentFor => Volatile.Read(ref _inWork) > 0 ? TimeSpan.Zero : time.GetElapsedTime(Volatile.Read(ref _lastAnswer));

    /// <summary>For how long a service that stages need, or a queue, has been unavailable; zero while none is known to be.</summary>
    public TimeSpan UnavailableFor => Volatile.Read(ref _outageSince) is not 0 and var since ? time.GetElapsedTime(since) : TimeSpan.Zero;

    /// <summary>A service was found unavailable.</summary>
    /// <returns>Whether to say so in the log: once a minute, however many find it.</returns>
    internal bool FoundUnavailable()
    {
        long now = time.GetTimestamp();
        Volatile.Write(ref _lastBegin, now); // what waits for a service does not hang
        Interlocked.CompareExchange(ref _outageSince, Math.Max(now, 1), 0);
        return _saying.IsTime();
    }

    /// <summary>What was unavailable to the caller is not any more.</summary>
    internal void FoundAvailable() => Volatile.Write(ref _outageSince, 0);

    /// <summary>A queue has answered, be it with nothing.</summary>
    internal void Answered() => Volatile.Write(ref _lastAnswer, time.GetTimestamp());

    /// <summary>Work on a message begins.</summary>
    internal void Begin()
    {
        Volatile.Write(ref _lastBegin, time.GetTimestamp());
        Interlocked.Increment(ref _inWork);
    }

    /// <summary>Work on a message has ended.</summary>
    internal void End()
    {
        long now = time.GetTimestamp();
        Volatile.Write(ref _lastWork, now);
        Volatile.Write(ref _lastAnswer, now);
        Interlocked.Decrement(ref _inWork);
    }
}
