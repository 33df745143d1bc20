using CommunityToolkit.HighPerformance.Buffers;
using Microsoft.Extensions.Logging;
using NrSer.Core.Emotion;
using NrSer.Core.Models;
using NrSer.Core.Reconstitution;
using NrSer.Core.Segmentation;
using NrSer.Pipeline.Messages;
using NrSer.Pipeline.Rows;
using NrSer.Pipeline.Storage;

namespace NrSer.Pipeline.Stages;

/// <summary>Recognises the emotions of an enhanced chunk; the last chunk to finish completes its recording.</summary>
/// <param name="blobs">Reconstituted audio and manifests.</param>
/// <param name="tables">Chunk and segment rows.</param>
/// <param name="recognizer">The method's second half.</param>
/// <param name="models">For their names.</param>
/// <param name="rejection">Takes back what was done for a recording that turned out to be damaged.</param>
/// <param name="completion">Ends the recording when this was its last chunk.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">The log.</param>
public sealed partial class RecognizeEmotion(
    ChunkBlobs blobs, ResultTables tables, SegmentEmotionRecognizer recognizer, ModelSet models, RejectRecording rejection, CompleteRecording completion,
    TimeProvider time, ILogger<RecognizeEmotion> logger)
{
    /// <summary>Handles one message; may run twice, at once or late, and die anywhere.</summary>
    /// <param name="message">A <see cref="RecognizeEmotionV1"/>.</param>
    /// <param name="cancellationToken">Stops it; nothing is lost.</param>
    /// <exception cref="InvalidMessageException">The message cannot be read, or names a chunk that was never enhanced.</exception>
    public async Task RunAsync(WorkMessage message, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(message);
        RecognizeEmotionV1 request = message.AsRecognizeEmotion();
        ChunkId id = WorkMessage.ChunkOf(request.RecordingId, request.Channel, request.Index);
        ChunkRow? found = await tables.FindChunkAsync(id, cancellationToken).ConfigureAwait(false);
        if (await rejection.DiscardIfRejectedAsync(id.Recording, cancellationToken).ConfigureAwait(false))
            return;
        ChunkRow row = found ?? throw new InvalidMessageException($"There is no chunk {id}.");
        if (row.FinishedAt is null)
        {
            await RecognizeAsync(id, row, cancellationToken).ConfigureAwait(false);
            await tables.FinishChunkAsync(id, new ChunkRow(), time.GetUtcNow(), cancellationToken).ConfigureAwait(false);
        }

        if (!await rejection.DiscardIfRejectedAsync(id.Recording, cancellationToken).ConfigureAwait(false))
            await completion.RunAsync(id.Recording, cancellationToken).ConfigureAwait(false);
    }

    private async Task RecognizeAsync(ChunkId id, ChunkRow row, CancellationToken cancellationToken)
    {
        long begun = time.GetTimestamp();
        SegmentManifestV1 manifest = await blobs.FindManifestAsync(id, cancellationToken).ConfigureAwait(false)
            ?? throw new InvalidMessageException($"Chunk {id} has no segments yet.");
        (long start, int samples) = row.Extent();
        using MemoryOwner<float> y = await blobs.ReadEnhancedAsync(id, samples, cancellationToken).ConfigureAwait(false);
        ScoredSegment[] segments = EnhanceChunk.SegmentsOf(manifest);
        EmotionEstimate?[] estimates = recognizer.Recognize(y.Memory, segments, cancellationToken);
        string quality = models.Quality;
        await tables.MergeSegmentsAsync(
            segments.Zip(estimates)
                .Where(pair => pair.Second is not null)
                .Select(pair => SegmentRow.Recognized(id, start, pair.First, pair.Second!, recognizer.Labels, models.EmotionEntry, quality)),
            cancellationToken).ConfigureAwait(false);
        double seconds = y.Length / (double)SegmentGrid.SampleRateHz;
        PipelineTelemetry.CountAudio("recognize", seconds, time.GetElapsedTime(begun));
        LogRecognized(id.ToString(), seconds, estimates.Count(estimate => estimate is not null));
    }

    [LoggerMessage(3201, LogLevel.Information, "Recognised {ChunkId}: {Seconds:F1} s, {Segments} segments")]
    private partial void LogRecognized(string chunkId, double seconds, int segments);
}
