using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;
using NrSer.Pipeline.Uploads;

namespace NrSer.Pipeline.Stages;

/// <summary>A look through everything, once a day and page by page: uploads whose event was lost, unfinished recordings that nobody noted.</summary>
/// <remarks>The only thing whose cost grows with the archive. It goes on where it was, whoever was at it.</remarks>
/// <param name="listing">Lists the uploads.</param>
/// <param name="uploads">Sends their events.</param>
/// <param name="store">All rows.</param>
/// <param name="options">How often, and from what age on an upload should be known.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">The log.</param>
public sealed partial class Reconciliation(
    UploadListing listing, UploadStore uploads, RecordingStore store, IOptions<SweepOptions> options, TimeProvider time,
    ILogger<Reconciliation> logger)
{
    private static readonly TimeSpan s_slice = TimeSpan.FromMinutes(2); // then others have a turn

    private DateTimeOffset _due = DateTimeOffset.MinValue;

    /// <summary>Does the next pages, if there is anything due.</summary>
    /// <param name="cancellationToken">Stops between pages.</param>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        DateTimeOffset now = time.GetUtcNow();
        if (now < _due)
            return;
        long begun = time.GetTimestamp();
        ReconciliationState state = await store.Open.ReconciliationAsync(cancellationToken).ConfigureAwait(false);
        _due = state.CompletedAt + options.Value.ReconcileEvery ?? now;
        if (now < _due)
            return;
        await foreach (UploadPage page in listing.PagesAsync(state.Continuation, cancellationToken).ConfigureAwait(false))
        {
            foreach (Upload upload in page.Uploads)
            {
                if (now - upload.CreatedOn >= options.Value.LostEventAfter
                    && await uploads.AnnounceAsync(upload, cancellationToken).ConfigureAwait(false))
                {
                    LogLost(upload.BlobName);
                }
            }

            if (page.Next is not { } next)
                break;
            await store.Open.WriteReconciliationAsync(state with { Continuation = next }, cancellationToken).ConfigureAwait(false);
            if (time.GetElapsedTime(begun) >= s_slice)
                return;
        }

        await NoteUnfinishedAsync(now, cancellationToken).ConfigureAwait(false);
        await store.Open.WriteReconciliationAsync(new ReconciliationState(now, Continuation: null), cancellationToken).ConfigureAwait(false);
        _due = now + options.Value.ReconcileEvery;
    }

    /// <summary>Rows of earlier versions, and of whoever died in between.</summary>
    private async Task NoteUnfinishedAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        DateOnly today = DateOnly.FromDateTime(now.UtcDateTime);
        var open = new RecordingFilter(today.AddDays(-options.Value.LookBackDays), today.AddDays(1)) { IsOpen = true };
        await foreach (Recording recording in store.ListAsync(open, cancellationToken).ConfigureAwait(false))
            await store.Open.ReopenAsync(recording, cancellationToken).ConfigureAwait(false);
    }

    [LoggerMessage(3501, LogLevel.Information, "The upload {BlobName} had no event: sent one")]
    private partial void LogLost(string blobName);
}
