using System.ComponentModel.DataAnnotations;

namespace NrSer.Worker;

/// <summary>How long the worker stays.</summary>
public sealed class WorkerOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "NrSer:Worker";

    /// <summary>Time for a chunk in work to be given back after SIGTERM, less than the 30 s that Container Apps grants by default.</summary>
    public static readonly TimeSpan ShutdownTime = TimeSpan.FromSeconds(25);

    /// <summary>Ends the process after so long without a message, as an event-driven job does: 1 s to 1 hour, or 0 to stay.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")] public TimeSpan ExitWhenIdleFor { get; init; }
}
