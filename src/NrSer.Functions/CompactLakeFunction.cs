using Microsoft.Azure.Functions.Worker;
using NrSer.Pipeline.Lake;

namespace NrSer.Functions;

/// <summary>Takes what has ended into the lake.</summary>
/// <param name="compactor">Does it, on one host at a time.</param>
public sealed class CompactLakeFunction(LakeCompactor compactor)
{
    private const string EveryMinute = "0 * * * * *"; // the default of LakeOptions.Interval, as a schedule

    /// <summary>Looks whether enough waits; a failed run is made up for by the next.</summary>
    /// <param name="timer">The schedule.</param>
    /// <param name="cancellationToken">The host stops.</param>
    [Function("CompactLake")]
    public Task RunAsync([TimerTrigger(EveryMinute)] TimerInfo timer, CancellationToken cancellationToken) =>
        compactor.RunIfDueAsync(cancellationToken);
}
