using CommunityToolkit.HighPerformance.Buffers;
using Microsoft.Extensions.Logging;
using NrSer.Core.Models;
using NrSer.Core.Reconstitution;
using NrSer.Core.Segmentation;
using NrSer.Core.Snr;
using NrSer.Pipeline.Messages;
using NrSer.Pipeline.Queues;
using NrSer.Pipeline.Rows;
using NrSer.Pipeline.Storage;

namespace NrSer.Pipeline.Stages;

/// <summary>Enhances a chunk, decides and scores its segments, stores the mix, and passes the chunk on to recognition.</summary>
/// <param name="blobs">Chunk audio and manifests.</param>
/// <param name="tables">Chunk and segment rows.</param>
/// <param name="reconstituter">The method's first half.</param>
/// <param name="models">For their names.</param>
/// <param name="rejection">Takes back what was done for a recording that turned out to be damaged.</param>
/// <param name="completion">Ends the recording when this was its last chunk.</param>
/// <param name="emotions">The next queue.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">The log.</param>
public sealed partial class EnhanceChunk(
    ChunkBlobs blobs, ResultTables tables, SpeechReconstituter reconstituter, ModelSet models, RejectRecording rejection, CompleteRecording completion,
    IWorkQueue emotions, TimeProvider time, ILogger<EnhanceChunk> logger)
{
    /// <summary>Handles one message; may run twice, at once or late, and die anywhere.</summary>
    /// <param name="message">An <see cref="EnhanceChunkV1"/>.</param>
    /// <param name="cancellationToken">Stops it; nothing is lost.</param>
    /// <exception cref="InvalidMessageException">The message cannot be read, or names a chunk that never was.</exception>
    public async Task RunAsync(WorkMessage message, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(message);
        EnhanceChunkV1 request = message.AsEnhanceChunk();
        ChunkId id = WorkMessage.ChunkOf(request.RecordingId, request.Channel, request.Index);
        ChunkRow? found = await tables.FindChunkAsync(id, cancellationToken).ConfigureAwait(false);
        if (await rejection.DiscardIfRejectedAsync(id.Recording, cancellationToken).ConfigureAwait(false))
            return;
        ChunkRow row = found ?? throw new InvalidMessageException($"There is no chunk {id}.");
        (long start, int samples) = row.Extent();

        SegmentManifestV1? manifest = await blobs.FindManifestAsync(id, cancellationToken).ConfigureAwait(false);
        if (manifest is null || !await blobs.HasEnhancedAsync(id, cancellationToken).ConfigureAwait(false))
            manifest = await ReconstituteAsync(id, samples, manifest, cancellationToken).ConfigureAwait(false);

        ScoredSegment[] segments = SegmentsOf(manifest);
        await tables.MergeSegmentsAsync(
            segments.Select(segment => SegmentRow.Scored(id, start, segment, manifest.Enhancer, manifest.SnrLevel, models.Quality)), cancellationToken).ConfigureAwait(false);

        bool hasSpeech = segments.Any(segment => segment.IsSpeech);
        DateTimeOffset now = time.GetUtcNow();
        var columns = new ChunkRow { EnhancedAt = row.EnhancedAt ?? now, HasSpeech = hasSpeech };
        if (hasSpeech)
        {
            await tables.MergeChunkAsync(id, columns, cancellationToken).ConfigureAwait(false);
            if (await rejection.DiscardIfRejectedAsync(id.Recording, cancellationToken).ConfigureAwait(false))
                return;
            await emotions.SendAsync([WorkMessage.Recognize(id, request.Generation)], cancellationToken).ConfigureAwait(false);
            return;
        }

        await tables.FinishChunkAsync(id, columns, now, cancellationToken).ConfigureAwait(false);
        if (!await rejection.DiscardIfRejectedAsync(id.Recording, cancellationToken).ConfigureAwait(false))
            await completion.RunAsync(id.Recording, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The segments of a manifest.</summary>
    internal static ScoredSegment[] SegmentsOf(SegmentManifestV1 manifest) => [.. manifest.Segments.Select(segment => new ScoredSegment(
        new SegmentSpan(segment.StartSample, segment.Samples), new SnrScore(segment.SnrScore), MixWeight.Clamp(segment.MixWeight ?? segment.SnrScore),
        segment.IsSpeech))];

    /// <summary>Does the work and stores it: first the manifest, which decides, then the audio mixed by it.</summary>
    private async Task<SegmentManifestV1> ReconstituteAsync(ChunkId id, int samples, SegmentManifestV1? manifest, CancellationToken cancellationToken)
    {
        long begun = time.GetTimestamp();
        using MemoryOwner<float> x = await blobs.ReadChunkAsync(id, samples, cancellationToken).ConfigureAwait(false);
        using MemoryOwner<float> y = ChunkMemory.Rent(x.Length);
        reconstituter.Enhance(x.Memory, y.Memory, cancellationToken);
        if (manifest is null)
        {
            ScoredSegment[] scored = reconstituter.Score(x.Memory, y.Memory, wholeAsOne: false, cancellationToken);
            var proposal = new SegmentManifestV1(models.EnhancerEntry.Id, models.SnrLevelEntry.Id, [.. scored.Select(segment =>
                new ManifestSegmentV1(segment.Span.StartSample, segment.Span.Samples, segment.Score.Value, segment.IsSpeech, segment.Weight.Value))]);
            manifest = await blobs.DecideManifestAsync(id, proposal, cancellationToken).ConfigureAwait(false);
        }

        reconstituter.Blend(x.Span, y.Span, SegmentsOf(manifest));
        await blobs.WriteEnhancedAsync(id, y.Memory, cancellationToken).ConfigureAwait(false);
        double seconds = x.Length / (double)SegmentGrid.SampleRateHz;
        PipelineTelemetry.CountAudio("enhance", seconds, time.GetElapsedTime(begun));
        LogEnhanced(id.ToString(), seconds, manifest.Segments.Count, manifest.Segments.Count(segment => segment.IsSpeech));
        return manifest;
    }

    [LoggerMessage(3101, LogLevel.Information, "Enhanced {ChunkId}: {Seconds:F1} s, {Segments} segments, {SpeechSegments} with speech")]
    private partial void LogEnhanced(string chunkId, double seconds, int segments, int speechSegments);
}
