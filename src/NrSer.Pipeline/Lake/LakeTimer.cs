using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace NrSer.Pipeline.Lake;

/// <summary>Runs <see cref="LakeCompactor"/> at intervals: the local counterpart of a timer trigger.</summary>
/// <param name="compactor">Looks whether there is enough to do.</param>
/// <param name="options">The interval.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">The log.</param>
public sealed partial class LakeTimer(LakeCompactor compactor, IOptions<LakeOptions> options, TimeProvider time, ILogger<LakeTimer> logger)
    : BackgroundService
{
    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
            {
                try
                {
                    await compactor.RunIfDueAsync(stoppingToken).ConfigureAwait(false);
                }
                // a request's time-out is a cancellation too
                catch (Exception error) when (error is not OutOfMemoryException && !stoppingToken.IsCancellationRequested)
                {
                    LogFailed(error);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The host stops.
        }
    }

    [LoggerMessage(3702, LogLevel.Warning, "The lake could not be compacted, the next run will try again")]
    private partial void LogFailed(Exception error);
}
