using System.Diagnostics;
using CommunityToolkit.HighPerformance.Buffers;
using Microsoft.Extensions.Logging;
using NrSer.Core;
using NrSer.Core.Emotion;
using NrSer.Core.Models;
using NrSer.Core.Reconstitution;
using NrSer.Core.Segmentation;
using NrSer.Pipeline.Chunks;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Work;

namespace NrSer.Pipeline.Stages;

/// <summary>Recognises the emotions of an enhanced chunk; the last chunk to finish completes its recording.</summary>
/// <param name="blobs">Reconstituted audio and manifests.</param>
/// <param name="progress">Where the chunk stands.</param>
/// <param name="recognizer">The method's second half.</param>
/// <param name="models">For their names.</param>
/// <param name="logger">The log.</param>
public sealed partial class RecognizeEmotion(
    ChunkBlobs blobs, ChunkProgress progress, SegmentEmotionRecognizer recognizer, ModelSet models, ILogger<RecognizeEmotion> logger)
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
        if (await progress.BeginAsync(id, cancellationToken).ConfigureAwait(false) is not { } chunk)
            return;

        long begun = Stopwatch.GetTimestamp();
        SegmentManifestV1 manifest = await blobs.FindManifestAsync(id, cancellationToken).ConfigureAwait(false)
            ?? throw new InvalidMessageException($"Chunk {id} has no segments yet.");
        if (chunk.EnhancedAt is null)
        {
            // A storage that forgot what it had acknowledged, or another generation's row: what enhancement wrote is written once more.
            await progress.EnhancedAsync(chunk, EnhanceChunk.RowsOf(manifest, chunk, models), cancellationToken).ConfigureAwait(false);
            if (await progress.BeginAsync(id, cancellationToken).ConfigureAwait(false) is not { } enhanced)
                return;
            chunk = enhanced;
        }

        Segment[] segments = await RecognizeAsync(chunk, manifest, cancellationToken).ConfigureAwait(false);
        await progress.RecognizedAsync(chunk, segments, cancellationToken).ConfigureAwait(false);
        double seconds = chunk.Samples!.Value / (double)SegmentGrid.SampleRateHz;
        PipelineTelemetry.CountAudio(Stage.Recognize, seconds, Stopwatch.GetElapsedTime(begun));
        LogRecognized(id.ToString(), seconds, segments.Length);
    }

    private async Task<Segment[]> RecognizeAsync(Chunk chunk, SegmentManifestV1 manifest, CancellationToken cancellationToken)
    {
        using MemoryOwner<float> y = await blobs.ReadEnhancedAsync(chunk.Id, chunk.Samples!.Value, cancellationToken).ConfigureAwait(false);
        ScoredSegment[] segments = manifest.ToSegments();
        EmotionEstimate?[] estimates = recognizer.Recognize(y.Memory, segments, cancellationToken);
        ModelNames names = ModelNames.Of(models);
        return [.. segments.Zip(estimates, (segment, estimate) => new RecognizedSegment(segment, estimate))
            .Where(segment => segment.Estimate is not null)
            .Select(segment => Segment.Of(segment, recognizer.Labels, chunk.Id.Channel, chunk.StartSample!.Value, names))];
    }

    [LoggerMessage(3201, LogLevel.Information, "Recognised {ChunkId}: {Seconds:F1} s, {Segments} segments")]
    private partial void LogRecognized(string chunkId, double seconds, int segments);
}
