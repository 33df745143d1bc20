using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;

namespace NrSer.Pipeline.Lake;

/// <summary>Makes the lake anew of the journal: after a change of what it holds, or when it is in doubt.</summary>
/// <param name="turn">Keeps a second host from it.</param>
/// <param name="blobs">The lake.</param>
/// <param name="source">What it is made of.</param>
/// <param name="markers">Notes what was never taken in.</param>
/// <param name="retention">What was taken out of the lake on purpose.</param>
/// <param name="compactor">Takes in what was noted.</param>
public sealed class LakeRebuild(
    LakeTurn turn, LakeBlobs blobs, LakeSource source, LakeMarkers markers, LakeRetention retention, LakeCompactor compactor)
{
    /// <summary>Writes every part of the lake anew from the journal, and takes in what was never marked, but what retention took out. Recordings
    /// stay in their parts, so whoever reads meanwhile sees nothing twice.</summary>
    /// <param name="month">One month, <c>yyyy-MM</c>; null for all.</param>
    /// <param name="cancellationToken">Stops between parts.</param>
    /// <returns>How many recordings; null when another host is at it.</returns>
    public async Task<int?> RunAsync(string? month, CancellationToken cancellationToken)
    {
        var known = new HashSet<string>(StringComparer.Ordinal);
        int? rewritten = await turn.RunAsync(async (open, token) =>
        {
            int count = 0;
            string[] months = await blobs.ListAsync(month, token).Select(part => part.Month).Distinct(StringComparer.Ordinal).ToArrayAsync(token)
                .ConfigureAwait(false);
            foreach (string each in months)
            {
                LakeWriter writer = await open(each).ConfigureAwait(false);
                foreach (int number in writer.Numbers)
                    count += await RebuildPartAsync(writer, number, known, token).ConfigureAwait(false);
            }

            return count;
        }, cancellationToken).ConfigureAwait(false);
        if (rewritten is null)
            return null;
        Predicate<Recording> isTakenOut = await retention.FindAsync(cancellationToken).ConfigureAwait(false);
        await foreach (Recording recording in source.ListAsync(month, cancellationToken).ConfigureAwait(false))
        {
            if (!recording.Status.IsOpen() && !known.Contains(recording.Id.Value) && !isTakenOut(recording))
                await markers.MarkAsync(recording.Id, cancellationToken).ConfigureAwait(false);
        }

        return rewritten + await compactor.CompactAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task<int> RebuildPartAsync(LakeWriter writer, int number, HashSet<string> known, CancellationToken cancellationToken)
    {
        List<RecordingId> ids = writer.RecordingsOf(number);
        Recording?[] standing = await source.FindAsync(ids, cancellationToken).ConfigureAwait(false);
        RecordingId[] gone =
            [.. ids.Zip(standing).Where(pair => pair.Second is null or { Status: RecordingStatus.Forgotten }).Select(pair => pair.First)];
        if (gone.Length > 0)
            await writer.RemoveAsync(number, gone, cancellationToken).ConfigureAwait(false);
        Recording[] ended = [.. standing.OfType<Recording>().Where(LakeSource.HasEnded)];
        await writer.PutAsync(number, ended, cancellationToken).ConfigureAwait(false);
        await writer.RemoveAsync(await source.ForgottenOfAsync(ended, cancellationToken).ConfigureAwait(false), cancellationToken)
            .ConfigureAwait(false);
        known.UnionWith(ids.Select(id => id.Value));
        return ended.Length;
    }
}
