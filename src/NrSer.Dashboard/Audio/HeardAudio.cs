using NrSer.Core.Models;
using NrSer.Core.Segmentation;
using NrSer.Dashboard.Recordings;
using NrSer.Pipeline;
using NrSer.Pipeline.Chunks;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Stages;

namespace NrSer.Dashboard.Audio;

/// <summary>Makes what the emotion model heard again where it is gone, a chunk at a time: from the upload, and the rows of its segments.</summary>
/// <param name="original">Decodes the upload again.</param>
/// <param name="reader">Segments of the recording.</param>
/// <param name="enhance">Makes it.</param>
/// <param name="blobs">Where it is kept.</param>
/// <param name="models">The enhancer of this machine.</param>
/// <param name="restored">Told of it.</param>
internal sealed class HeardAudio(
    OriginalAudio original, RecordingReader reader, EnhanceChunk enhance, ChunkBlobs blobs, ModelSet models, RestoredAudio restored) : IDisposable
{
    private readonly SemaphoreSlim _turn = new(1); // a network takes all cores

    /// <summary>Why it cannot be made again here; null where it can.</summary>
    /// <param name="recording">The recording.</param>
    /// <param name="isDecodable">Whether what was recorded is there, or can be.</param>
    public string? WhyNot(Recording recording, bool isDecodable) =>
        recording.Status.IsOpen() ? "It is still being worked on."
        : recording.Status != RecordingStatus.Completed ? "Not all of it was worked on."
        : !isDecodable ? "The audio between stages is kept for a while only, and the upload is gone, too."
        : recording.EnhancerModel is { } used && used != models.EnhancerEntry.Id
            ? $"The audio between stages is kept for a while only. {used} made it, and this server has {models.EnhancerEntry.Id}, which would make "
            + "something else."
        : null;

    /// <summary>Makes a chunk, however many ask for it.</summary>
    public async Task RestoreAsync(Recording recording, Chunk chunk, CancellationToken cancellationToken)
    {
        IReadOnlySet<string> decoded = await blobs.StoredAsync(recording.Id, AudioVersion.Original, cancellationToken).ConfigureAwait(false);
        if (!decoded.Contains(chunk.Id.Key)) // which takes its own turn, and longer
            await original.RestoreAsync(recording, chunk.Id, cancellationToken).ConfigureAwait(false);
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (!await blobs.HasEnhancedAsync(chunk.Id, cancellationToken).ConfigureAwait(false))
                await MakeAsync(recording, chunk, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _turn.Dispose();

    private async Task MakeAsync(Recording recording, Chunk chunk, CancellationToken cancellationToken)
    {
        IReadOnlyList<Segment> segments = await reader.SegmentsAsync(recording, cancellationToken).ConfigureAwait(false);
        try
        {
            await enhance.RemakeAsync(chunk, segments, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            double samples = (recording.DurationSeconds ?? 0) * SegmentGrid.SampleRateHz * RecordingReader.ChannelsOf(recording);
            await restored.SettleAsync(recording.Id, (long)(2 * samples * sizeof(float))).ConfigureAwait(false);
        }
    }
}
