using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;

namespace NrSer.Pipeline.Lake;

/// <summary>The rows of recordings, as the lake takes them in: those that have ended, but what was forgotten.</summary>
/// <param name="query">All rows.</param>
/// <param name="forgotten">What must not be in the lake any more.</param>
public sealed class LakeSource(RecordingStore query, ForgottenStore forgotten)
{
    private const int LookUpsAtOnce = 8;

    /// <summary>Whether a recording belongs into the lake.</summary>
    /// <param name="recording">Its row.</param>
    public static bool HasEnded(Recording recording) => !recording.Status.IsOpen() && recording.Status != RecordingStatus.Forgotten;

    /// <summary>Rows of a month, by day of upload.</summary>
    /// <param name="month"><c>yyyy-MM</c>; null for all.</param>
    /// <param name="cancellationToken">Stops between pages.</param>
    public IAsyncEnumerable<Recording> ListAsync(string? month, CancellationToken cancellationToken)
    {
        (DateOnly from, DateOnly to) = LakeMonths.Range(month);
        return query.ListAsync(new RecordingFilter(from, to), cancellationToken);
    }

    /// <summary>Rows in the order of their ids, null where there is none.</summary>
    /// <param name="ids">Which.</param>
    /// <param name="cancellationToken">Stops between requests.</param>
    public async Task<Recording?[]> FindAsync(IReadOnlyList<RecordingId> ids, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(ids);
        var rows = new Recording?[ids.Count];
        await Parallel.ForEachAsync(
            Enumerable.Range(0, ids.Count), new ParallelOptions { MaxDegreeOfParallelism = LookUpsAtOnce, CancellationToken = cancellationToken },
            async (index, token) => rows[index] = await query.FindAsync(ids[index], token).ConfigureAwait(false)).ConfigureAwait(false);
        return rows;
    }

    /// <summary>What was forgotten of recordings since their rows were read: its rows have just been written again.</summary>
    /// <param name="written">As they were read.</param>
    /// <param name="cancellationToken">Stops between pages.</param>
    public async Task<RecordingId[]> ForgottenOfAsync(IReadOnlyCollection<Recording> written, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(written);
        if (written.Count == 0)
            return [];
        IReadOnlySet<RecordingId> recent = await forgotten.RecentAsync(cancellationToken).ConfigureAwait(false);
        return [.. written.Select(recording => recording.Id).Where(recent.Contains)];
    }
}
