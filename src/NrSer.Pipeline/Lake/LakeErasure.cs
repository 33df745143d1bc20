using NrSer.Pipeline.Work;

namespace NrSer.Pipeline.Lake;

/// <summary>Takes out of the lake what was forgotten, or kept for long enough.</summary>
/// <param name="turn">Keeps a second host from it.</param>
/// <param name="blobs">The lake.</param>
/// <param name="parts">Has room to work.</param>
/// <param name="documents">What stands beside the parts.</param>
/// <param name="time">The clock.</param>
public sealed class LakeErasure(LakeTurn turn, LakeBlobs blobs, LakeParts parts, LakeDocuments documents, TimeProvider time)
{
    private const int Tries = 30;

    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(3); // a killed compaction holds its lease for a minute

    /// <summary>Takes recordings out of the lake, whatever else is known of them; each part is written once.</summary>
    /// <param name="recordings">Any; what the lake does not have is no error.</param>
    /// <param name="cancellationToken">Stops between parts; call it again then.</param>
    /// <returns>How many were there; null when another host is at it: call it again.</returns>
    public Task<int?> RemoveAsync(IReadOnlyCollection<RecordingId> recordings, CancellationToken cancellationToken) =>
        turn.RunAsync(async (open, token) =>
        {
            int removed = 0;
            foreach (IGrouping<string, RecordingId> month in recordings.GroupBy(LakePart.MonthOf, StringComparer.Ordinal))
            {
                if (!await blobs.ListAsync(month.Key, token).AnyAsync(token).ConfigureAwait(false))
                    continue;
                LakeWriter writer = await open(month.Key).ConfigureAwait(false);
                removed += await writer.RemoveAsync([.. month], token).ConfigureAwait(false);
                await blobs.DeleteOldAsync(month.Key, token).ConfigureAwait(false); // a killed run may have come no further than to here
            }

            return removed;
        }, cancellationToken);

    /// <summary>Takes recordings out of the lake like <see cref="RemoveAsync(IReadOnlyCollection{RecordingId}, CancellationToken)"/>, and waits while
    /// another host is at it.</summary>
    /// <param name="recordings">Any; what the lake does not have is no error.</param>
    /// <param name="cancellationToken">Stops between parts; call it again then.</param>
    /// <returns>How many were there.</returns>
    /// <exception cref="ServiceUnavailableException">Another host has been at it for minutes.</exception>
    public async Task<int> RemoveWhenFreeAsync(IEnumerable<RecordingId> recordings, CancellationToken cancellationToken)
    {
        RecordingId[] all = [.. recordings];
        for (int look = 0; look < Tries; look++)
        {
            if (await RemoveAsync(all, cancellationToken).ConfigureAwait(false) is { } removed)
                return removed;
            await Task.Delay(s_pause, time, cancellationToken).ConfigureAwait(false);
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
        using LakeWorkspace workspace = parts.OpenWorkspace();
        await documents.WriteFeedsAsync(workspace, cancellationToken).ConfigureAwait(false);
        await blobs.DeleteOldAsync(month: null, cancellationToken).ConfigureAwait(false);
    }
}
