using Microsoft.Extensions.Logging;
using NrSer.Pipeline.Chunks;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;
using NrSer.Pipeline.Storage;

namespace NrSer.Pipeline.Stages;

/// <summary>Ends a recording that cannot be read, or whose upload is gone, and takes back what was made of it before that showed.</summary>
/// <remarks>
/// Chunks are worked on while the rest is still being decoded, so either may show late. This writes the status and then deletes;
/// a stage writes its rows and then looks at the status. Whoever comes second therefore sees the other, and nothing stays behind.
/// Whoever begins anew deletes first, too: this may be at it, or have died at it, and half of what was made would pass for all.
/// </remarks>
/// <param name="store">All rows.</param>
/// <param name="blobs">Chunks, enhanced chunks and manifests.</param>
/// <param name="forgotten">What was forgotten of late.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">The log.</param>
public sealed partial class RejectRecording(
    RecordingStore store, ChunkBlobs blobs, ForgottenStore forgotten, TimeProvider time, ILogger<RejectRecording> logger)
{
    /// <summary>Rejects a recording; running it again does no harm.</summary>
    /// <param name="id">The recording.</param>
    /// <param name="generation">Its generation; an older one changes nothing.</param>
    /// <param name="reason">What is wrong with it, for a person.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public async Task RunAsync(RecordingId id, int generation, string reason, CancellationToken cancellationToken)
    {
        LogRejected(id.Value, reason);
        if (await EndAsync(id, generation, RecordingStatus.Rejected, reason, cancellationToken).ConfigureAwait(false))
            PipelineTelemetry.CountFailure(RecordingStatus.Rejected, FailureKind.Audio);
    }

    /// <summary>Withdraws a recording whose upload was deleted or replaced, unless it has ended, or all of it was read; running it again does no
    /// harm.</summary>
    /// <param name="id">The recording.</param>
    /// <param name="reason">What became of the upload, for a person.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public async Task WithdrawAsync(RecordingId id, string reason, CancellationToken cancellationToken)
    {
        Recording? standing = await store.FindAsync(id, cancellationToken).ConfigureAwait(false);
        if (standing is null || !standing.Status.IsOpen() || standing.IngestedGeneration == standing.Generation)
            return;

        // Somebody listed it, touched since it had been taken in, before it was forgotten by its former ETag: nobody is to read of its name.
        if (await WasForgottenAsync(standing, cancellationToken).ConfigureAwait(false))
        {
            await forgotten.RequestAsync([ForgetRequest.Of(standing)], cancellationToken).ConfigureAwait(false);
            await forgotten.BuryAsync([id], time.GetUtcNow(), cancellationToken).ConfigureAwait(false); // Sweep does the rest
            return;
        }

        LogWithdrawn(id.Value, reason);
        await EndAsync(id, standing.Generation, RecordingStatus.Withdrawn, reason, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Removes everything made of a recording if it was rejected, withdrawn or forgotten.</summary>
    /// <param name="id">The recording.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>Whether it was, so that there is no more to do for it.</returns>
    public async Task<bool> DiscardIfVoidAsync(RecordingId id, CancellationToken cancellationToken)
    {
        Recording? recording = await store.FindAsync(id, cancellationToken).ConfigureAwait(false);
        if (recording?.Status.IsVoid() != true)
            return false;
        await DiscardAsync(id, cancellationToken).ConfigureAwait(false);
        return true;
    }

    /// <summary>Whether what lay there was forgotten; what somebody uploaded anew since was not.</summary>
    private async Task<bool> WasForgottenAsync(Recording standing, CancellationToken cancellationToken)
    {
        if (standing is not { BlobName: { } name, UploadedAt: { } uploadedAt })
            return false;
        await foreach (RecordingId watched in forgotten.WatchedAsync(UploadIndex.KeyTextOf(name), cancellationToken).ConfigureAwait(false))
        {
            Recording? tombstone = await store.FindAsync(watched, cancellationToken).ConfigureAwait(false);
            if (uploadedAt <= tombstone?.CompletedAt)
                return true;
        }

        return false;
    }

    private async Task<bool> EndAsync(
        RecordingId id, int generation, RecordingStatus status, string reason, CancellationToken cancellationToken)
    {
        var ended = new Recording { Id = id, Generation = generation, Status = status, Reason = reason, CompletedAt = time.GetUtcNow() };
        if (!await store.AdvanceAsync(ended, cancellationToken).ConfigureAwait(false))
        {
            await DiscardIfVoidAsync(id, cancellationToken).ConfigureAwait(false); // forgotten meanwhile, or ended by another who died at it
            return false;
        }

        await DiscardAsync(id, cancellationToken).ConfigureAwait(false);
        return true;
    }

    private async Task DiscardAsync(RecordingId id, CancellationToken cancellationToken)
    {
        List<ListedBlob> written = await blobs.ListAsync(id, cancellationToken).ToListAsync(cancellationToken).ConfigureAwait(false);
        if ((await store.FindAsync(id, cancellationToken).ConfigureAwait(false))?.Status.IsVoid() != true)
            return; // a retry has begun, after it did this itself
        foreach (ListedBlob blob in written)
            await blob.DeleteAsync(cancellationToken).ConfigureAwait(false);
        await store.Open.ForgetAudioAsync(id, cancellationToken).ConfigureAwait(false);
        await store.DeleteResultsAsync(id, cancellationToken).ConfigureAwait(false);
    }

    [LoggerMessage(3002, LogLevel.Warning, "Rejected {RecordingId}: {Reason}")]
    private partial void LogRejected(string recordingId, string reason);

    [LoggerMessage(3004, LogLevel.Warning, "Withdrew {RecordingId}: {Reason}")]
    private partial void LogWithdrawn(string recordingId, string reason);
}
