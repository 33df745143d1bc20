using Azure;
using Azure.Storage.Blobs.Models;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using NrSer.Pipeline.Events;
using NrSer.Pipeline.Queues;
using NrSer.Pipeline.Rows;
using NrSer.Pipeline.Storage;

namespace NrSer.Pipeline.Stages;

/// <summary>Finds what fell through: uploads whose event was lost, recordings that got stuck, retries that were asked for.</summary>
/// <param name="storage">Lists the uploads.</param>
/// <param name="tables">All rows.</param>
/// <param name="queues">All three, in the order of the flow; the first receives the events.</param>
/// <param name="options">When to step in.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">The log.</param>
public sealed partial class Sweep(
    StorageClients storage, ResultTables tables, IReadOnlyList<IWorkQueue> queues, IOptions<SweepOptions> options, TimeProvider time, ILogger<Sweep> logger)
{
    private static readonly TimeSpan s_clockSkew = TimeSpan.FromMinutes(5); // between tables and queues, and from a row to its message

    /// <summary>Looks through everything once. Running it twice at once does no harm: events are idempotent.</summary>
    /// <param name="cancellationToken">Stops between recordings.</param>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        DateTimeOffset now = time.GetUtcNow();
        await RecordQueueAgesAsync(now, cancellationToken).ConfigureAwait(false);
        DateOnly today = DateOnly.FromDateTime(now.UtcDateTime);
        var known = new HashSet<string>(StringComparer.Ordinal);
        await foreach (RecordingRow row in tables.RecordingsAsync(today.AddDays(-options.Value.LookBackDays), today.AddDays(1), cancellationToken).ConfigureAwait(false))
        {
            known.Add(row.RowKey);
            try
            {
                if (row.RetryRequested == true)
                    await RestartAsync(row, "a retry was asked for", cancellationToken).ConfigureAwait(false);
                else if (await IsStuckAsync(row, now, cancellationToken).ConfigureAwait(false))
                    await UnstickAsync(row, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception error) when (error is RequestFailedException or FormatException)
            {
                LogSkipped(error, row.RowKey); // one row must not keep the others waiting
            }
        }

        await foreach ((RecordingId id, BlobCreatedEvent upload, DateTimeOffset createdOn) in UploadsAsync(cancellationToken).ConfigureAwait(false))
        {
            bool lost = now - createdOn >= options.Value.LostEventAfter && now - createdOn < TimeSpan.FromDays(options.Value.LookBackDays);
            if (lost && !known.Contains(id.Value) && await tables.FindRecordingAsync(id, cancellationToken).ConfigureAwait(false) is null)
            {
                LogLost(id.Value);
                await AnnounceAsync(id, upload, createdOn, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Sends the event of an upload that has no row yet.</summary>
    /// <param name="id">The recording.</param>
    /// <param name="upload">The event.</param>
    /// <param name="createdOn">When it was uploaded.</param>
    /// <param name="cancellationToken">Stops it.</param>
    internal async Task AnnounceAsync(RecordingId id, BlobCreatedEvent upload, DateTimeOffset createdOn, CancellationToken cancellationToken)
    {
        await queues[0].SendAsync([upload.ToMessage(id)], cancellationToken).ConfigureAwait(false);

        // The row keeps the next look from sending it again while it waits behind others.
        var announced = new RecordingRow { BlobName = upload.BlobName, BlobETag = upload.ETag, UploadedAt = createdOn, StartedAt = time.GetUtcNow() };
        await tables.AdvanceAsync(id, upload.Generation, RecordingStatus.Queued, announced, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Every upload with the event that it should have had.</summary>
    /// <param name="cancellationToken">Stops between pages.</param>
    internal async IAsyncEnumerable<(RecordingId Id, BlobCreatedEvent Upload, DateTimeOffset CreatedOn)> UploadsAsync(
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (BlobItem blob in storage.Container(StorageNames.Recordings)
            .GetBlobsAsync(BlobTraits.None, BlobStates.None, prefix: null, cancellationToken).ConfigureAwait(false))
        {
            string etag = blob.Properties.ETag?.ToString().Trim('"') ?? "";
            DateTimeOffset createdOn = blob.Properties.CreatedOn ?? blob.Properties.LastModified ?? time.GetUtcNow();
            yield return (
                RecordingId.Of(createdOn, StorageNames.Recordings, blob.Name, etag), new BlobCreatedEvent(StorageNames.Recordings, blob.Name, etag, Generation: 0),
                createdOn);
        }
    }

    /// <summary>The age is recorded when a message is received; where nobody receives, nobody else would tell.</summary>
    private async Task RecordQueueAgesAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        foreach (IWorkQueue queue in queues)
        {
            if (await queue.OldestSentAtAsync(cancellationToken).ConfigureAwait(false) is { } oldest)
                PipelineTelemetry.QueueAge.Record((now - oldest).TotalSeconds, new KeyValuePair<string, object?>("queue", queue.Name));
        }
    }

    private async Task<bool> IsStuckAsync(RecordingRow row, DateTimeOffset now, CancellationToken cancellationToken)
    {
        DateTimeOffset progress = row.StartedAt ?? row.Timestamp ?? now, limit = now - options.Value.StuckAfter;
        if (row.Status is not (nameof(RecordingStatus.Processing) or nameof(RecordingStatus.Queued)) || progress > limit)
            return false;
        await foreach (ChunkRow chunk in tables.ChunksAsync(RecordingId.Parse(row.RowKey), cancellationToken).ConfigureAwait(false))
            progress = chunk.Timestamp > progress ? chunk.Timestamp.Value : progress;
        if (progress > limit)
            return false;

        // Its messages were sent soon after its last progress. While older ones wait, an archive is being worked off, and it is in line.
        foreach (IWorkQueue queue in queues)
        {
            if (await queue.OldestSentAtAsync(cancellationToken).ConfigureAwait(false) <= progress + s_clockSkew)
                return false;
        }

        return true;
    }

    private async Task UnstickAsync(RecordingRow row, CancellationToken cancellationToken)
    {
        if ((row.Generation ?? 0) + 1 < options.Value.MaxGenerations)
        {
            await RestartAsync(row, "it got stuck", cancellationToken).ConfigureAwait(false);
            return;
        }

        string reason = $"No progress for {options.Value.StuckAfter} in {options.Value.MaxGenerations} runs.";
        await FailAsync(RecordingId.Parse(row.RowKey), row.Generation ?? 0, reason, cancellationToken).ConfigureAwait(false);
    }

    private async Task FailAsync(RecordingId id, int generation, string reason, CancellationToken cancellationToken)
    {
        var columns = new RecordingRow { Reason = reason, CompletedAt = time.GetUtcNow() };
        if (await tables.AdvanceAsync(id, generation, RecordingStatus.Failed, columns, cancellationToken).ConfigureAwait(false))
            PipelineTelemetry.CountFailure(RecordingStatus.Failed, "stuck");
    }

    /// <summary>Sends the event again, one generation up; first the row, so that late messages of the old generation change nothing.</summary>
    private async Task RestartAsync(RecordingRow row, string why, CancellationToken cancellationToken)
    {
        RecordingId id = RecordingId.Parse(row.RowKey);
        int generation = (row.Generation ?? 0) + 1;
        LogRestarted(id.Value, generation, why);
        var upload = new BlobCreatedEvent(StorageNames.Recordings, row.BlobName ?? "", row.BlobETag ?? "", generation);
        if (await storage.FindUploadAsync(upload, cancellationToken).ConfigureAwait(false) is null)
        {
            await FailAsync(id, generation, "The upload was deleted or replaced.", cancellationToken).ConfigureAwait(false); // its event would lead to nothing
            await tables.MarkRetryAsync(id, requested: false, cancellationToken).ConfigureAwait(false);
            return;
        }

        await tables.AdvanceAsync(
            id, generation, RecordingStatus.Queued, new RecordingRow { Reason = "", StartedAt = time.GetUtcNow() }, cancellationToken).ConfigureAwait(false);
        await queues[0].SendAsync([upload.ToMessage(id)], cancellationToken).ConfigureAwait(false);
        await tables.MarkRetryAsync(id, requested: false, cancellationToken).ConfigureAwait(false); // last: dying before means another restart, not none
    }

    [LoggerMessage(3501, LogLevel.Information, "The upload of {RecordingId} had no event: sent one")]
    private partial void LogLost(string recordingId);

    [LoggerMessage(3503, LogLevel.Error, "The row of {RecordingId} could not be looked after, going on with the others")]
    private partial void LogSkipped(Exception error, string recordingId);

    [LoggerMessage(3502, LogLevel.Information, "Started {RecordingId} again as generation {Generation}: {Why}")]
    private partial void LogRestarted(string recordingId, int generation, string why);
}
