using Azure;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using NrSer.Pipeline.Chunks;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;
using NrSer.Pipeline.Work;

namespace NrSer.Pipeline.Stages;

/// <summary>Looks after what is open: retries that were asked for, and recordings that got stuck.</summary>
/// <param name="store">All rows.</param>
/// <param name="restart">Starts a recording again.</param>
/// <param name="ages">Tells what may still wait in line.</param>
/// <param name="activity">Tells whether work waits for a service that is down.</param>
/// <param name="options">When to step in.</param>
/// <param name="logger">The log.</param>
public sealed partial class UnstickRecordings(
    RecordingStore store, RestartRecording restart, QueueAges ages, QueueActivity activity, IOptions<SweepOptions> options,
    ILogger<UnstickRecordings> logger)
{
    /// <summary>Looks after what is open.</summary>
    /// <param name="now">The time.</param>
    /// <param name="cancellationToken">Stops between recordings.</param>
    public async Task RunAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        DateTimeOffset? oldest = await ages.RecordAsync(now, cancellationToken).ConfigureAwait(false);
        await foreach (RecordingId id in store.Open.RetriesAsync(cancellationToken).ConfigureAwait(false))
            await LookAfterAsync(id, recording => RetryAsync(recording, now, cancellationToken), cancellationToken).ConfigureAwait(false);
        if (activity.UnavailableFor != TimeSpan.Zero)
            return; // what waits for a service that is down is not stuck
        await foreach (RecordingId id in store.Open.UnfinishedAsync(now - options.Value.StuckAfter, cancellationToken).ConfigureAwait(false))
        {
            await LookAfterAsync(id, recording => UnstickIfStuckAsync(recording, now, oldest, cancellationToken), cancellationToken)
                .ConfigureAwait(false);
        }
    }

    /// <summary>What was sent or locked under a clock that was ahead stays hidden until it has caught up: start all that is unfinished
    /// again.</summary>
    /// <param name="cancellationToken">Stops between recordings.</param>
    public async Task SendEverythingAgainAsync(CancellationToken cancellationToken)
    {
        await foreach (RecordingId id in store.Open.UnfinishedAsync(DateTimeOffset.MaxValue, cancellationToken).ConfigureAwait(false))
        {
            await LookAfterAsync(id, recording => recording.Status.IsOpen()
                ? restart.RunAsync(recording, "the clock was set back", failedRuns: null, cancellationToken) : Task.CompletedTask, cancellationToken)
                .ConfigureAwait(false);
        }
    }

    private async Task LookAfterAsync(RecordingId id, Func<Recording, Task> look, CancellationToken cancellationToken)
    {
        try
        {
            if (await store.FindAsync(id, cancellationToken).ConfigureAwait(false) is not { } recording)
            {
                // whoever noted it died before it wrote the row
                await store.Open.CloseAsync(id, cancellationToken).ConfigureAwait(false);
                await store.EndRetryRequestAsync(id, begun: null, cancellationToken).ConfigureAwait(false);
                return;
            }

            await look(recording).ConfigureAwait(false);
        }
        catch (Exception error) when (error is RequestFailedException or FormatException)
        {
            LogSkipped(error, id.Value); // one row must not keep the others waiting
        }
    }

    private async Task RetryAsync(Recording recording, DateTimeOffset now, CancellationToken cancellationToken)
    {
        // Another sweep has begun the generation that was asked for, and is about to send its event; if it died, it has not for long.
        bool isBegun = recording.Status == RecordingStatus.Queued && now - recording.StartedAt < ClockWatch.Skew;
        if (recording.RetryRequested != true) // it has begun, or whoever asked died before the row said so
            await store.EndRetryRequestAsync(recording.Id, recording, cancellationToken).ConfigureAwait(false);
        else if (!isBegun)
            await restart.RunAsync(recording, "a retry was asked for", failedRuns: null, cancellationToken).ConfigureAwait(false);
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
        bool isInLine = oldest <= progress + ClockWatch.Skew;
        if (progress <= limit && !isInLine)
            await UnstickAsync(recording, cancellationToken).ConfigureAwait(false);
    }

    private Task UnstickAsync(Recording recording, CancellationToken cancellationToken)
    {
        int failedRuns = recording.FailedRuns.GetValueOrDefault() + 1;
        return failedRuns < options.Value.MaxFailedRuns
            ? restart.RunAsync(recording, "it got stuck", failedRuns, cancellationToken)
            : restart.FailAsync(
                recording.Id, recording.Generation, $"No progress for {options.Value.StuckAfter} in {failedRuns} runs.", failedRuns,
                cancellationToken);
    }

    [LoggerMessage(3503, LogLevel.Error, "The row of {RecordingId} could not be looked after, going on with the others")]
    private partial void LogSkipped(Exception error, string recordingId);
}
