using System.Globalization;
using Microsoft.Extensions.Logging;
using NrSer.Core.Segmentation;
using NrSer.Pipeline.Chunks;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;
using NrSer.Pipeline.Storage;
using NrSer.Pipeline.Transcripts;

namespace NrSer.Pipeline.Stages;

/// <summary>Ends a recording once all of its chunks are finished: Parquet, receipt, summary row.</summary>
/// <remarks>What is written depends on the rows alone, times included, so whoever comes second writes the same again.</remarks>
/// <param name="store">All rows.</param>
/// <param name="results">Parquet files and receipts.</param>
/// <param name="transcripts">What was said in it.</param>
/// <param name="audio">What it was made from.</param>
/// <param name="logger">The log.</param>
public sealed partial class CompleteRecording(
    RecordingStore store, ResultBlobs results, TranscriptBlobs transcripts, WorkAudio audio, ILogger<CompleteRecording> logger)
{
    /// <summary>Looks whether all chunks are finished and, if so, ends the recording. The caller has written its own chunk row before.</summary>
    /// <param name="id">The recording.</param>
    /// <param name="cancellationToken">Stops it; the next finisher or Sweep does it again.</param>
    public async Task RunAsync(RecordingId id, CancellationToken cancellationToken)
    {
        if (await store.FindAsync(id, cancellationToken).ConfigureAwait(false) is { } recording)
            await RunAsync(recording, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc cref="RunAsync(RecordingId, CancellationToken)"/>
    /// <param name="cut">What ingest has just written of it: how many chunks there are. While some are under way, no more is read than their
    /// rows.</param>
    /// <param name="cancellationToken">As there.</param>
    public async Task RunAfterCutAsync(Recording cut, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(cut);
        List<Chunk> chunks = await ChunksAsync(cut.Id, cancellationToken).ConfigureAwait(false);
        if (HaveEnded(chunks, cut))
            await RunAsync(cut.Id, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc cref="RunAsync(RecordingId, CancellationToken)"/>
    /// <param name="recording">The recording, read after the caller wrote its chunk row.</param>
    /// <param name="cancellationToken">As there.</param>
    public async Task RunAsync(Recording recording, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(recording);
        if (recording is not { Id: var id, ExpectedChunks: not null, Status: RecordingStatus.Processing })
            return;
        List<Chunk> chunks = await ChunksAsync(id, cancellationToken).ConfigureAwait(false);
        if (!HaveEnded(chunks, recording))
            return;

        Recording summary = await WriteAsync(recording, chunks, cancellationToken).ConfigureAwait(false);
        if (await store.AdvanceAsync(summary, recording, cancellationToken).ConfigureAwait(false) is not null)
        {
            if (summary.Status == RecordingStatus.Failed)
                PipelineTelemetry.CountFailure(RecordingStatus.Failed, FailureKind.Chunks);
            LogEnded(id.Value, summary.Status, summary.SegmentCount ?? 0, summary.SpeechSegmentCount ?? 0);
            if (summary.Status == RecordingStatus.Completed)
                await audio.DoneAsync(recording, chunks, cancellationToken).ConfigureAwait(false);
            return;
        }

        // It was forgotten meanwhile, or a retry overtook this run. Should that have ended already, its files were just overwritten with older ones:
        // write them once more.
        Recording? standing = await store.FindAsync(id, cancellationToken).ConfigureAwait(false);
        if (standing?.Status.IsVoid() == true)
            await store.DeleteResultsAsync(id, cancellationToken).ConfigureAwait(false); // words may just have been joined to them
        if (standing is { Status: RecordingStatus.Forgotten })
            await results.DeleteAsync(id, cancellationToken).ConfigureAwait(false);
        else if (standing is { Status: RecordingStatus.Completed or RecordingStatus.Failed } && standing.Generation > recording.Generation)
            await WriteAsync(standing, await ChunksAsync(id, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
    }

    private static bool HaveEnded(List<Chunk> chunks, Recording recording) =>
        chunks.Count(chunk => chunk.FinishedAt is not null || chunk.IsFailed(recording.Generation)) >= recording.ExpectedChunks;

    private async Task<List<Chunk>> ChunksAsync(RecordingId id, CancellationToken cancellationToken)
    {
        var chunks = new List<Chunk>();
        await foreach (Chunk chunk in store.ChunksAsync(id, cancellationToken).ConfigureAwait(false))
            chunks.Add(chunk);
        return chunks;
    }

    /// <summary>Writes Parquet and receipt, and says what belongs into the recording's row.</summary>
    private async Task<Recording> WriteAsync(Recording recording, List<Chunk> chunks, CancellationToken cancellationToken)
    {
        var segments = new List<Segment>();
        await foreach (Segment segment in store.SegmentsAsync(recording, chunks, cancellationToken).ConfigureAwait(false))
            segments.Add(segment);
        segments = await WithTextAsync(recording, chunks, segments, cancellationToken).ConfigureAwait(false);
        Recording summary = Summarize(recording, chunks, segments);
        Recording ended = recording with // what the summary leaves out is not what an earlier run said
        {
            Status = summary.Status,
            Reason = summary.Reason,
            CompletedAt = summary.CompletedAt,
            SegmentCount = summary.SegmentCount,
            SpeechSegmentCount = summary.SpeechSegmentCount,
            SpeechSeconds = summary.SpeechSeconds,
            MeanSnrScore = summary.MeanSnrScore,
            MeanTrust = summary.MeanTrust,
            DominantEmotion = summary.DominantEmotion,
            EnhancerModel = summary.EnhancerModel,
            SnrLevelModel = summary.SnrLevelModel,
            EmotionModel = summary.EmotionModel,
            ModelQuality = summary.ModelQuality,
        };
        await results.WriteAsync(ended, segments, cancellationToken).ConfigureAwait(false);
        return summary;
    }

    /// <summary>Joins its publisher's words to an episode's segments, where there are some that fit.</summary>
    private async Task<List<Segment>> WithTextAsync(
        Recording recording, List<Chunk> chunks, List<Segment> segments, CancellationToken cancellationToken)
    {
        if (recording.BlobName is not { } name || !name.StartsWith(StorageNames.PodcastsPrefix, StringComparison.Ordinal)
            || await transcripts.FindAsync(name, cancellationToken).ConfigureAwait(false) is not { } transcript
            || !transcript.Fits(recording))
            return segments;
        List<Segment> joined = [.. transcript.Join(segments)];
        Segment[] changed = [.. joined.Where((segment, at) => segment.Text != segments[at].Text)];
        foreach (Chunk chunk in chunks)
        {
            double start = chunk.StartSample.GetValueOrDefault() / (double)SegmentGrid.SampleRateHz;
            double end = start + (chunk.Samples.GetValueOrDefault() / (double)SegmentGrid.SampleRateHz);
            Segment[] own = [.. changed.Where(segment =>
                segment.Channel == chunk.Id.Channel && segment.StartSeconds >= start && segment.StartSeconds < end)];
            if (own.Length > 0)
                await store.MergeSegmentsAsync(chunk.Id, recording.SegmentStore, own, Stage.Complete, cancellationToken).ConfigureAwait(false);
        }

        return joined;
    }

    private static Recording Summarize(Recording recording, List<Chunk> chunks, List<Segment> segments)
    {
        Segment[] speech = [.. segments.Where(segment => segment.IsSpeech)];
        double speechSeconds = speech.Sum(segment => segment.EndSeconds - segment.StartSeconds);
        Chunk[] failed = [.. chunks.Where(chunk => chunk.IsFailed(recording.Generation))];
        return new Recording
        {
            Id = recording.Id,
            Generation = recording.Generation,
            Status = failed.Length == 0 ? RecordingStatus.Completed : RecordingStatus.Failed,
            Reason = failed.Length == 0
                ? ""
                : string.Create(CultureInfo.InvariantCulture,
                    $"{failed.Length} of {chunks.Count} chunks failed, first {failed[0].Id.Key}: {failed[0].FailureReason}"),
            CompletedAt = chunks.Max(chunk => chunk.FinishedAt ?? chunk.FailedAt),
            SegmentCount = segments.Count,
            SpeechSegmentCount = speech.Length,
            SpeechSeconds = speechSeconds,
            MeanSnrScore = MeanOf(speech, segment => segment.SnrScore),
            MeanTrust = MeanOf(speech.Where(segment => segment.Trust is not null), segment => segment.Trust!.Value),
            DominantEmotion = speech
                .Where(segment => segment.Emotion is not null)
                .GroupBy(segment => segment.Emotion!, StringComparer.Ordinal)
                .OrderByDescending(group => group.Sum(segment => segment.EndSeconds - segment.StartSeconds))
                .ThenBy(group => group.Key, StringComparer.Ordinal)
                .FirstOrDefault()?.Key,
            EnhancerModel = Named(segment => segment.EnhancerModel),
            SnrLevelModel = Named(segment => segment.SnrLevelModel),
            EmotionModel = segments.Find(segment => segment.EmotionModel is not null)?.EmotionModel,
            ModelQuality = segments.Find(segment => segment.ModelQuality is not null)?.ModelQuality,
        };

        // In a cascade, one enhancer decided some segments, another the rest.
        string? Named(Func<Segment, string?> modelOf)
        {
            string[] names = [.. segments.Select(modelOf).OfType<string>().Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
            return names.Length > 0 ? string.Join(", ", names) : null;
        }
    }

    /// <summary>Weighted by length; null of nothing.</summary>
    private static double? MeanOf(IEnumerable<Segment> segments, Func<Segment, float> value)
    {
        double sum = 0, seconds = 0;
        foreach (Segment segment in segments)
        {
            double length = segment.EndSeconds - segment.StartSeconds;
            (sum, seconds) = (sum + (value(segment) * length), seconds + length);
        }

        return seconds > 0 ? sum / seconds : null;
    }

    [LoggerMessage(3301, LogLevel.Information, "{RecordingId} is {Status}: {Segments} segments, {SpeechSegments} with speech")]
    private partial void LogEnded(string recordingId, RecordingStatus status, int segments, int speechSegments);
}
