using Microsoft.Azure.Functions.Worker;
using NrSer.Pipeline.Stages;

namespace NrSer.Functions;

/// <summary>Finds what fell through, uploads from before the deployment included.</summary>
/// <param name="stage">Does it.</param>
public sealed class SweepFunction(Sweep stage)
{
    private const string EveryFiveMinutes = "0 */5 * * * *"; // the default of SweepOptions.Interval, as a schedule

    /// <summary>Runs on one instance at a time; a failed run is made up for by the next.</summary>
    /// <param name="timer">The schedule.</param>
    /// <param name="cancellationToken">The host stops.</param>
    [Function(nameof(Sweep))]
    public Task RunAsync([TimerTrigger(EveryFiveMinutes)] TimerInfo timer, CancellationToken cancellationToken) => stage.RunAsync(cancellationToken);
}
