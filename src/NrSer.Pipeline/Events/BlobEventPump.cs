using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using NrSer.Pipeline.Queues;
using NrSer.Pipeline.Stages;
using NrSer.Pipeline.Storage;

namespace NrSer.Pipeline.Events;

/// <summary>Stands in for Event Grid where there is none: lists the recordings container and posts the same event for each new upload.</summary>
/// <param name="sweep">Lists the uploads.</param>
/// <param name="tables">Tells uploads of earlier runs.</param>
/// <param name="uploads">Receives the events.</param>
/// <param name="options">How often to look.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">The log.</param>
public sealed partial class BlobEventPump(
    Sweep sweep, ResultTables tables, IWorkQueue uploads, IOptions<QueueOptions> options, TimeProvider time, ILogger<BlobEventPump> logger) : BackgroundService
{
    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var announced = new HashSet<string>(StringComparer.Ordinal);
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await foreach ((RecordingId id, BlobCreatedEvent upload, _) in sweep.UploadsAsync(stoppingToken).ConfigureAwait(false))
                {
                    if (announced.Contains(id.Value))
                        continue;
                    if (await tables.FindRecordingAsync(id, stoppingToken).ConfigureAwait(false) is null)
                        await uploads.SendAsync([upload.ToMessage(id)], stoppingToken).ConfigureAwait(false);
                    announced.Add(id.Value);
                }

                await Task.Delay(options.Value.PollInterval, time, stoppingToken).ConfigureAwait(false);
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
