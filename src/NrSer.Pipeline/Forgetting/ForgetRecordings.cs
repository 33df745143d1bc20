using System.Collections.Concurrent;
using NrSer.Pipeline.Results.Tables;
using NrSer.Pipeline.Storage;

namespace NrSer.Pipeline.Forgetting;

/// <summary>Forgets recordings, proves it, and looks again until nothing can have come back.</summary>
/// <remarks>
/// First a request, which leads to everything even after a death; then the tombstone, which every stage finds where it reads the recording's row
/// anyway; then everything else. Whoever looked before the tombstone and writes after the deletion looks again after writing, and takes back what it
/// wrote. So the proof is provisional: what is at work is looked for again after the longest lock and the longest work, and after a day.
/// </remarks>
/// <param name="requests">What was asked for.</param>
/// <param name="podcasts">Deletes podcasts.</param>
/// <param name="erasure">Deletes what is kept of recordings.</param>
/// <param name="proofs">Says so.</param>
/// <param name="again">Looks again.</param>
/// <param name="lease">Keeps a second host from it.</param>
public sealed class ForgetRecordings(
    ForgetRequests requests, ForgetFeed podcasts, ForgottenErasure erasure, ForgetProofs proofs, LookAgain again, BlobLease lease)
{
    internal const string Lease = "Forget"; // whoever looks again holds it, too

    private const int MostAtOnce = 10_000; // in a proof: their ids are held

    /// <summary>Forgets what was asked for.</summary>
    /// <param name="cancellationToken">Stops between recordings; whoever comes next goes on.</param>
    /// <returns>The proofs that were written, none where nothing was asked for; null when another host is at it.</returns>
    /// <exception cref="ForgetException">Some cannot be deleted, as where a policy holds them; the others were forgotten.</exception>
    public async Task<IReadOnlyList<(ProofV1 Proof, ProofHead Head)>?> RunAsync(CancellationToken cancellationToken)
    {
        var written = new List<(ProofV1, ProofHead)>();
        var held = new ConcurrentDictionary<RecordingId, string>();
        bool done = await lease.RunAloneAsync(Lease, async token =>
        {
            while (true)
            {
                var whole = new List<ForgetFeedRequest>();
                await foreach (ForgetFeedRequest feed in requests.FeedsAsync(token).ConfigureAwait(false))
                {
                    if (await proofs.IsProvedAsync(feed, token).ConfigureAwait(false))
                        continue;
                    IReadOnlyList<ForgetRequest> own = await podcasts.RecordingsAsync(feed, token).ConfigureAwait(false);
                    if (own.Any(recording => held.ContainsKey(recording.Id)))
                        continue; // a podcast goes when all its recordings can: it is tried again
                    await requests.RequestAsync(own, token).ConfigureAwait(false);
                    whole.Add(feed);
                }

                List<ForgetRequest> open = await requests.RecordingsAsync(token).Where(request => !held.ContainsKey(request.Id)).Take(MostAtOnce)
                    .ToListAsync(token).ConfigureAwait(false);
                if (open.Count + whole.Count == 0)
                    break;
                if (await ForgetAsync(open, open.Count < MostAtOnce ? whole : [], held, token).ConfigureAwait(false) is { } link)
                    written.Add(link);
            }
        }, cancellationToken).ConfigureAwait(false);
        return !held.IsEmpty ? throw new ForgetException(held.Count, held.MinBy(pair => pair.Key.Value)) : done ? written : null;
    }

    /// <summary>Goes on with what somebody began, and looks again for what was forgotten, if it is time.</summary>
    /// <param name="cancellationToken">Stops between recordings.</param>
    public async Task SweepAsync(CancellationToken cancellationToken)
    {
        if (!again.IsTime())
            return;
        if (await requests.AnyAsync(cancellationToken).ConfigureAwait(false))
            await RunAsync(cancellationToken).ConfigureAwait(false);
        await again.RunAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task<(ProofV1 Proof, ProofHead Head)?> ForgetAsync(
        List<ForgetRequest> asked, List<ForgetFeedRequest> whole, ConcurrentDictionary<RecordingId, string> held,
        CancellationToken cancellationToken)
    {
        await requests.BuryAsync(asked, cancellationToken).ConfigureAwait(false); // whoever asked may have died
        RemovedV1 removed = await erasure.RunAsync(asked, held, cancellationToken).ConfigureAwait(false);
        List<ForgetRequest> open = asked.FindAll(request => !held.ContainsKey(request.Id));
        var gone = new List<ForgetFeedRequest>();
        foreach (ForgetFeedRequest feed in whole)
        {
            if (await podcasts.RunAsync(feed, cancellationToken).ConfigureAwait(false) is not { } known)
                continue;
            removed += known;
            gone.Add(feed);
        }

        return open.Count + gone.Count == 0 ? null : await proofs.ProveAsync(open, gone, removed, cancellationToken).ConfigureAwait(false);
    }
}
