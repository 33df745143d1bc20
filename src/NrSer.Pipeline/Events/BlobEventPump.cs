using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using NrSer.Pipeline.Queues;
using NrSer.Pipeline.Stages;
using NrSer.Pipeline.Storage;

namespace NrSer.Pipeline.Events;

/// <summary>Stands in for Event Grid where there is none: lists the recordings container and posts the same event for each new upload.</summary>
/// <param name="sweep">Lists the uploads and sends their events.</param>
/// <param name="tables">Tells uploads of earlier runs.</param>
/// <param name="options">How often to look.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">The log.</param>
public sealed partial class BlobEventPump(
    Sweep sweep, ResultTables tables, IOptions<QueueOptions> options, TimeProvider time, ILogger<BlobEventPump> logger) : BackgroundService
{
    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var announced = new HashSet<string>(StringComparer.Ordinal);
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                long begun = time.GetTimestamp();
                await foreach ((RecordingId id, BlobCreatedEvent upload, DateTimeOffset createdOn) in sweep.UploadsAsync(stoppingToken).ConfigureAwait(false))
                {
                    if (announced.Contains(id.Value))
                        continue;
                    if (await tables.FindRecordingAsync(id, stoppingToken).ConfigureAwait(false) is null)
                        await sweep.AnnounceAsync(id, upload, createdOn, stoppingToken).ConfigureAwait(false);
                    announced.Add(id.Value);
                }

                // A large archive takes long to list: no more than a tenth of the time goes into looking.
                TimeSpan pause = 9 * time.GetElapsedTime(begun);
                await Task.Delay(pause > options.Value.PollInterval ? pause : options.Value.PollInterval, time, stoppingToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error) when (error is not OutOfMemoryException)
            {
                LogFailed(error);
                await Task.Delay(options.Value.RetryDelay + options.Value.PollInterval, time, stoppingToken)
                    .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    [LoggerMessage(2101, LogLevel.Warning, "The uploads cannot be listed, trying again")]
    private partial void LogFailed(Exception error);
}
