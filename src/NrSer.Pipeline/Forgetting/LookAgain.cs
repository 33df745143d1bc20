using NrSer.Pipeline.Results.Tables;
using NrSer.Pipeline.Storage;

namespace NrSer.Pipeline.Forgetting;

/// <summary>Looks for what was forgotten until nothing can have come back, and proves it.</summary>
/// <param name="watch">What it is time to look for.</param>
/// <param name="requests">Takes note of recordings that came back with a podcast.</param>
/// <param name="podcasts">Deletes what came back of podcasts.</param>
/// <param name="erasure">Deletes what came back of recordings.</param>
/// <param name="proofs">Says so.</param>
/// <param name="lease">Keeps a second host from it.</param>
public sealed class LookAgain(
    ForgottenWatch watch, ForgetRequests requests, ForgetFeed podcasts, ForgottenErasure erasure, ForgetProofs proofs, BlobLease lease)
{
    private const int MostAtOnce = 10_000; // in a proof: their ids are held

    /// <inheritdoc cref="ForgottenWatch.IsTime"/>
    public bool IsTime() => watch.IsTime();

    /// <summary>Looks again for what was forgotten, as far as it is time.</summary>
    /// <param name="cancellationToken">Stops between recordings.</param>
    /// <returns>The proofs that were written.</returns>
    public async Task<IReadOnlyList<ProofV1>> RunAsync(CancellationToken cancellationToken)
    {
        var written = new List<ProofV1>();
        if (!await watch.RecordingsAsync(cancellationToken).AnyAsync(cancellationToken).ConfigureAwait(false)
            && !await watch.FeedsAsync(cancellationToken).AnyAsync(cancellationToken).ConfigureAwait(false))
            return written;
        await lease.RunAloneAsync(ForgetRecordings.Lease, async token =>
        {
            List<WatchedRecording> due = await watch.RecordingsAsync(token).Take(MostAtOnce).ToListAsync(token).ConfigureAwait(false);
            List<WatchedFeed> whole = await watch.FeedsAsync(token).ToListAsync(token).ConfigureAwait(false);
            foreach (bool isLast in due.Select(recording => recording.IsLast).Concat(whole.Select(feed => feed.IsLast)).Distinct().ToArray())
            {
                written.Add(await RunAsync(
                    due.FindAll(recording => recording.IsLast == isLast), whole.FindAll(feed => feed.IsLast == isLast), isLast, token)
                    .ConfigureAwait(false));
            }
        }, cancellationToken).ConfigureAwait(false);
        return written;
    }

    private async Task<ProofV1> RunAsync(
        List<WatchedRecording> due, List<WatchedFeed> whole, bool isLast, CancellationToken cancellationToken)
    {
        int late = 0;
        foreach (WatchedFeed feed in whole)
        {
            await requests.RequestAsync(await podcasts.LateRecordingsAsync(feed.FeedId, cancellationToken).ConfigureAwait(false), cancellationToken)
                .ConfigureAwait(false);
            late += await podcasts.DeleteLateAsync(feed.FeedId, cancellationToken).ConfigureAwait(false);
        }

        RemovedV1 removed = await erasure.AgainAsync(due, cancellationToken).ConfigureAwait(false) with { Episodes = late };
        bool isFinal = isLast && removed.Total == 0; // what had come back was brought by somebody: look once more
        ProofV1 proof = await proofs.ProveAgainAsync(due, whole, removed, isFinal, cancellationToken).ConfigureAwait(false);
        if (isFinal)
            await watch.EndAsync(due, whole, cancellationToken).ConfigureAwait(false);
        else
            await watch.GoOnAsync(due, whole, removed.Total > 0 ? proof.At : null, cancellationToken).ConfigureAwait(false);
        return proof;
    }
}
