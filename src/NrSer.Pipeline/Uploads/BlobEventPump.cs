using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using NrSer.Pipeline.Results.Tables;
using NrSer.Pipeline.Work;

namespace NrSer.Pipeline.Uploads;

/// <summary>Stands in for Event Grid where there is none: lists the recordings container and posts the same event for each new upload.</summary>
/// <param name="uploads">Lists the uploads and sends their events.</param>
/// <param name="recordings">Tells uploads of earlier runs.</param>
/// <param name="options">How often to look.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">The log.</param>
public sealed partial class BlobEventPump(
    UploadStore uploads, RecordingStore recordings, IOptions<QueueOptions> options, TimeProvider time, ILogger<BlobEventPump> logger)
        : BackgroundService
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
                await foreach (Upload upload in uploads.ListAsync(stoppingToken).ConfigureAwait(false))
                {
                    if (announced.Contains(upload.Id.Value))
                        continue;
                    if (await recordings.FindAsync(upload.Id, stoppingToken).ConfigureAwait(false) is null)
                        await uploads.AnnounceAsync(upload, stoppingToken).ConfigureAwait(false);
                    announced.Add(upload.Id.Value);
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
