namespace NrSer.Pipeline.Work;

/// <summary>What the queues of this process are doing: asked by health checks, and by hosts that end when there is nothing left to do.</summary>
/// <param name="time">The clock.</param>
public sealed class QueueActivity(TimeProvider time)
{
    private int _inWork;
    private long _lastBegin = time.GetTimestamp();
    private long _lastWork = time.GetTimestamp();
    private long _lastAnswer = time.GetTimestamp();

    /// <summary>For how long no message has been in work; zero while one is.</summary>
    public TimeSpan IdleFor => Volatile.Read(ref _inWork) > 0 ? TimeSpan.Zero : time.GetElapsedTime(Volatile.Read(ref _lastWork));

    /// <summary>For how long the message begun last has been in work; zero while none is.</summary>
    public TimeSpan BusyFor => Volatile.Read(ref _inWork) > 0 ? time.GetElapsedTime(Volatile.Read(ref _lastBegin)) : TimeSpan.Zero;

    /// <summary>For how long no queue has answered, though one was asked; zero while a message is in work, since a busy pump asks no more.</summary>
    public TimeSpan SilentFor => Volatile.Read(ref _inWork) > 0 ? TimeSpan.Zero : time.GetElapsedTime(Volatile.Read(ref _lastAnswer));

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
