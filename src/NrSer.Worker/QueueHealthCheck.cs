using Microsoft.Extensions.Diagnostics.HealthChecks;
using NrSer.Pipeline.Queues;

namespace NrSer.Worker;

/// <summary>Healthy while a message is in work or the queue answers; a process that hears nothing for minutes is better restarted.</summary>
/// <param name="activity">Knows of answers.</param>
internal sealed class QueueHealthCheck(QueueActivity activity) : IHealthCheck
{
    /// <summary>Longer than the client's own retries take.</summary>
    public static readonly TimeSpan LongestSilence = TimeSpan.FromMinutes(5);

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) => Task.FromResult(
        activity.SilentFor < LongestSilence ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy($"The queue has not answered for {activity.SilentFor}."));
}
