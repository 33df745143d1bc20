using Microsoft.Extensions.Logging;
using NrSer.Pipeline.Uploads;

namespace NrSer.Pipeline.Stages;

/// <summary>Notices when somebody sets the clock, by comparing it with one that nobody sets.</summary>
/// <param name="time">The clock.</param>
/// <param name="logger">The log.</param>
/// <param name="emulated">Whose files tell, at the start, of a clock that was set back before.</param>
public sealed partial class ClockWatch(TimeProvider time, ILogger<ClockWatch> logger, IEmulatedStorage? emulated = null)
{
    /// <summary>How far clocks may differ: between tables and queues, and from a row to its message.</summary>
    public static readonly TimeSpan Skew = TimeSpan.FromMinutes(5);

    private (DateTimeOffset At, long Timestamp)? _last;

    /// <summary>The time, and whether the clock was set back since this was last asked for.</summary>
    public (DateTimeOffset Now, bool WentBack) Read()
    {
        DateTimeOffset now = time.GetUtcNow();
        TimeSpan step = _last is { } last ? now - last.At - time.GetElapsedTime(last.Timestamp) : SinceSaved(now);
        _last = (now, time.GetTimestamp());
        if (step.Duration() > Skew)
            LogClockStep(step);
        return (now, step < -Skew);
    }

    private TimeSpan SinceSaved(DateTimeOffset now) =>
        emulated is { SavedBefore: var savedAt } && savedAt > now.UtcDateTime ? now.UtcDateTime - savedAt : TimeSpan.Zero;

    [LoggerMessage(3504, LogLevel.Warning, "The clock was set by {Step}: what was unfinished is looked after")]
    private partial void LogClockStep(TimeSpan step);
}
