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

        List<ChunkRow> chunks = await ChunksAsync(id, cancellationToken).ConfigureAwait(false);
        if (chunks.Count(chunk => chunk.FinishedAt is not null || chunk.IsFailed(generation)) < expected)
            return;

        (RecordingRow summary, RecordingStatus status) = await WriteAsync(id, recording, generation, chunks, cancellationToken).ConfigureAwait(false);
        if (await tables.AdvanceAsync(id, generation, status, summary, cancellationToken).ConfigureAwait(false))
        {
            if (status == RecordingStatus.Failed)
                PipelineTelemetry.CountFailure(RecordingStatus.Failed, "chunks");
            LogEnded(id.Value, status, summary.SegmentCount ?? 0, summary.SpeechSegmentCount ?? 0);
            return;
        }

        // A retry overtook this run. Should it have ended already, its files were just overwritten with older ones: write them once more.
        recording = await tables.FindRecordingAsync(id, cancellationToken).ConfigureAwait(false);
        if (recording is { Generation: { } newer, Status: nameof(RecordingStatus.Completed) or nameof(RecordingStatus.Failed) } && newer > generation)
            await WriteAsync(id, recording, newer, await ChunksAsync(id, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
    }

    private async Task<List<ChunkRow>> ChunksAsync(RecordingId id, CancellationToken cancellationToken)
    {
        var chunks = new List<ChunkRow>();
        await foreach (ChunkRow chunk in tables.ChunksAsync(id, cancellationToken).ConfigureAwait(false))
            chunks.Add(chunk);
        return chunks;
    }

    /// <summary>Writes Parquet and receipt, and says what belongs into the recording's row.</summary>
    private async Task<(RecordingRow Summary, RecordingStatus Status)> WriteAsync(
        RecordingId id, RecordingRow recording, int generation, List<ChunkRow> chunks, CancellationToken cancellationToken)
    {
        var segments = new List<TableEntity>();
        await foreach (TableEntity segment in tables.SegmentsAsync(id, cancellationToken).ConfigureAwait(false))
            segments.Add(segment);
        RecordingRow summary = Summarize(chunks, segments, generation);
        RecordingStatus status = summary.Reason!.Length == 0 ? RecordingStatus.Completed : RecordingStatus.Failed;
        string parquet = await results.WriteSegmentsAsync(id, segments, cancellationToken).ConfigureAwait(false);
        await results.WriteReceiptAsync(id, recording, summary, status, parquet, cancellationToken).ConfigureAwait(false);
        return (summary, status);
    }

    private static RecordingRow Summarize(List<ChunkRow> chunks, List<TableEntity> entities, int generation)
    {
        SegmentRow[] segments = [.. entities.Select(SegmentRow.From)];
        SegmentRow[] speech = [.. segments.Where(segment => segment.IsSpeech)];
        double speechSeconds = speech.Sum(segment => segment.EndSeconds - segment.StartSeconds);
        ChunkRow[] failed = [.. chunks.Where(chunk => chunk.IsFailed(generation))];
        string? First(string column) => entities.FirstOrDefault(entity => entity.ContainsKey(column))?.GetString(column);
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
            EnhancerModel = First(nameof(RecordingRow.EnhancerModel)),
            SnrLevelModel = First(nameof(RecordingRow.SnrLevelModel)),
            EmotionModel = First(nameof(RecordingRow.EmotionModel)),
            ModelQuality = First(nameof(RecordingRow.ModelQuality)),
        };
    }

    [LoggerMessage(3301, LogLevel.Information, "{RecordingId} is {Status}: {Segments} segments, {SpeechSegments} with speech")]
    private partial void LogEnded(string recordingId, RecordingStatus status, int segments, int speechSegments);
}
