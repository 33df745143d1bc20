using System.Diagnostics;
using CommunityToolkit.HighPerformance.Buffers;
using Microsoft.Extensions.Logging;
using NrSer.Core;
using NrSer.Core.Models;
using NrSer.Core.Reconstitution;
using NrSer.Core.Segmentation;
using NrSer.Pipeline.Chunks;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Work;

namespace NrSer.Pipeline.Stages;

/// <summary>Enhances a chunk, decides and scores its segments, stores the mix, and passes the chunk on to recognition.</summary>
/// <param name="blobs">Chunk audio and manifests.</param>
/// <param name="progress">Where the chunk stands.</param>
/// <param name="reconstituter">The method's first half.</param>
/// <param name="models">For their names.</param>
/// <param name="emotions">The next queues.</param>
/// <param name="logger">The log.</param>
public sealed partial class EnhanceChunk(
    ChunkBlobs blobs, ChunkProgress progress, SpeechReconstituter reconstituter, ModelSet models, StageQueues emotions, ILogger<EnhanceChunk> logger)
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
        if (await progress.BeginAsync(id, cancellationToken).ConfigureAwait(false) is not { } chunk)
            return;

        SegmentManifestV1? manifest = await blobs.FindManifestAsync(id, cancellationToken).ConfigureAwait(false);
        if (manifest is null || !await blobs.HasEnhancedAsync(id, cancellationToken).ConfigureAwait(false))
            manifest = await ReconstituteAsync(id, chunk.Samples!.Value, manifest, cancellationToken).ConfigureAwait(false);

        if (await progress.EnhancedAsync(chunk, RowsOf(manifest, chunk, models), cancellationToken).ConfigureAwait(false))
            await emotions[message.Lane].SendAsync([WorkMessage.Recognize(id, request.Generation)], cancellationToken).ConfigureAwait(false);
    }

    /// <summary>What this stage writes of a chunk's segments.</summary>
    /// <param name="manifest">What was decided of it.</param>
    /// <param name="chunk">Its row.</param>
    /// <param name="models">For their quality.</param>
    internal static Segment[] RowsOf(SegmentManifestV1 manifest, Chunk chunk, ModelSet models)
    {
        ModelNames names = ModelNames.Of(models) with
        {
            Enhancer = manifest.Enhancer,
            SnrLevel = manifest.SnrLevel,
            ScreenEnhancer = manifest.ScreenEnhancer,
            ScreenSnrLevel = manifest.ScreenSnrLevel,
        };
        return [.. manifest.ToSegments()
            .Select(segment => Segment.Of(new RecognizedSegment(segment, null), [], chunk.Id.Channel, chunk.StartSample!.Value, names))];
    }

    /// <summary>Makes the audio that recognition heard once more, after it was deleted: from the chunk, and what was decided of it then.</summary>
    /// <param name="chunk">Its row; its decoded audio is stored.</param>
    /// <param name="segments">Rows of its recording, for where the manifest was deleted too.</param>
    /// <param name="cancellationToken">Stops it; an unfinished upload leaves nothing.</param>
    /// <exception cref="ModelException">The enhancer here is another than that of the segments, and would make something else.</exception>
    public async Task RemakeAsync(Chunk chunk, IEnumerable<Segment> segments, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(chunk);
        SegmentManifestV1? manifest = await blobs.FindManifestAsync(chunk.Id, cancellationToken).ConfigureAwait(false)
            ?? DecidedOf(chunk, segments);
        if (manifest is not null && manifest.Enhancer != models.EnhancerEntry.Id)
            throw new ModelException($"It was enhanced by {manifest.Enhancer}; here is {models.EnhancerEntry.Id}.");
        // Where nothing was decided there was nothing to decide: a chunk too short for a segment.
        manifest ??= new SegmentManifestV1(models.EnhancerEntry.Id, models.SnrLevelEntry.Id, []);
        await ReconstituteAsync(chunk.Id, chunk.Samples!.Value, manifest, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>What was decided of a chunk, from the rows that were made of it; null where there are none.</summary>
    private static SegmentManifestV1? DecidedOf(Chunk chunk, IEnumerable<Segment> segments)
    {
        long first = chunk.StartSample!.Value, end = first + chunk.Samples!.Value;
        Segment[] own = [.. segments.Where(segment =>
            segment.Channel == chunk.Id.Channel && SampleOf(segment.StartSeconds) >= first && SampleOf(segment.StartSeconds) < end)];
        return own is not [{ EnhancerModel: { } enhancer, SnrLevelModel: { } snrLevel }, ..] ? null : new(enhancer, snrLevel, [.. own.Select(
            segment => new ManifestSegmentV1(
                (int)(SampleOf(segment.StartSeconds) - first), (int)(SampleOf(segment.EndSeconds) - SampleOf(segment.StartSeconds)),
                segment.SnrScore, segment.IsSpeech, segment.MixWeight))]);
    }

    private static long SampleOf(double seconds) => (long)Math.Round(seconds * SegmentGrid.SampleRateHz);

    /// <summary>Does the work and stores it: first the manifest, which decides, then the audio mixed by it.</summary>
    private async Task<SegmentManifestV1> ReconstituteAsync(ChunkId id, int samples, SegmentManifestV1? manifest, CancellationToken cancellationToken)
    {
        long begun = Stopwatch.GetTimestamp();
        using MemoryOwner<float> x = await blobs.ReadChunkAsync(id, samples, cancellationToken).ConfigureAwait(false);
        using MemoryOwner<float> y = ChunkMemory.Rent(x.Length);
        reconstituter.Enhance(x.Memory, y.Memory, cancellationToken);
        if (manifest is null)
        {
            ScoredSegment[] scored = reconstituter.Score(x.Memory, y.Memory, wholeAsOne: false, cancellationToken);
            SegmentManifestV1 proposal = SegmentManifestV1.Of(models.EnhancerEntry.Id, models.SnrLevelEntry.Id, scored) with
            {
                ScreenEnhancer = models.Screen?.Enhancer.Id,
                ScreenSnrLevel = models.Screen?.SnrLevel.Id,
            };
            manifest = await blobs.DecideManifestAsync(id, proposal, cancellationToken).ConfigureAwait(false);
        }
        else
        {
            reconstituter.EnhanceAgain(x.Memory, y.Memory, manifest.ToSegments(), cancellationToken);
        }

        reconstituter.Blend(x.Span, y.Span, manifest.ToSegments());
        await blobs.WriteEnhancedAsync(id, y.Memory, cancellationToken).ConfigureAwait(false);
        double seconds = x.Length / (double)SegmentGrid.SampleRateHz;
        PipelineTelemetry.CountAudio(Stage.Enhance, seconds, Stopwatch.GetElapsedTime(begun));
        LogEnhanced(id.ToString(), seconds, manifest.Segments.Count, manifest.Segments.Count(segment => segment.IsSpeech));
        return manifest;
    }

    [LoggerMessage(3101, LogLevel.Information, "Enhanced {ChunkId}: {Seconds:F1} s, {Segments} segments, {SpeechSegments} with speech")]
    private partial void LogEnhanced(string chunkId, double seconds, int segments, int speechSegments);
}
