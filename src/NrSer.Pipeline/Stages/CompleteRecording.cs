using System.Globalization;
using Azure.Data.Tables;
using Microsoft.Extensions.Logging;
using NrSer.Pipeline.Rows;
using NrSer.Pipeline.Storage;

namespace NrSer.Pipeline.Stages;

/// <summary>Ends a recording once all of its chunks are finished: Parquet, receipt, summary row.</summary>
/// <remarks>What is written depends on the rows alone, times included, so whoever comes second writes the same again.</remarks>
/// <param name="tables">All rows.</param>
/// <param name="results">Parquet files and receipts.</param>
/// <param name="logger">The log.</param>
public sealed partial class CompleteRecording(ResultTables tables, ResultBlobs results, ILogger<CompleteRecording> logger)
{
    /// <summary>Looks whether all chunks are finished and, if so, ends the recording. The caller has written its own chunk row before.</summary>
    /// <param name="id">The recording.</param>
    /// <param name="cancellationToken">Stops it; the next finisher or Sweep does it again.</param>
    public async Task RunAsync(RecordingId id, CancellationToken cancellationToken)
    {
        RecordingRow? recording = await tables.FindRecordingAsync(id, cancellationToken).ConfigureAwait(false);
        if (recording is not { ExpectedChunks: { } expected, Generation: { } generation } || recording.Status != nameof(RecordingStatus.Processing))
            return;

        var chunks = new List<ChunkRow>();
        await foreach (ChunkRow chunk in tables.ChunksAsync(id, cancellationToken).ConfigureAwait(false))
            chunks.Add(chunk);
        if (chunks.Count(chunk => chunk.FinishedAt is not null || chunk.IsFailed(generation)) < expected)
            return;

        var segments = new List<TableEntity>();
        await foreach (TableEntity segment in tables.SegmentsAsync(id, cancellationToken).ConfigureAwait(false))
            segments.Add(segment);

        RecordingRow summary = Summarize(chunks, segments, generation);
        RecordingStatus status = summary.Reason!.Length == 0 ? RecordingStatus.Completed : RecordingStatus.Failed;
        string parquet = await results.WriteSegmentsAsync(id, segments, cancellationToken).ConfigureAwait(false);
        await results.WriteReceiptAsync(id, recording, summary, status, parquet, cancellationToken).ConfigureAwait(false);
        if (!await tables.AdvanceAsync(id, generation, status, summary, cancellationToken).ConfigureAwait(false))
            return;
        if (status == RecordingStatus.Failed)
            PipelineTelemetry.Failures.Add(1, new KeyValuePair<string, object?>("status", nameof(RecordingStatus.Failed)));
        LogEnded(id.Value, status, segments.Count, summary.SpeechSegmentCount ?? 0);
    }

    private static RecordingRow Summarize(List<ChunkRow> chunks, List<TableEntity> entities, int generation)
    {
        SegmentRow[] segments = [.. entities.Select(SegmentRow.From)];
        SegmentRow[] speech = [.. segments.Where(segment => segment.IsSpeech)];
        double speechSeconds = speech.Sum(segment => segment.EndSeconds - segment.StartSeconds);
        ChunkRow[] failed = [.. chunks.Where(chunk => chunk.IsFailed(generation))];
        TableEntity? recognized = entities.FirstOrDefault(entity => entity.ContainsKey(nameof(RecordingRow.EmotionModel)));
        return new RecordingRow
        {
            Reason = failed.Length == 0
                ? ""
                : string.Create(CultureInfo.InvariantCulture, $"{failed.Length} of {chunks.Count} chunks failed, first {failed[0].RowKey}: {failed[0].FailureReason}"),
            CompletedAt = chunks.Max(chunk => chunk.FinishedAt ?? chunk.FailedAt),
            SegmentCount = segments.Length,
            SpeechSegmentCount = speech.Length,
            SpeechSeconds = speechSeconds,
            MeanSnrScore = speechSeconds > 0
                ? speech.Sum(segment => segment.SnrScore * (segment.EndSeconds - segment.StartSeconds)) / speechSeconds
                : null,
            DominantEmotion = speech
                .Where(segment => segment.Emotion is not null)
                .GroupBy(segment => segment.Emotion!, StringComparer.Ordinal)
                .OrderByDescending(group => group.Sum(segment => segment.EndSeconds - segment.StartSeconds))
                .ThenBy(group => group.Key, StringComparer.Ordinal)
                .FirstOrDefault()?.Key,
            EnhancerModel = entities.FirstOrDefault()?.GetString(nameof(RecordingRow.EnhancerModel)),
            SnrLevelModel = entities.FirstOrDefault()?.GetString(nameof(RecordingRow.SnrLevelModel)),
            EmotionModel = recognized?.GetString(nameof(RecordingRow.EmotionModel)),
            ModelQuality = recognized?.GetString(nameof(RecordingRow.ModelQuality)),
        };
    }

    [LoggerMessage(3301, LogLevel.Information, "{RecordingId} is {Status}: {Segments} segments, {SpeechSegments} with speech")]
    private partial void LogEnded(string recordingId, RecordingStatus status, int segments, int speechSegments);
}
