using System.Globalization;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using NrSer.Core.Segmentation;
using NrSer.Pipeline.Chunks;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;
using NrSer.Pipeline.Storage;
using NrSer.Pipeline.Transcripts;

namespace NrSer.Pipeline.Stages;

/// <summary>Ends a recording once all of its chunks are finished: Parquet, receipt, summary row.</summary>
/// <remarks>
/// What is written depends on the rows alone, times included, so whoever comes second writes the same again. A row that says finished is not
/// believed without the segments: storage may have lost them, or somebody deleted them. Such a chunk is done again.
/// </remarks>
/// <param name="store">All rows.</param>
/// <param name="results">Parquet files and receipts.</param>
/// <param name="transcripts">What was said in it.</param>
/// <param name="audio">What it was made from.</param>
/// <param name="options">How often a recording begins anew.</param>
/// <param name="logger">The log.</param>
public sealed partial class CompleteRecording(
    RecordingStore store, ResultBlobs results, TranscriptBlobs transcripts, WorkAudio audio, IOptions<SweepOptions> options,
    ILogger<CompleteRecording> logger)
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
        if (await FindSegmentsAsync(recording, chunks, cancellationToken).ConfigureAwait(false) is not { } segments)
            return;
        Recording summary = Summarize(recording, chunks, segments);
        await results.WriteAsync(Ended(recording, summary), segments, cancellationToken).ConfigureAwait(false);
        if (await store.AdvanceAsync(summary, recording, cancellationToken).ConfigureAwait(false) is not null)
        {
            if (summary.Status == RecordingStatus.Failed)
                PipelineTelemetry.CountFailure(RecordingStatus.Failed, FailureKind.Chunks);
            LogEnded(id.Value, summary.Status, summary.SegmentCount ?? 0, summary.SpeechSegmentCount ?? 0);
            if (summary.Status == RecordingStatus.Completed)
                await audio.DoneAsync(recording, chunks, cancellationToken).ConfigureAwait(false);
            return;
        }

        await TakeBackAsync(recording, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Looks whether what was written of a recording that has ended is there, and writes it again if it is not, or has the recording
    /// begin anew where its segments are not either. Nothing is written where nothing is missing.</summary>
    /// <param name="ended">The recording: all of its chunks were finished, or given up.</param>
    /// <param name="cancellationToken">Stops between requests; call it again then.</param>
    /// <returns>Whether something was missing.</returns>
    public async Task<bool> MendAsync(Recording ended, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(ended);
        List<Chunk> chunks = await ChunksAsync(ended.Id, cancellationToken).ConfigureAwait(false);
        if (chunks.Count == 0)
            return false; // nobody cut it: it failed before, or its rows came from elsewhere
        if (await FindSegmentsAsync(ended, chunks, cancellationToken).ConfigureAwait(false) is not { } segments)
            return true;
        Recording summary = Summarize(ended, chunks, segments), whole = Ended(ended, summary);
        if (await results.HoldAsync(whole, segments, cancellationToken).ConfigureAwait(false))
            return false;
        LogMended(ended.Id.Value, segments.Count);
        await results.WriteAsync(whole, segments, cancellationToken).ConfigureAwait(false);
        if (await store.AdvanceAsync(summary, ended, cancellationToken).ConfigureAwait(false) is null) // by which the lake takes it in again
            await TakeBackAsync(ended, cancellationToken).ConfigureAwait(false);
        return true;
    }

    /// <summary>What was just written may be of a recording that was forgotten meanwhile, or that a retry overtook. Should that have ended already,
    /// its files were overwritten with older ones: they are written once more.</summary>
    private async Task TakeBackAsync(Recording written, CancellationToken cancellationToken)
    {
        Recording? standing = await store.FindAsync(written.Id, cancellationToken).ConfigureAwait(false);
        if (standing?.Status.IsVoid() == true)
            await store.DeleteResultsAsync(written.Id, cancellationToken).ConfigureAwait(false); // words may just have been joined to them
        if (standing is { Status: RecordingStatus.Forgotten })
            await results.DeleteAsync(written.Id, cancellationToken).ConfigureAwait(false);
        else if (standing is { Status: RecordingStatus.Completed or RecordingStatus.Failed } && standing.Generation > written.Generation)
            await MendAsync(standing, cancellationToken).ConfigureAwait(false);
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

    /// <summary>The segments of all chunks.</summary>
    /// <returns>Null where those of a finished chunk are not all there: it is done again, and the recording begins anew with it.</returns>
    private async Task<List<Segment>?> FindSegmentsAsync(Recording recording, List<Chunk> chunks, CancellationToken cancellationToken)
    {
        List<Segment> segments = await store.SegmentsAsync(recording, chunks, cancellationToken).ToListAsync(cancellationToken)
            .ConfigureAwait(false);
        Chunk[] lost = recording.SegmentStore is null ? [] // rows in the table alone, as those of chunks
            : [.. chunks.Where(chunk => chunk.FinishedAt is not null && !IsWhole(chunk, OwnOf(chunk, segments)))];
        if (lost.Length == 0 && (HaveEnded(chunks, recording) || recording.Status != RecordingStatus.Completed))
            return await WithTextAsync(recording, chunks, segments, cancellationToken).ConfigureAwait(false);

        LogLost(recording.Id.Value, lost.Length, chunks.Count);
        // Of one that has ended no run is under way; and one that is to begin anew was counted, by whoever found the loss first.
        bool isCounted = recording.Status.IsOpen() && recording.RetryRequested != true;
        int? failedRuns = isCounted ? recording.FailedRuns.GetValueOrDefault() + 1 : null;
        bool isGivenUp = failedRuns >= options.Value.MaxFailedRuns;
        var change = new Recording
        {
            Id = recording.Id, Generation = recording.Generation, Status = recording.Status, FailedRuns = failedRuns, RetryRequested = true,
        };
        if (isGivenUp)
        {
            change = change with
            {
                Status = RecordingStatus.Failed,
                Reason = $"Segments of {lost.Length} of {chunks.Count} chunks are gone, first {lost[0].Id.Key}.",
                CompletedAt = lost[0].FinishedAt,
                RetryRequested = null,
            };
        }
        else
        {
            // First where Sweep looks, then what it finds, then the chunks: whoever dies in between leaves a recording that is started again. With
            // the chunks first it would wait, with nobody at work on it, until it counts as stuck.
            await store.Open.AddAsync(OpenWork.Retries, [recording.Id], cancellationToken).ConfigureAwait(false);
        }

        if (await store.AdvanceAsync(change, recording, cancellationToken).ConfigureAwait(false) is null)
        {
            await TakeBackAsync(recording, cancellationToken).ConfigureAwait(false);
            return null;
        }

        if (!isGivenUp) // again: a sweep that ends an earlier request may have taken it away
            await store.Open.AddAsync(OpenWork.Retries, [recording.Id], cancellationToken).ConfigureAwait(false);
        foreach (Chunk chunk in lost)
            await store.ReopenChunkAsync(chunk, cancellationToken).ConfigureAwait(false); // what is finished is not sent again
        return null;
    }

    /// <summary>Whether a finished chunk's segments are as both of its stages left them: they follow one another without a gap.</summary>
    private static bool IsWhole(Chunk chunk, Segment[] own)
    {
        double covered = own.Sum(segment => segment.EndSeconds - segment.StartSeconds) * SegmentGrid.SampleRateHz;
        return (chunk.Samples < SegmentGrid.ShortestSamples || chunk.Samples - covered < SegmentGrid.StepSamples)
            && Array.TrueForAll(own, segment => segment.EmotionModel is not null || !segment.IsSpeech);
    }

    private static Segment[] OwnOf(Chunk chunk, IEnumerable<Segment> segments)
    {
        double start = chunk.StartSample.GetValueOrDefault() / (double)SegmentGrid.SampleRateHz;
        double end = (chunk.StartSample.GetValueOrDefault() + chunk.Samples.GetValueOrDefault()) / (double)SegmentGrid.SampleRateHz;
        return [.. segments.Where(segment =>
            segment.Channel == chunk.Id.Channel && segment.StartSeconds >= start && segment.StartSeconds < end)];
    }

    /// <summary>The recording as its row will be; what the summary leaves out is not what an earlier run said.</summary>
    private static Recording Ended(Recording recording, Recording summary) => recording with
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
            if (OwnOf(chunk, changed) is { Length: > 0 } own)
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
            FailedRuns = failed.Length == 0 && recording.FailedRuns > 0 ? 0 : null,
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

    [LoggerMessage(3302, LogLevel.Warning, "Segments of {Lost} of {Chunks} chunks of {RecordingId} are gone: doing them again")]
    private partial void LogLost(string recordingId, int lost, int chunks);

    [LoggerMessage(3303, LogLevel.Warning, "Parquet file or receipt of {RecordingId} was gone: written again from {Segments} segments")]
    private partial void LogMended(string recordingId, int segments);
}
