using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;
using NrSer.Pipeline.Storage;
using NrSer.Pipeline.Work;

namespace NrSer.Pipeline.Lake;

/// <summary>Makes few large Parquet files of many small ones. What it costs grows with what has ended since, and with the part that is
/// open.</summary>
/// <remarks>
/// One host at a time. Killed anywhere, the next run goes on: marks are taken away when the rows are where they belong, and writing the same
/// rows again changes nothing.
/// </remarks>
/// <param name="blobs">The lake.</param>
/// <param name="query">Recording rows.</param>
/// <param name="markers">What has ended since.</param>
/// <param name="podcasts">Episodes that recordings are.</param>
/// <param name="forgotten">What must not be there any more.</param>
/// <param name="retention">What was taken out of the lake on purpose.</param>
/// <param name="documents">What stands beside the parts.</param>
/// <param name="lease">Keeps a second host from it.</param>
/// <param name="options">Sizes.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">The log.</param>
public sealed partial class LakeCompactor(
    LakeBlobs blobs, RecordingStore query, LakeMarkers markers, PodcastStore podcasts, ForgottenStore forgotten, LakeRetention retention,
    LakeDocuments documents, BlobLease lease, IOptions<LakeOptions> options, TimeProvider time, ILogger<LakeCompactor> logger)
{
    private const int BatchRecordings = 2000; // a part's worth at some 500 segments each
    private const int LookUpsAtOnce = 8;
    private const string Lease = "Lake";
    private const int RemoveTries = 30;

    private static readonly TimeSpan s_removePause = TimeSpan.FromSeconds(3); // a killed compaction holds its lease for a minute

    /// <summary>Compacts if enough waits, or something has waited long enough.</summary>
    /// <param name="cancellationToken">Stops between parts.</param>
    public async Task RunIfDueAsync(CancellationToken cancellationToken)
    {
        int waiting = 0;
        DateTimeOffset due = time.GetUtcNow() - options.Value.CompactAfter;
        await foreach (LakeMarker marker in markers.ListAsync(cancellationToken).ConfigureAwait(false))
        {
            waiting++;
            if (waiting < options.Value.CompactAt && marker.MarkedAt > due)
                continue;
            await CompactAsync(cancellationToken).ConfigureAwait(false);
            return;
        }
    }

    /// <summary>Takes in everything that has ended since the last time.</summary>
    /// <param name="cancellationToken">Stops between parts.</param>
    /// <returns>How many recordings; null when another host is at it.</returns>
    public Task<int?> CompactAsync(CancellationToken cancellationToken) => AloneAsync(async (workspace, token) =>
    {
        int taken = 0;
        IAsyncEnumerable<LakeMarker[]> batches = markers.ListAsync(token).Chunk(BatchRecordings);
        await foreach (LakeMarker[] batch in batches.ConfigureAwait(false))
        {
            foreach (IGrouping<string, LakeMarker> month in batch.GroupBy(marker => LakePart.MonthOf(marker.Id), StringComparer.Ordinal))
                taken += await CompactMonthAsync(workspace, month.Key, [.. month], token).ConfigureAwait(false);
        }

        return taken;
    }, cancellationToken);

    /// <summary>Writes every part of the lake anew from the journal, and takes in what was never marked, but what retention took out. Recordings
    /// stay in their parts, so whoever reads meanwhile sees nothing twice.</summary>
    /// <param name="month">One month, <c>yyyy-MM</c>; null for all.</param>
    /// <param name="cancellationToken">Stops between parts.</param>
    /// <returns>How many recordings; null when another host is at it.</returns>
    public async Task<int?> RebuildAsync(string? month, CancellationToken cancellationToken)
    {
        var known = new HashSet<string>(StringComparer.Ordinal);
        int? rewritten = await AloneAsync(async (workspace, token) =>
        {
            int count = 0;
            string[] months = await blobs.ListAsync(month, token).Select(part => part.Month).Distinct(StringComparer.Ordinal).ToArrayAsync(token)
                .ConfigureAwait(false);
            foreach (string each in months)
            {
                LakeWriter writer = await OpenAsync(workspace, each, token).ConfigureAwait(false);
                foreach (int number in writer.Numbers)
                    count += await RebuildPartAsync(writer, number, known, token).ConfigureAwait(false);
            }

            return count;
        }, cancellationToken).ConfigureAwait(false);
        if (rewritten is null)
            return null;
        (DateOnly from, DateOnly to) = LakeMonths.Range(month);
        Predicate<Recording> isTakenOut = await retention.FindAsync(cancellationToken).ConfigureAwait(false);
        await foreach (Recording recording in query.ListAsync(new RecordingFilter(from, to), cancellationToken).ConfigureAwait(false))
        {
            if (!recording.Status.IsOpen() && !known.Contains(recording.Id.Value) && !isTakenOut(recording))
                await markers.MarkAsync(recording.Id, cancellationToken).ConfigureAwait(false);
        }

        return rewritten + await CompactAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Takes recordings out of the lake, whatever else is known of them; each part is written once.</summary>
    /// <param name="recordings">Any; what the lake does not have is no error.</param>
    /// <param name="cancellationToken">Stops between parts; call it again then.</param>
    /// <returns>How many were there; null when another host is at it: call it again.</returns>
    public async Task<int?> RemoveAsync(IReadOnlyCollection<RecordingId> recordings, CancellationToken cancellationToken)
    {
        int removed = 0;
        bool done = await lease.RunAloneAsync(Lease, async token =>
        {
            LakeWorkspace? workspace = null;
            try
            {
                foreach (IGrouping<string, RecordingId> month in recordings.GroupBy(LakePart.MonthOf, StringComparer.Ordinal))
                {
                    if (!await blobs.ListAsync(month.Key, token).AnyAsync(token).ConfigureAwait(false))
                        continue;
                    LakeWriter writer = await OpenAsync(workspace ??= LakeWorkspace.Open(options.Value), month.Key, token).ConfigureAwait(false);
                    removed += await RemoveAsync(writer, [.. month], token).ConfigureAwait(false);
                    await blobs.DeleteOldAsync(month.Key, token).ConfigureAwait(false); // a killed run may have come no further than to here
                }

                if (removed > 0)
                    await documents.WriteAsync(workspace!, token).ConfigureAwait(false);
            }
            finally
            {
                workspace?.Dispose();
            }
        }, cancellationToken).ConfigureAwait(false);
        return done ? removed : null;
    }

    /// <summary>Takes recordings out of the lake like <see cref="RemoveAsync(IReadOnlyCollection{RecordingId}, CancellationToken)"/>, and waits while
    /// another host is at it.</summary>
    /// <param name="recordings">Any; what the lake does not have is no error.</param>
    /// <param name="cancellationToken">Stops between parts; call it again then.</param>
    /// <returns>How many were there.</returns>
    /// <exception cref="ServiceUnavailableException">Another host has been at it for minutes.</exception>
    public async Task<int> RemoveWhenFreeAsync(IEnumerable<RecordingId> recordings, CancellationToken cancellationToken)
    {
        RecordingId[] all = [.. recordings];
        for (int look = 0; look < RemoveTries; look++)
        {
            if (await RemoveAsync(all, cancellationToken).ConfigureAwait(false) is { } removed)
                return removed;
            await Task.Delay(s_removePause, time, cancellationToken).ConfigureAwait(false);
        }

        throw new ServiceUnavailableException(
            "The lake is being compacted by another host, and has been for minutes. What was begun goes on by itself.");
    }

    /// <summary>Says anew which podcasts there are, as when one was forgotten. No other host need wait: whoever writes them looks again.</summary>
    /// <param name="cancellationToken">Stops between requests; call it again then.</param>
    public async Task RewriteFeedsAsync(CancellationToken cancellationToken)
    {
        if (!await blobs.ListAsync(month: null, cancellationToken).AnyAsync(cancellationToken).ConfigureAwait(false))
            return;
        using var workspace = LakeWorkspace.Open(options.Value);
        await documents.WriteFeedsAsync(workspace, cancellationToken).ConfigureAwait(false);
        await blobs.DeleteOldAsync(month: null, cancellationToken).ConfigureAwait(false);
    }

    private async Task<int> CompactMonthAsync(LakeWorkspace workspace, string month, LakeMarker[] marked, CancellationToken cancellationToken)
    {
        Recording?[] found = await RowsAsync([.. marked.Select(marker => marker.Id)], cancellationToken).ConfigureAwait(false);
        Recording[] rows = [.. found.OfType<Recording>()];
        Recording[] ended = [.. rows.Where(HasEnded)];
        RecordingId[] gone = [.. rows.Where(row => row.Status == RecordingStatus.Forgotten).Select(row => row.Id)];
        if (ended.Length + gone.Length == 0)
            return 0; // about to end, or being retried: their marks stay until they have
        LakeWriter writer = await OpenAsync(workspace, month, cancellationToken).ConfigureAwait(false);
        foreach (IGrouping<int, Recording> part in writer.Place(ended))
        {
            Recording[] recordings = [.. part];
            await writer.PutAsync(part.Key, recordings, cancellationToken).ConfigureAwait(false);
            LogWritten(month, part.Key, recordings.Length);
        }

        await RemoveAsync(
            writer, [.. gone, .. await ForgottenOfAsync(ended, cancellationToken).ConfigureAwait(false)], cancellationToken).ConfigureAwait(false);
        var taken = ended.Select(recording => recording.Id).Concat(gone).ToHashSet();
        await markers.SettleAsync(marked.Where(marker => taken.Contains(marker.Id)), cancellationToken).ConfigureAwait(false);
        return taken.Count;
    }

    /// <summary>What was forgotten of recordings since their rows were read: its rows have just been written again.</summary>
    private async Task<RecordingId[]> ForgottenOfAsync(Recording[] written, CancellationToken cancellationToken)
    {
        if (written.Length == 0)
            return [];
        IReadOnlySet<RecordingId> recent = await forgotten.RecentAsync(cancellationToken).ConfigureAwait(false);
        return [.. written.Select(recording => recording.Id).Where(recent.Contains)];
    }

    private static async Task<int> RemoveAsync(LakeWriter writer, RecordingId[] recordings, CancellationToken cancellationToken)
    {
        int removed = 0;
        foreach (int number in recordings.Length == 0 ? [] : writer.Numbers)
        {
            RecordingId[] here = [.. writer.RecordingsOf(number).Intersect(recordings)];
            removed += here.Length;
            if (here.Length > 0)
                await writer.RemoveAsync(number, here, cancellationToken).ConfigureAwait(false);
        }

        return removed;
    }

    private async Task<int> RebuildPartAsync(LakeWriter writer, int number, HashSet<string> known, CancellationToken cancellationToken)
    {
        List<RecordingId> ids = writer.RecordingsOf(number);
        Recording?[] rows = await RowsAsync(ids, cancellationToken).ConfigureAwait(false);
        RecordingId[] gone =
            [.. ids.Zip(rows).Where(pair => pair.Second is null or { Status: RecordingStatus.Forgotten }).Select(pair => pair.First)];
        if (gone.Length > 0)
            await writer.RemoveAsync(number, gone, cancellationToken).ConfigureAwait(false);
        Recording[] ended = [.. rows.OfType<Recording>().Where(HasEnded)];
        await writer.PutAsync(number, ended, cancellationToken).ConfigureAwait(false);
        await RemoveAsync(writer, await ForgottenOfAsync(ended, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
        known.UnionWith(ids.Select(id => id.Value));
        return ended.Length;
    }

    private async Task<LakeWriter> OpenAsync(LakeWorkspace workspace, string month, CancellationToken cancellationToken)
    {
        var writer = new LakeWriter(blobs, podcasts, options.Value, workspace, month);
        await writer.OpenAsync(cancellationToken).ConfigureAwait(false);
        return writer;
    }

    private static bool HasEnded(Recording recording) => !recording.Status.IsOpen() && recording.Status != RecordingStatus.Forgotten;

    /// <summary>Rows in the order of their ids, null where there is none.</summary>
    private async Task<Recording?[]> RowsAsync(List<RecordingId> ids, CancellationToken cancellationToken)
    {
        var rows = new Recording?[ids.Count];
        await Parallel.ForEachAsync(
            Enumerable.Range(0, ids.Count), new ParallelOptions { MaxDegreeOfParallelism = LookUpsAtOnce, CancellationToken = cancellationToken },
            async (index, token) => rows[index] = await query.FindAsync(ids[index], token).ConfigureAwait(false)).ConfigureAwait(false);
        return rows;
    }

    private async Task<int?> AloneAsync(Func<LakeWorkspace, CancellationToken, Task<int>> work, CancellationToken cancellationToken)
    {
        int result = 0;
        bool done = await lease.RunAloneAsync(Lease, async token =>
        {
            using var workspace = LakeWorkspace.Open(options.Value);
            result = await work(workspace, token).ConfigureAwait(false);
            if (result > 0)
                await documents.WriteAsync(workspace, token).ConfigureAwait(false);
        }, cancellationToken).ConfigureAwait(false);
        return done ? result : null;
    }

    [LoggerMessage(3701, LogLevel.Information, "Wrote {Recordings} recordings into part {Part} of {Month}")]
    private partial void LogWritten(string month, int part, int recordings);
}
