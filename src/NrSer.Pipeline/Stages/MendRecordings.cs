using Azure;
using Microsoft.Extensions.Logging;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;
using NrSer.Pipeline.Uploads;

namespace NrSer.Pipeline.Stages;

/// <summary>Puts recordings right after a storage was killed that keeps rows and blobs apart: of what it had acknowledged last, either may be
/// there without the other.</summary>
/// <remarks>
/// Three requests list what changed since the last blobs were saved and what is under way, in the service, which looks at every row for it: that is
/// for an emulator. Each takes a few requests, and one a chunk. Messages are saved apart, too: what is under way may have none any more, or those
/// of a step that its row is past, so it is started again, but for what has not begun and is known to be in line: an archive would get a second event
/// for all of it with each kill. What is there already is not made again.
/// </remarks>
/// <param name="store">All rows.</param>
/// <param name="completion">Knows what belongs to a recording.</param>
/// <param name="restart">Starts what is under way again.</param>
/// <param name="logger">The log.</param>
public sealed partial class MendRecordings(
    RecordingStore store, CompleteRecording completion, RestartRecording restart, ILogger<MendRecordings> logger)
{
    /// <summary>Looks at what changed, and mends it.</summary>
    /// <param name="since">When the storage last saved which blobs there are, or before.</param>
    /// <param name="waiting">Ids of messages that are known to wait; others may.</param>
    /// <param name="cancellationToken">Stops between recordings; call it again then.</param>
    public async Task RunAsync(DateTimeOffset since, IReadOnlySet<string> waiting, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(waiting);
        int seen = 0, mended = 0;
        var ended = new RecordingFilter(DateOnly.MinValue, DateOnly.MaxValue, RecordingStatus.Completed) { ChangedSince = since };
        RecordingFilter queued = ended with { Status = RecordingStatus.Queued, ChangedSince = null };
        RecordingFilter underWay = queued with { Status = RecordingStatus.Processing };
        await foreach (Recording recording in store.ListAsync(ended, cancellationToken)
            .Concat(store.ListAsync(queued, cancellationToken)) // before those that are queued by this
            .Concat(store.ListAsync(underWay, cancellationToken)).ConfigureAwait(false))
        {
            seen++;
            try
            {
                if (recording.Status == RecordingStatus.Queued
                    && waiting.Contains(BlobCreatedEvent.MessageIdOf(recording.Id, recording.Generation)))
                    continue; // it is in line, as it was
                if (recording.Status.IsOpen())
                    await GoOnAsync(recording, cancellationToken).ConfigureAwait(false);
                else if (await completion.MendAsync(recording, cancellationToken).ConfigureAwait(false))
                    mended++;
            }
            catch (Exception error) when (error is RequestFailedException or InvalidDataException)
            {
                LogSkipped(error, recording.Id.Value); // one must not keep the others waiting
            }
        }

        LogLooked(seen, since, mended);
    }

    private async Task GoOnAsync(Recording recording, CancellationToken cancellationToken)
    {
        // Its last chunk may be finished, and whoever was to end it is gone. It begins anew below: what it lacks does not count against it.
        await completion.RunAsync(recording with { RetryRequested = true }, cancellationToken).ConfigureAwait(false);
        if (await store.FindAsync(recording.Id, cancellationToken).ConfigureAwait(false) is { } standing && standing.Status.IsOpen()
            && standing.Generation == recording.Generation)
            await restart.RunAsync(standing, "the storage was killed", failedRuns: 0, cancellationToken).ConfigureAwait(false);
    }

    [LoggerMessage(3505, LogLevel.Information, "Looked at {Recordings} recordings, under way or completed since {Since}: {Mended} lacked something")]
    private partial void LogLooked(int recordings, DateTimeOffset since, int mended);

    [LoggerMessage(3506, LogLevel.Error, "{RecordingId} could not be looked at after the storage was killed, going on with the others")]
    private partial void LogSkipped(Exception error, string recordingId);
}
