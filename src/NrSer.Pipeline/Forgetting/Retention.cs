using Azure.Storage.Blobs;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using NrSer.Pipeline.Lake;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;
using NrSer.Pipeline.Storage;
using NrSer.Pipeline.Work;

namespace NrSer.Pipeline.Forgetting;

/// <summary>Deletes what has been kept for as long as was said. A setting's first run only reports.</summary>
/// <remarks>
/// Once a day, and only the days of upload that have become old enough since, so that it costs what it deletes; once a month all of them, for what a
/// retry wrote late. No proof is written: nobody asked for a recording to be forgotten.
/// </remarks>
/// <param name="recordings">Rows: they lead to everything.</param>
/// <param name="state">How far it has come.</param>
/// <param name="uploads">Deletes uploads.</param>
/// <param name="erasure">Deletes audio between stages.</param>
/// <param name="rows">Deletes rows.</param>
/// <param name="index">Names.</param>
/// <param name="storage">Results.</param>
/// <param name="lake">Deletes rows of the lake.</param>
/// <param name="options">How long.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">The log.</param>
public sealed partial class Retention(
    RecordingStore recordings, RetentionState state, UploadErasure uploads, RecordingErasure erasure, ErasedRows rows, UploadIndex index,
    BlobStorage storage, LakeCompactor lake, IOptions<RetentionOptions> options, TimeProvider time, ILogger<Retention> logger)
{
    private const int BatchRecordings = 1000; // whose parts of the lake are written once
    private const int AtOnce = 4;

    private static readonly TimeSpan s_interval = TimeSpan.FromDays(1);
    private static readonly TimeSpan s_again = TimeSpan.FromMinutes(10); // after a failure
    private static readonly TimeSpan s_startOver = TimeSpan.FromDays(30);

    private readonly BlobContainerClient _results = storage.Container(StorageNames.Results);
    private DateTimeOffset _due = DateTimeOffset.MinValue;

    /// <summary>Does what is due, once a day.</summary>
    /// <param name="cancellationToken">Stops between recordings; the next run goes on.</param>
    public async Task SweepAsync(CancellationToken cancellationToken)
    {
        DateTimeOffset now = time.GetUtcNow();
        if (now < _due)
            return;
        _due = now + s_again;
        foreach ((RetentionStore store, TimeSpan period) in options.Value.Periods)
        {
            RetentionMark? mark = await state.FindAsync(store.ToString(), cancellationToken).ConfigureAwait(false);
            if (mark?.Period == period && now - mark.RanAt < s_interval)
                continue; // another process, or the one before this
            await RunAsync(store, period, mark, isDry: false, cancellationToken).ConfigureAwait(false);
        }

        _due = now + s_interval;
    }

    /// <summary>Applies every setting, or reports what applying it would delete.</summary>
    /// <param name="isDry">Whether only to report; a setting that was never reported is only reported anyway.</param>
    /// <param name="cancellationToken">Stops between recordings.</param>
    public async Task<IReadOnlyList<RetentionReport>> RunAsync(bool isDry, CancellationToken cancellationToken)
    {
        var reports = new List<RetentionReport>();
        foreach ((RetentionStore store, TimeSpan period) in options.Value.Periods)
        {
            RetentionMark? mark = await state.FindAsync(store.ToString(), cancellationToken).ConfigureAwait(false);
            reports.Add(await RunAsync(store, period, mark, isDry, cancellationToken).ConfigureAwait(false));
        }

        return reports;
    }

    private async Task<RetentionReport> RunAsync(
        RetentionStore store, TimeSpan period, RetentionMark? mark, bool isDry, CancellationToken cancellationToken)
    {
        DateTimeOffset now = time.GetUtcNow();
        DateOnly last = DateOnly.FromDateTime((now - period).UtcDateTime).AddDays(-1); // all of that day is old enough
        bool isFirst = mark?.Period != period;
        bool startsOver = mark is null || now - mark.StartedOverAt >= s_startOver;
        DateOnly from = isFirst || startsOver || mark!.Through == DateOnly.MinValue ? DateOnly.MinValue : mark.Through.AddDays(1);
        bool isApplied = !isDry && !isFirst;
        long count = 0;
        DateOnly through = last;
        if (from <= last)
        {
            IAsyncEnumerable<Recording> old = recordings.ListAsync(new RecordingFilter(from, last), cancellationToken);
            await foreach (Recording[] batch in old.Chunk(BatchRecordings).ConfigureAwait(false))
            {
                Recording[] ended = [.. batch.Where(recording => !recording.Status.IsOpen())];
                if (batch.FirstOrDefault(recording => recording.Status.IsOpen()) is { } open && DayOf(open) <= through)
                    through = DayOf(open).AddDays(-1); // once it has ended
                count += ended.Length;
                if (isApplied)
                    await DeleteAsync(store, ended, cancellationToken).ConfigureAwait(false);
            }
        }

        if (!isDry)
        {
            DateOnly done = isApplied ? through : mark?.Period == period ? mark.Through : DateOnly.MinValue;
            await state.WriteAsync(
                new RetentionMark(store.ToString(), period, done, now, isApplied && startsOver ? now : mark?.StartedOverAt ?? default),
                cancellationToken).ConfigureAwait(false);
            if (isApplied)
                LogApplied(store, count, last);
            else
                LogReported(store, count, last);
        }

        return new RetentionReport(store, period, last, count, isApplied);
    }

    private async Task DeleteAsync(RetentionStore store, Recording[] old, CancellationToken cancellationToken)
    {
        if (store == RetentionStore.Lake)
        {
            if (await lake.RemoveAsync([.. old.Select(recording => recording.Id)], cancellationToken).ConfigureAwait(false) is null)
                throw new ServiceUnavailableException("The lake is being compacted by another host; retention goes on with the next sweep.");
            return;
        }

        var several = new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(old, several, async (recording, token) => await DeleteAsync(store, recording, token).ConfigureAwait(false))
            .ConfigureAwait(false);
    }

    private async Task DeleteAsync(RetentionStore store, Recording recording, CancellationToken cancellationToken)
    {
        RecordingId id = recording.Id;
        switch (store)
        {
            case RetentionStore.Uploads:
                await uploads.RunAsync(ForgetRequest.Of(recording), cancellationToken).ConfigureAwait(false);
                break;
            case RetentionStore.WorkAudio:
                await erasure.AudioAsync(id, cancellationToken).ConfigureAwait(false);
                await recordings.ForgetAudioAsync(id, cancellationToken).ConfigureAwait(false);
                break;
            case RetentionStore.Results:
                await BlobPurge.DeleteAsync(_results, $"{id}/", blob => blob.Name != ResultBlobs.ReceiptName(id), cancellationToken)
                    .ConfigureAwait(false);
                await BlobPurge.DeleteAsync(_results, ResultBlobs.SegmentsName(id), isMeant: null, cancellationToken).ConfigureAwait(false);
                break;
            case RetentionStore.Receipts:
                await BlobPurge.DeleteAsync(_results, ResultBlobs.ReceiptName(id), isMeant: null, cancellationToken).ConfigureAwait(false);
                break;
            case RetentionStore.Rows:
                await rows.DeleteAsync(id, cancellationToken).ConfigureAwait(false);
                if (recording.BlobName is { } name)
                    await index.RemoveAsync(UploadIndex.KeyTextOf(name), id, cancellationToken).ConfigureAwait(false);
                await rows.DeleteRowAsync(recording, cancellationToken).ConfigureAwait(false); // last: it leads to the others
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(store), store, "The lake is dealt with in one go.");
        }
    }

    private static DateOnly DayOf(Recording recording) =>
        DateOnly.ParseExact(recording.Id.Day, "yyyyMMdd", System.Globalization.CultureInfo.InvariantCulture);

    [LoggerMessage(5201, LogLevel.Information, "Retention of {Store}: dealt with {Recordings} recordings uploaded until {Day}")]
    private partial void LogApplied(RetentionStore store, long recordings, DateOnly day);

    [LoggerMessage(5202, LogLevel.Warning,
        "Retention of {Store} was set or changed: the next run will delete that of {Recordings} recordings uploaded until {Day}")]
    private partial void LogReported(RetentionStore store, long recordings, DateOnly day);
}

/// <summary>What retention did for a store, or would do.</summary>
/// <param name="Store">The store.</param>
/// <param name="Period">How long it keeps.</param>
/// <param name="Through">The last day of upload that is old enough.</param>
/// <param name="Recordings">Recordings whose part of the store goes; of some it may have gone before.</param>
/// <param name="IsApplied">Whether it was deleted, and not only reported.</param>
public sealed record RetentionReport(RetentionStore Store, TimeSpan Period, DateOnly Through, long Recordings, bool IsApplied);
