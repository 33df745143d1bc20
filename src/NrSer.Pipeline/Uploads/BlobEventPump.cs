using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using NrSer.Pipeline.Results.Tables;
using NrSer.Pipeline.Work;

namespace NrSer.Pipeline.Uploads;

/// <summary>Stands in for Event Grid where there is none: lists the recordings container and posts the same event for each new upload.</summary>
/// <remarks>
/// A listing costs what the archive is large, and cannot be asked for what is new: it is made only after something changed, and while there are
/// changes takes a tenth of the time. Whoever uploads by a command of ours announces that itself.
/// </remarks>
/// <param name="listing">Lists the uploads.</param>
/// <param name="uploads">Sends their events, and knows those of earlier runs.</param>
/// <param name="options">How much time listing may take.</param>
/// <param name="queues">How often to look.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">The log.</param>
public sealed partial class BlobEventPump(
    UploadListing listing, UploadStore uploads, IOptions<UploadOptions> options, IOptions<QueueOptions> queues, TimeProvider time,
    ILogger<BlobEventPump> logger)
        : BackgroundService
{
    private readonly HashSet<ulong> _known = []; // of name and ETag: eight bytes an upload
    private readonly OnceAMinute _saying = new(time);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        bool isRead = false;
        DateTime? listedAt = null;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                if (!isRead)
                    await ReadIndexAsync(stoppingToken).ConfigureAwait(false);
                isRead = true;
                TimeSpan pause = queues.Value.PollInterval;
                DateTime? changedAt = listing.ChangedAt;
                if (changedAt is null || changedAt != listedAt)
                {
                    TimeSpan spent = await AnnounceNewAsync(stoppingToken).ConfigureAwait(false);
                    listedAt = changedAt;
                    TimeSpan fair = 9 * spent < options.Value.LongestPause ? 9 * spent : options.Value.LongestPause;
                    pause = fair > pause ? fair : pause;
                }

                await Task.Delay(pause, time, stoppingToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error) when (error is not OutOfMemoryException)
            {
                if (!ServiceUnavailableException.IsBehind(error) || _saying.IsTime())
                    LogFailed(error);
                await Task.Delay(queues.Value.RetryDelay + queues.Value.PollInterval, time, stoppingToken)
                    .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>What earlier runs took in, read at once instead of upload by upload.</summary>
    private async Task ReadIndexAsync(CancellationToken cancellationToken)
    {
        await foreach (IndexedUpload upload in uploads.IdentifiedAsync(cancellationToken).ConfigureAwait(false))
            _known.Add(KeyOf(upload.BlobName, upload.BlobETag));
    }

    /// <returns>How long listing took, announcing not counted.</returns>
    private async Task<TimeSpan> AnnounceNewAsync(CancellationToken cancellationToken)
    {
        long begun = time.GetTimestamp();
        TimeSpan announcing = TimeSpan.Zero;
        await foreach (Upload upload in listing.ListAsync(cancellationToken).ConfigureAwait(false))
        {
            ulong key = KeyOf(upload.BlobName, upload.ETag);
            if (_known.Contains(key))
                continue;
            long found = time.GetTimestamp();
            await uploads.AnnounceAsync(upload, cancellationToken).ConfigureAwait(false);
            announcing += time.GetElapsedTime(found);
            _known.Add(key);
        }

        return time.GetElapsedTime(begun) - announcing;
    }

    private static ulong KeyOf(string blobName, string etag) =>
        BitConverter.ToUInt64(SHA256.HashData(Encoding.UTF8.GetBytes($"{blobName}\n{etag}")));

    [LoggerMessage(2101, LogLevel.Warning, "The uploads cannot be listed, trying again")]
    private partial void LogFailed(Exception error);
}
