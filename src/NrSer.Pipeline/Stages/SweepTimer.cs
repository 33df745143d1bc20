using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using NrSer.Pipeline.Work;

namespace NrSer.Pipeline.Stages;

/// <summary>Runs <see cref="Sweep"/> at intervals: the local counterpart of a timer trigger.</summary>
/// <param name="sweep">The stage.</param>
/// <param name="options">The interval.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">The log.</param>
public sealed partial class SweepTimer(Sweep sweep, IOptions<SweepOptions> options, TimeProvider time, ILogger<SweepTimer> logger) : BackgroundService
{
    private readonly OnceAMinute _saying = new(time);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.Interval, time);
        try
        {
            do
            {
                try
                {
                    await sweep.RunAsync(stoppingToken).ConfigureAwait(false);
                }
                // a request's time-out is a cancellation too
                catch (Exception error) when (error is not OutOfMemoryException && !stoppingToken.IsCancellationRequested)
                {
                    if (!ServiceUnavailableException.IsBehind(error) || _saying.IsTime())
                        LogFailed(error);
                }
            }
            while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false));
        }
        catch (OperationCanceledException)
        {
            // The host stops.
        }
    }

    [LoggerMessage(3601, LogLevel.Warning, "A sweep failed, the next will try again")]
    private partial void LogFailed(Exception error);
}
