using Microsoft.Extensions.Logging;
using NrSer.Pipeline.Chunks;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;
using NrSer.Pipeline.Uploads;
using NrSer.Pipeline.Work;

namespace NrSer.Pipeline.Stages;

/// <summary>Starts a recording again from its upload, or ends it where that is gone.</summary>
/// <param name="uploads">Finds uploads, and sends their events.</param>
/// <param name="store">All rows.</param>
/// <param name="rejection">Ends a recording whose upload is gone.</param>
/// <param name="chunks">Queues of the chunks of one that was read before its upload went.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">The log.</param>
public sealed partial class RestartRecording(
    UploadStore uploads, RecordingStore store, RejectRecording rejection, StageQueues chunks, TimeProvider time,
    ILogger<RestartRecording> logger)
{
    /// <summary>Sends the event again, one generation up; first the row, so that late messages of the old generation change nothing.</summary>
    /// <param name="recording">As its row stands.</param>
    /// <param name="why">For the log.</param>
    /// <param name="failedRuns">How many runs have come to nothing; null leaves the count as it is.</param>
    /// <param name="cancellationToken">Stops between requests.</param>
    public async Task RunAsync(Recording recording, string why, int? failedRuns, CancellationToken cancellationToken)
    {
        int generation = recording.Generation + 1;
        if (await uploads.FindOfAsync(recording, cancellationToken).ConfigureAwait(false) is not { } upload)
        {
            // its event would lead to nothing, or to another recording
            const string Reason = "The upload was deleted or replaced.";
            bool isRead = recording.IngestedGeneration == recording.Generation, lacksSegments = isRead && recording.RetryRequested == true;
            if (recording.Status.IsOpen() && isRead && !lacksSegments)
                await SendChunksAgainAsync(recording, why, failedRuns, cancellationToken).ConfigureAwait(false);
            else if (recording.Status.IsOpen() && !lacksSegments)
                await rejection.WithdrawAsync(recording.Id, Reason, cancellationToken).ConfigureAwait(false);
            else
                await FailAsync(recording.Id, generation, Reason, failedRuns, cancellationToken).ConfigureAwait(false);
            await store.EndRetryRequestAsync(recording.Id, begun: null, cancellationToken).ConfigureAwait(false);
            return;
        }

        if (recording.Status.IsVoid())
            await rejection.DiscardIfVoidAsync(recording.Id, cancellationToken).ConfigureAwait(false);
        var change = new Recording
        {
            Id = recording.Id, Generation = generation, Status = RecordingStatus.Queued, FailedRuns = failedRuns, Reason = "",
            StartedAt = time.GetUtcNow(),
        };
        if (await store.BeginGenerationAsync(change, cancellationToken).ConfigureAwait(false) is not { } begun)
            return; // another sweep was faster, and sends the event
        LogRestarted(recording.Id.Value, generation, why);
        await uploads.SendAsync(upload, generation, cancellationToken).ConfigureAwait(false);
        // last: dying before means another restart, not none
        await store.EndRetryRequestAsync(recording.Id, begun, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>All of it was read before its upload went: what is to be done lies in its chunks. Where those are gone, it fails by them.</summary>
    private async Task SendChunksAgainAsync(Recording recording, string why, int? failedRuns, CancellationToken cancellationToken)
    {
        var again = new Recording
        {
            Id = recording.Id, Generation = recording.Generation, Status = recording.Status, FailedRuns = failedRuns, StartedAt = time.GetUtcNow(),
        };
        if (await store.AdvanceAsync(again, recording, cancellationToken).ConfigureAwait(false) is null)
            return;
        LogRestarted(recording.Id.Value, recording.Generation, why);
        List<Chunk> all = await store.ChunksAsync(recording.Id, cancellationToken).ToListAsync(cancellationToken).ConfigureAwait(false);
        Chunk[] left = [.. all.Where(chunk => chunk.FinishedAt is null)];
        if (left.Length == 0)
            left = [.. all.TakeLast(1)]; // whoever finds it finished ends the recording
        Lane lane = Upload.LaneOf(recording.BlobName ?? "", asked: Lane.Live);
        await chunks[lane].SendAsync([.. left.Select(chunk => WorkMessage.Enhance(chunk.Id, recording.Generation))], cancellationToken)
            .ConfigureAwait(false);
    }

    /// <summary>Gives a recording up.</summary>
    /// <param name="id">The recording.</param>
    /// <param name="generation">Its generation; an older one changes nothing.</param>
    /// <param name="reason">Why, for a person.</param>
    /// <param name="failedRuns">How many runs have come to nothing; null leaves the count as it is.</param>
    /// <param name="cancellationToken">Stops the requests.</param>
    public async Task FailAsync(RecordingId id, int generation, string reason, int? failedRuns, CancellationToken cancellationToken)
    {
        var failed = new Recording
        {
            Id = id, Generation = generation, Status = RecordingStatus.Failed, FailedRuns = failedRuns, Reason = reason,
            CompletedAt = time.GetUtcNow(),
        };
        if (await store.AdvanceAsync(failed, cancellationToken).ConfigureAwait(false))
            PipelineTelemetry.CountFailure(RecordingStatus.Failed, FailureKind.Stuck);
    }

    [LoggerMessage(3502, LogLevel.Information, "Started {RecordingId} again as generation {Generation}: {Why}")]
    private partial void LogRestarted(string recordingId, int generation, string why);
}
