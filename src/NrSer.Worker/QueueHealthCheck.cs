using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using NrSer.Pipeline.Work;

namespace NrSer.Worker;

/// <summary>
/// Healthy while a message is in work or the queue answers. A process that hears nothing for minutes, or whose stage does not end although it was
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
        : activity.BusyFor >= options.Value.LongestWork + LongestSilence ? HealthCheckResult.Unhealthy($"A stage has hung for {activity.BusyFor}.")
        : HealthCheckResult.Healthy());
}
