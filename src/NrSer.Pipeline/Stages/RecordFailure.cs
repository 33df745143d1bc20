using System.Text.Json;
using Microsoft.Extensions.Logging;
using NrSer.Pipeline.Chunks;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;
using NrSer.Pipeline.Storage;
using NrSer.Pipeline.Uploads;
using NrSer.Pipeline.Work;

namespace NrSer.Pipeline.Stages;

/// <summary>Turns a message that was given up into a row that says so: nothing is dropped silently.</summary>
/// <param name="uploads">For the upload that an event names.</param>
/// <param name="store">Recordings and chunks.</param>
/// <param name="podcasts">Episodes.</param>
/// <param name="completion">A failed chunk counts as finished.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">The log.</param>
public sealed partial class RecordFailure(
    UploadStore uploads, RecordingStore store, PodcastStore podcasts, CompleteRecording completion, TimeProvider time, ILogger<RecordFailure> logger)
{
    /// <summary>Handles one dead letter of the queue that it came from.</summary>
    /// <param name="queue">The queue's name, without the poison suffix.</param>
    /// <param name="body">The message that was given up.</param>
    /// <param name="reason">Why.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public async Task RunAsync(string queue, string body, string reason, CancellationToken cancellationToken)
    {
        LogGivenUp(queue, reason);
        try
        {
            if (queue == StorageNames.UploadsQueue)
            {
                await FailUploadAsync(BlobCreatedEvent.Parse(body), reason, cancellationToken).ConfigureAwait(false);
                return;
            }

            if (queue == StorageNames.DownloadsQueue)
            {
                FetchEpisodeV1 episode = new WorkMessage("dead letter", body, TraceParent: null).AsFetchEpisode();
                await FailEpisodeAsync(episode, reason, cancellationToken).ConfigureAwait(false);
                return;
            }

            // Both chunk messages have the same fields, so one reading serves.
            EnhanceChunkV1 chunk = new WorkMessage("dead letter", body, TraceParent: null).AsEnhanceChunk();
            await FailChunkAsync(WorkMessage.ChunkOf(chunk.RecordingId, chunk.Channel, chunk.Index), chunk.Generation, reason, cancellationToken)
                .ConfigureAwait(false);
        }
        catch (InvalidMessageException unreadable)
        {
            Orphan(queue, unreadable.Message); // names no recording: the log is the only place left
        }
    }

    /// <summary>Reads a letter from a poison queue.</summary>
    /// <param name="message">As the queue held it.</param>
    internal static (string Body, string Reason) Open(WorkMessage message)
    {
        try
        {
            if (JsonSerializer.Deserialize(message.Body, MessageJsonContext.Default.DeadLetterV1) is { } letter)
                return (letter.Body, letter.Reason);
        }
        catch (JsonException)
        {
            // Put there by hand, or by another service: take it as it is.
        }

        return (message.Body, "Found in the poison queue without a reason.");
    }

    private async Task FailUploadAsync(BlobCreatedEvent letter, string reason, CancellationToken cancellationToken)
    {
        if (await uploads.FindToldOfAsync(letter, cancellationToken).ConfigureAwait(false) is not { } upload)
        {
            Orphan(StorageNames.UploadsQueue, "The blob was deleted or replaced meanwhile.");
            return;
        }

        var failed = new Recording
        {
            Id = upload.Id, Generation = letter.Generation, Status = RecordingStatus.Failed, Reason = reason, CompletedAt = time.GetUtcNow(),
            BlobName = letter.BlobName, BlobETag = upload.ETag, UploadedAt = upload.CreatedOn,
        };
        if (await store.AdvanceAsync(failed, cancellationToken).ConfigureAwait(false))
            PipelineTelemetry.CountFailure(RecordingStatus.Failed, FailureKind.DeadLetter);
        else
            await uploads.DisownIfForgottenAsync(upload.BlobName, upload.Id, cancellationToken).ConfigureAwait(false);
    }

    private async Task FailChunkAsync(ChunkId id, int generation, string reason, CancellationToken cancellationToken)
    {
        var failure = new Chunk { Id = id, FailureReason = reason, FailedGeneration = generation, FailedAt = time.GetUtcNow() };
        if (await store.FailChunkAsync(failure, cancellationToken).ConfigureAwait(false))
            await completion.RunAsync(id.Recording, cancellationToken).ConfigureAwait(false);
        else if (await store.FindAsync(id.Recording, cancellationToken).ConfigureAwait(false) is not { Status: RecordingStatus.Forgotten })
            Orphan(StorageNames.ChunksQueue, "There is no such chunk.");
    }

    private async Task FailEpisodeAsync(FetchEpisodeV1 letter, string reason, CancellationToken cancellationToken)
    {
        while (await podcasts.FindEpisodeAsync(letter.FeedId, letter.Key, cancellationToken).ConfigureAwait(false)
            is { Status: EpisodeStatus.Listed or EpisodeStatus.Fetching } episode)
        {
            Episode failed = episode with { Status = EpisodeStatus.Failed, Reason = reason, FetchedBy = null, FetchedUntil = null };
            if (await podcasts.TryWriteAsync(failed, cancellationToken).ConfigureAwait(false) is not null)
                return;
        }

        LogUnreadable(StorageNames.DownloadsQueue, "No such episode waits any more.");
    }

    /// <summary>No row can say it: the log and the metric that alerts watch are all there is.</summary>
    private void Orphan(string queue, string complaint)
    {
        PipelineTelemetry.CountFailure(status: null, FailureKind.DeadLetter);
        LogUnreadable(queue, complaint);
    }

    [LoggerMessage(3401, LogLevel.Error, "A message of queue {Queue} was given up: {Reason}")]
    private partial void LogGivenUp(string queue, string reason);

    [LoggerMessage(3402, LogLevel.Error, "A dead letter of queue {Queue} leads to no row: {Complaint}")]
    private partial void LogUnreadable(string queue, string complaint);
}
