using Microsoft.Extensions.Logging;
using NrSer.Pipeline.Chunks;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;

namespace NrSer.Pipeline.Stages;

/// <summary>Ends a recording that cannot be read, and takes back what was made of it before that showed.</summary>
/// <remarks>
/// Chunks are worked on while the rest is still being decoded, so the damage may show late. This writes the status and then deletes;
/// a stage writes its rows and then looks at the status. Whoever comes second therefore sees the other, and nothing stays behind.
/// </remarks>
/// <param name="store">All rows.</param>
/// <param name="blobs">Chunks, enhanced chunks and manifests.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">The log.</param>
public sealed partial class RejectRecording(RecordingStore store, ChunkBlobs blobs, TimeProvider time, ILogger<RejectRecording> logger)
{
    /// <summary>Rejects a recording; running it again does no harm.</summary>
    /// <param name="id">The recording.</param>
    /// <param name="generation">Its generation; an older one changes nothing.</param>
    /// <param name="reason">What is wrong with it, for a person.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public async Task RunAsync(RecordingId id, int generation, string reason, CancellationToken cancellationToken)
    {
        LogRejected(id.Value, reason);
        var rejected =
            new Recording { Id = id, Generation = generation, Status = RecordingStatus.Rejected, Reason = reason, CompletedAt = time.GetUtcNow() };
        if (!await store.AdvanceAsync(rejected, cancellationToken).ConfigureAwait(false))
            return;
        PipelineTelemetry.CountFailure(RecordingStatus.Rejected, FailureKind.Audio);
        await DiscardAsync(id, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Removes everything made of a recording if it was rejected.</summary>
    /// <param name="id">The recording.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>Whether it was rejected, so that there is no more to do for it.</returns>
    public async Task<bool> DiscardIfRejectedAsync(RecordingId id, CancellationToken cancellationToken)
    {
        Recording? recording = await store.FindAsync(id, cancellationToken).ConfigureAwait(false);
        if (recording?.Status != RecordingStatus.Rejected)
            return false;
        await DiscardAsync(id, cancellationToken).ConfigureAwait(false);
        return true;
    }

    private async Task DiscardAsync(RecordingId id, CancellationToken cancellationToken)
    {
        await blobs.DeleteAsync(id, cancellationToken).ConfigureAwait(false);
        await store.DeleteResultsAsync(id, cancellationToken).ConfigureAwait(false);
    }

    [LoggerMessage(3002, LogLevel.Warning, "Rejected {RecordingId}: {Reason}")]
    private partial void LogRejected(string recordingId, string reason);
}
