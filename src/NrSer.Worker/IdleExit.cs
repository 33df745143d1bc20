using Microsoft.Extensions.Options;
using NrSer.Pipeline.Work;

namespace NrSer.Worker;

/// <summary>Ends the host when the queue has been empty for long enough: a job that is billed by the second must not wait.</summary>
/// <param name="options">How long that is.</param>
/// <param name="activity">Knows when there was work.</param>
/// <param name="lifetime">The host.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">The log.</param>
internal sealed partial class IdleExit(
    IOptions<WorkerOptions> options, QueueActivity activity, IHostApplicationLifetime lifetime, TimeProvider time, ILogger<IdleExit> logger)
        : BackgroundService
{
    private const int QueueUnreachable = 1;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        TimeSpan limit = options.Value.ExitWhenIdleFor;
        if (limit == TimeSpan.Zero)
            return;
        TimeSpan idle;
        while ((idle = activity.IdleFor) < limit)
        {
            await Task.Delay(limit - idle + TimeSpan.FromMilliseconds(1), time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (stoppingToken.IsCancellationRequested)
                return;
        }

        // Silence is no emptiness: the platform should see that this run did not end well.
        if (activity.SilentFor >= limit)
            Environment.ExitCode = QueueUnreachable;
        LogIdle(limit, activity.SilentFor);
        lifetime.StopApplication();
    }

    [LoggerMessage(4101, LogLevel.Information, "No message for {Limit}, the queue's last answer {Silence} ago: the worker ends")]
    private partial void LogIdle(TimeSpan limit, TimeSpan silence);
}
