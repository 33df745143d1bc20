using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using NrSer.Pipeline.Work;

namespace NrSer.Worker;

/// <summary>
/// Healthy while a message is in work or the queue answers, degraded while its work waits for a service that is down. A process that hears nothing
/// for minutes, or whose stage does not end although it was
/// cancelled, is better restarted.
/// </summary>
/// <param name="activity">Knows of answers and work.</param>
/// <param name="options">How long a stage may work.</param>
internal sealed class QueueHealthCheck(QueueActivity activity, IOptions<QueueOptions> options) : IHealthCheck
{
    /// <summary>Longer than the client's own retries take.</summary>
    public static readonly TimeSpan LongestSilence = TimeSpan.FromMinutes(5);

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) => Task.FromResult(
        activity.SilentFor >= LongestSilence ? HealthCheckResult.Unhealthy($"The queue has not answered for {activity.SilentFor}.")
        // to start again would not bring it back, and would lose the lock
        : activity.UnavailableFor >= LongestSilence ? HealthCheckResult.Degraded($"A service has been unavailable for {activity.UnavailableFor}.")
        : activity.BusyFor >= options.Value.LongestWork + LongestSilence ? HealthCheckResult.Unhealthy($"A stage has hung for {activity.BusyFor}.")
        : HealthCheckResult.Healthy());
}
