using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;

namespace NrSer.Pipeline.Lake;

/// <summary>Makes few large Parquet files of many small ones. What it costs grows with what has ended since, and with the part that is
/// open.</summary>
/// <remarks>
/// One host at a time. Killed anywhere, the next run goes on: marks are taken away when the rows are where they belong, and writing the same
/// rows again changes nothing.
/// </remarks>
/// <param name="turn">Keeps a second host from it.</param>
/// <param name="markers">What has ended since.</param>
/// <param name="source">What is taken in.</param>
/// <param name="options">When it is time.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">The log.</param>
public sealed partial class LakeCompactor(
    LakeTurn turn, LakeMarkers markers, LakeSource source, IOptions<LakeOptions> options, TimeProvider time, ILogger<LakeCompactor> logger)
{
    private const int BatchRecordings = 2000; // a part's worth at some 500 segments each

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
    public Task<int?> CompactAsync(CancellationToken cancellationToken) => turn.RunAsync(async (open, token) =>
    {
        int taken = 0;
        IAsyncEnumerable<LakeMarker[]> batches = markers.ListAsync(token).Chunk(BatchRecordings);
        await foreach (LakeMarker[] batch in batches.ConfigureAwait(false))
        {
            foreach (IGrouping<string, LakeMarker> month in batch.GroupBy(marker => LakePart.MonthOf(marker.Id), StringComparer.Ordinal))
                taken += await CompactMonthAsync(open, month.Key, [.. month], token).ConfigureAwait(false);
        }

        return taken;
    }, cancellationToken);

    private async Task<int> CompactMonthAsync(
        Func<string, Task<LakeWriter>> open, string month, LakeMarker[] marked, CancellationToken cancellationToken)
    {
        Recording?[] found = await source.FindAsync([.. marked.Select(marker => marker.Id)], cancellationToken).ConfigureAwait(false);
        Recording[] standing = [.. found.OfType<Recording>()];
        Recording[] ended = [.. standing.Where(LakeSource.HasEnded)];
        RecordingId[] gone = [.. standing.Where(row => row.Status == RecordingStatus.Forgotten).Select(row => row.Id)];
        if (ended.Length + gone.Length == 0)
            return 0; // about to end, or being retried: their marks stay until they have
        LakeWriter writer = await open(month).ConfigureAwait(false);
        foreach (IGrouping<int, Recording> part in writer.Place(ended))
        {
            Recording[] recordings = [.. part];
            await writer.PutAsync(part.Key, recordings, cancellationToken).ConfigureAwait(false);
            LogWritten(month, part.Key, recordings.Length);
        }

        await writer.RemoveAsync(
            [.. gone, .. await source.ForgottenOfAsync(ended, cancellationToken).ConfigureAwait(false)], cancellationToken).ConfigureAwait(false);
        var taken = ended.Select(recording => recording.Id).Concat(gone).ToHashSet();
        await markers.SettleAsync(marked.Where(marker => taken.Contains(marker.Id)), cancellationToken).ConfigureAwait(false);
        return taken.Count;
    }

    [LoggerMessage(3701, LogLevel.Information, "Wrote {Recordings} recordings into part {Part} of {Month}")]
    private partial void LogWritten(string month, int part, int recordings);
}
