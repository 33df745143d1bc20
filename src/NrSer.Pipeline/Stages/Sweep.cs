using Azure;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using NrSer.Pipeline.Chunks;
using NrSer.Pipeline.Forgetting;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;
using NrSer.Pipeline.Uploads;
using NrSer.Pipeline.Work;

namespace NrSer.Pipeline.Stages;

/// <summary>Finds what fell through: retries that were asked for, recordings that got stuck and, once a day, what is known to nobody.</summary>
/// <remarks>Cost follows what is open, not what has ended: rows of finished recordings are not read.</remarks>
/// <param name="uploads">Finds uploads, and sends their events.</param>
/// <param name="store">All rows.</param>
/// <param name="rejection">Ends a recording whose upload is gone.</param>
/// <param name="reconciliation">The look through everything.</param>
/// <param name="audio">Kept within its budget.</param>
/// <param name="forgetting">Goes on with what is being forgotten, and looks again.</param>
/// <param name="retention">Deletes what was kept long enough.</param>
/// <param name="ages">Tells what may still wait in line.</param>
/// <param name="activity">Tells whether work waits for a service that is down.</param>
/// <param name="options">When to step in.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">The log.</param>
public sealed partial class Sweep(
    UploadStore uploads, RecordingStore store, RejectRecording rejection, Reconciliation reconciliation, WorkAudio audio,
        ForgetRecordings forgetting, Retention retention, QueueAges ages, QueueActivity activity,
    IOptions<SweepOptions> options, TimeProvider time, ILogger<Sweep> logger)
{
    private static readonly TimeSpan s_clockSkew = TimeSpan.FromMinutes(5); // between tables and queues, and from a row to its message

    private (DateTimeOffset At, long Timestamp)? _lastRun;

    /// <summary>Looks after what is open. Running it twice at once does no harm: events are idempotent.</summary>
    /// <param name="cancellationToken">Stops between recordings.</param>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        DateTimeOffset now = time.GetUtcNow();
        if (ClockWentBack(now))
            await SendEverythingAgainAsync(cancellationToken).ConfigureAwait(false);
        DateTimeOffset? oldest = await ages.RecordAsync(now, cancellationToken).ConfigureAwait(false);
        await foreach (RecordingId id in store.Open.RetriesAsync(cancellationToken).ConfigureAwait(false))
            await LookAfterAsync(id, recording => RetryAsync(recording, now, cancellationToken), cancellationToken).ConfigureAwait(false);
        if (activity.UnavailableFor == TimeSpan.Zero) // what waits for a service that is down is not stuck
        {
            await foreach (RecordingId id in store.Open.UnfinishedAsync(now - options.Value.StuckAfter, cancellationToken).ConfigureAwait(false))
            {
                await LookAfterAsync(id, recording => UnstickIfStuckAsync(recording, now, oldest, cancellationToken), cancellationToken)
                    .ConfigureAwait(false);
            }
        }

        await audio.TrimAsync(cancellationToken).ConfigureAwait(false);
        await reconciliation.RunAsync(cancellationToken).ConfigureAwait(false);
        await forgetting.SweepAsync(cancellationToken).ConfigureAwait(false);
        await retention.SweepAsync(cancellationToken).ConfigureAwait(false);
        PipelineTelemetry.CountSweep();
    }

    /// <summary>Whether the clock was set back since the last sweep, by comparing it with one that nobody sets.</summary>
    private bool ClockWentBack(DateTimeOffset now)
    {
        TimeSpan step = _lastRun is { } last ? now - last.At - time.GetElapsedTime(last.Timestamp) : TimeSpan.Zero;
        _lastRun = (now, time.GetTimestamp());
        if (step.Duration() > s_clockSkew)
            LogClockStep(step);
        return step < -s_clockSkew;
    }

    /// <summary>What was sent or locked under a clock that was ahead stays hidden until it has caught up: start all that is unfinished
    /// again.</summary>
    private async Task SendEverythingAgainAsync(CancellationToken cancellationToken)
    {
        await foreach (RecordingId id in store.Open.UnfinishedAsync(DateTimeOffset.MaxValue, cancellationToken).ConfigureAwait(false))
        {
            await LookAfterAsync(id, recording => recording.Status.IsOpen()
                ? RestartAsync(recording, "the clock was set back", cancellationToken) : Task.CompletedTask, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task LookAfterAsync(RecordingId id, Func<Recording, Task> look, CancellationToken cancellationToken)
    {
        try
        {
            if (await store.FindAsync(id, cancellationToken).ConfigureAwait(false) is { } recording)
                await look(recording).ConfigureAwait(false);
            else
                await store.Open.CloseAsync(id, cancellationToken).ConfigureAwait(false); // whoever noted it died before it wrote the row
        }
        catch (Exception error) when (error is RequestFailedException or FormatException)
        {
            LogSkipped(error, id.Value); // one row must not keep the others waiting
        }
    }

    private async Task RetryAsync(Recording recording, DateTimeOffset now, CancellationToken cancellationToken)
    {
        // Another sweep has begun the generation that was asked for, and is about to send its event; if it died, it has not for long.
        bool isBegun = recording.Status == RecordingStatus.Queued && now - recording.StartedAt < s_clockSkew;
        if (recording.RetryRequested == true && !isBegun)
            await RestartAsync(recording, "a retry was asked for", cancellationToken).ConfigureAwait(false);
    }

    private async Task UnstickIfStuckAsync(Recording recording, DateTimeOffset now, DateTimeOffset? oldest, CancellationToken cancellationToken)
    {
        if (!recording.Status.IsOpen())
        {
            await store.Open.CloseAsync(recording.Id, cancellationToken).ConfigureAwait(false);
            return;
        }

        DateTimeOffset progress = recording.StartedAt ?? recording.ChangedAt ?? now, limit = now - options.Value.StuckAfter;
        if (progress > limit)
            return;
        await foreach (Chunk chunk in store.ChunksAsync(recording.Id, cancellationToken).ConfigureAwait(false))
            progress = chunk.ChangedAt > progress ? chunk.ChangedAt.Value : progress;

        // Its messages were sent soon after its last progress. While older ones wait, an archive is being worked off, and it is in line.
        bool isInLine = oldest <= progress + s_clockSkew;
        if (progress <= limit && !isInLine)
            await UnstickAsync(recording, cancellationToken).ConfigureAwait(false);
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
        if (await uploads.FindOfAsync(recording, cancellationToken).ConfigureAwait(false) is not { } upload)
        {
            // its event would lead to nothing, or to another recording
            const string Reason = "The upload was deleted or replaced.";
            if (recording.Status.IsOpen())
                await rejection.WithdrawAsync(recording.Id, Reason, cancellationToken).ConfigureAwait(false);
            else
                await FailAsync(recording.Id, generation, Reason, cancellationToken).ConfigureAwait(false);
            await store.EndRetryRequestAsync(recording.Id, cancellationToken).ConfigureAwait(false);
            return;
        }

        if (recording.Status.IsVoid())
            await rejection.DiscardIfVoidAsync(recording.Id, cancellationToken).ConfigureAwait(false);
        var begun =
            new Recording { Id = recording.Id, Generation = generation, Status = RecordingStatus.Queued, Reason = "", StartedAt = time.GetUtcNow() };
        if (!await store.BeginGenerationAsync(begun, cancellationToken).ConfigureAwait(false))
            return; // another sweep was faster, and sends the event
        LogRestarted(recording.Id.Value, generation, why);
        await uploads.SendAsync(upload, generation, cancellationToken).ConfigureAwait(false);
        // last: dying before means another restart, not none
        await store.EndRetryRequestAsync(recording.Id, cancellationToken).ConfigureAwait(false);
    }

    [LoggerMessage(3504, LogLevel.Warning, "The clock was set by {Step}: what was unfinished is looked after")]
    private partial void LogClockStep(TimeSpan step);

    [LoggerMessage(3503, LogLevel.Error, "The row of {RecordingId} could not be looked after, going on with the others")]
    private partial void LogSkipped(Exception error, string recordingId);

    [LoggerMessage(3502, LogLevel.Information, "Started {RecordingId} again as generation {Generation}: {Why}")]
    private partial void LogRestarted(string recordingId, int generation, string why);
}
