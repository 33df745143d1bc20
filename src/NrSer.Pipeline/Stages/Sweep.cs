using Azure;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using NrSer.Pipeline.Chunks;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;
using NrSer.Pipeline.Storage;
using NrSer.Pipeline.Uploads;
using NrSer.Pipeline.Work;

namespace NrSer.Pipeline.Stages;

/// <summary>Finds what fell through: uploads whose event was lost, recordings that got stuck, retries that were asked for.</summary>
/// <param name="uploads">Lists the uploads, and sends their events.</param>
/// <param name="store">All rows.</param>
/// <param name="ages">Tells what may still wait in line.</param>
/// <param name="options">When to step in.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">The log.</param>
public sealed partial class Sweep(
    UploadStore uploads, RecordingStore store, QueueAges ages, IOptions<SweepOptions> options, TimeProvider time, ILogger<Sweep> logger)
{
    private static readonly TimeSpan s_clockSkew = TimeSpan.FromMinutes(5); // between tables and queues, and from a row to its message

    /// <summary>Looks through everything once. Running it twice at once does no harm: events are idempotent.</summary>
    /// <param name="cancellationToken">Stops between recordings.</param>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        DateTimeOffset now = time.GetUtcNow();
        await ages.RecordAsync(now, cancellationToken).ConfigureAwait(false);
        DateOnly today = DateOnly.FromDateTime(now.UtcDateTime);
        var known = new HashSet<string>(StringComparer.Ordinal);
        var lookedAt = new RecordingFilter(today.AddDays(-options.Value.LookBackDays), today.AddDays(1));
        await foreach (Recording recording in store.ListAsync(lookedAt, cancellationToken).ConfigureAwait(false))
        {
            known.Add(recording.Id.Value);
            try
            {
                if (recording.RetryRequested == true && !IsBeingRestarted(recording, now))
                    await RestartAsync(recording, "a retry was asked for", cancellationToken).ConfigureAwait(false);
                else if (await IsStuckAsync(recording, now, cancellationToken).ConfigureAwait(false))
                    await UnstickAsync(recording, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception error) when (error is RequestFailedException or FormatException)
            {
                LogSkipped(error, recording.Id.Value); // one row must not keep the others waiting
            }
        }

        await foreach (Upload upload in uploads.ListAsync(cancellationToken).ConfigureAwait(false))
        {
            TimeSpan age = now - upload.CreatedOn;
            bool lost = age >= options.Value.LostEventAfter && age < TimeSpan.FromDays(options.Value.LookBackDays);
            if (lost && !known.Contains(upload.Id.Value) && await store.FindAsync(upload.Id, cancellationToken).ConfigureAwait(false) is null)
            {
                LogLost(upload.Id.Value);
                await uploads.AnnounceAsync(upload, cancellationToken).ConfigureAwait(false);
            }
        }

        PipelineTelemetry.CountSweep();
    }

    /// <summary>Another sweep has begun the generation that was asked for, and is about to send its event; if it died, it has not for long.</summary>
    private static bool IsBeingRestarted(Recording recording, DateTimeOffset now) =>
        recording.Status == RecordingStatus.Queued && now - recording.StartedAt < s_clockSkew;

    private async Task<bool> IsStuckAsync(Recording recording, DateTimeOffset now, CancellationToken cancellationToken)
    {
        DateTimeOffset progress = recording.StartedAt ?? recording.ChangedAt ?? now, limit = now - options.Value.StuckAfter;
        if (recording.Status is not (RecordingStatus.Processing or RecordingStatus.Queued) || progress > limit)
            return false;
        await foreach (Chunk chunk in store.ChunksAsync(recording.Id, cancellationToken).ConfigureAwait(false))
            progress = chunk.ChangedAt > progress ? chunk.ChangedAt.Value : progress;

        // Its messages were sent soon after its last progress. While older ones wait, an archive is being worked off, and it is in line.
        return progress <= limit && !await ages.AnyWaitsSinceAsync(progress + s_clockSkew, cancellationToken).ConfigureAwait(false);
    }

    private Task UnstickAsync(Recording recording, CancellationToken cancellationToken) =>
        recording.Generation + 1 < options.Value.MaxGenerations
            ? RestartAsync(recording, "it got stuck", cancellationToken)
            : FailAsync(
                recording.Id, recording.Generation, $"No progress for {options.Value.StuckAfter} in {options.Value.MaxGenerations} runs.",
                cancellationToken);

    private async Task FailAsync(RecordingId id, int generation, string reason, CancellationToken cancellationToken)
    {
        var failed =
            new Recording { Id = id, Generation = generation, Status = RecordingStatus.Failed, Reason = reason, CompletedAt = time.GetUtcNow() };
        if (await store.AdvanceAsync(failed, cancellationToken).ConfigureAwait(false))
            PipelineTelemetry.CountFailure(RecordingStatus.Failed, FailureKind.Stuck);
    }

    /// <summary>Sends the event again, one generation up; first the row, so that late messages of the old generation change nothing.</summary>
    private async Task RestartAsync(Recording recording, string why, CancellationToken cancellationToken)
    {
        int generation = recording.Generation + 1;
        var repeated = new BlobCreatedEvent(StorageNames.Recordings, recording.BlobName ?? "", recording.BlobETag ?? "", generation);
        if (await uploads.FindAsync(repeated, cancellationToken).ConfigureAwait(false) is not { } upload)
        {
            // its event would lead to nothing
            await FailAsync(recording.Id, generation, "The upload was deleted or replaced.", cancellationToken).ConfigureAwait(false);
            await store.MarkRetryAsync(recording.Id, requested: false, cancellationToken).ConfigureAwait(false);
            return;
        }

        var begun =
            new Recording { Id = recording.Id, Generation = generation, Status = RecordingStatus.Queued, Reason = "", StartedAt = time.GetUtcNow() };
        if (!await store.BeginGenerationAsync(begun, cancellationToken).ConfigureAwait(false))
            return; // another sweep was faster, and sends the event
        LogRestarted(recording.Id.Value, generation, why);
        await uploads.SendAsync(upload with { Id = recording.Id }, cancellationToken).ConfigureAwait(false);
        // last: dying before means another restart, not none
        await store.MarkRetryAsync(recording.Id, requested: false, cancellationToken).ConfigureAwait(false);
    }

    [LoggerMessage(3501, LogLevel.Information, "The upload of {RecordingId} had no event: sent one")]
    private partial void LogLost(string recordingId);

    [LoggerMessage(3503, LogLevel.Error, "The row of {RecordingId} could not be looked after, going on with the others")]
    private partial void LogSkipped(Exception error, string recordingId);

    [LoggerMessage(3502, LogLevel.Information, "Started {RecordingId} again as generation {Generation}: {Why}")]
    private partial void LogRestarted(string recordingId, int generation, string why);
}
