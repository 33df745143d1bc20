using Microsoft.Azure.Functions.Worker;
using NrSer.Pipeline.Stages;
using NrSer.Pipeline.Storage;

namespace NrSer.Functions;

/// <summary>Finds what fell through, uploads from before the deployment included.</summary>
/// <param name="stage">Does it.</param>
/// <param name="lease">Keeps a second host from it, should the runtime call two: it tells replicas apart by a setting.</param>
public sealed class SweepFunction(Sweep stage, BlobLease lease)
{
    private const string EveryFiveMinutes = "0 */5 * * * *"; // the default of SweepOptions.Interval, as a schedule

    /// <summary>Runs on one instance at a time; a failed run is made up for by the next.</summary>
    /// <param name="timer">The schedule.</param>
    /// <param name="cancellationToken">The host stops.</param>
    [Function(nameof(Sweep))]
    public Task RunAsync([TimerTrigger(EveryFiveMinutes)] TimerInfo timer, CancellationToken cancellationToken) =>
        lease.RunAloneAsync(nameof(Sweep), stage.RunAsync, cancellationToken);
}
