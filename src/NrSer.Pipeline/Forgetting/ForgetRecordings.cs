using System.Collections.Concurrent;
using Azure;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using NrSer.Pipeline.Lake;
using NrSer.Pipeline.Results.Tables;
using NrSer.Pipeline.Storage;
using NrSer.Pipeline.Work;

namespace NrSer.Pipeline.Forgetting;

/// <summary>Forgets recordings, proves it, and looks again until nothing can have come back.</summary>
/// <remarks>
/// First a request, which leads to everything even after a death; then the tombstone, which every stage finds where it reads the recording's row
/// anyway; then everything else. Whoever looked before the tombstone and writes after the deletion looks again after writing, and takes back what it
/// wrote. So the proof is provisional: what is at work is looked for again after the longest lock and the longest work, and after a day.
/// </remarks>
/// <param name="store">Requests, tombstones, and what is looked for again.</param>
/// <param name="feeds">The same of podcasts.</param>
/// <param name="erasure">Deletes what is kept of one.</param>
/// <param name="episodes">Deletes episodes.</param>
/// <param name="podcasts">Deletes podcasts.</param>
/// <param name="letters">Deletes what was given up.</param>
/// <param name="lake">Deletes rows of the lake.</param>
/// <param name="refusals">Remembers what is not to come back.</param>
/// <param name="proofs">The chain.</param>
/// <param name="remains">What cannot be deleted.</param>
/// <param name="lease">Keeps a second host from it.</param>
/// <param name="queues">The longest lock and the longest work.</param>
/// <param name="options">When to look again.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">The log.</param>
public sealed partial class ForgetRecordings(
    ForgottenStore store, ForgottenFeedStore feeds, RecordingErasure erasure, EpisodeErasure episodes, ForgetFeed podcasts, LetterErasure letters,
    LakeErasure lake, Refusals refusals, ProofChain proofs, Remains remains, BlobLease lease, IOptions<QueueOptions> queues,
    IOptions<ForgetOptions> options, TimeProvider time, ILogger<ForgetRecordings> logger)
{
    private const int AtOnce = 8; // recordings
    private const int MostAtOnce = 10_000; // in a proof: their ids are held
    private const int Looks = 3; // until nothing is found; more is somebody at work, which the next look is for

    private DateTimeOffset _due = DateTimeOffset.MinValue;

    /// <summary>Takes note of recordings to forget and puts up their tombstones; from then on nothing brings them back.</summary>
    /// <param name="requests">Which.</param>
    /// <param name="cancellationToken">Stops between requests; call it again then.</param>
    public async Task RequestAsync(IReadOnlyCollection<ForgetRequest> requests, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(requests);
        await refusals.RefuseAsync(requests.Where(request => request.IsRefused).Select(request => request.Sha256).OfType<string>(), cancellationToken)
            .ConfigureAwait(false);
        await store.RequestAsync(requests, cancellationToken).ConfigureAwait(false);
        await store.BuryAsync(requests.Select(request => request.Id), time.GetUtcNow(), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Takes note of a podcast to forget, with all its recordings.</summary>
    /// <param name="request">Which.</param>
    /// <param name="cancellationToken">Stops between requests; call it again then.</param>
    public async Task RequestAsync(ForgetFeedRequest request, CancellationToken cancellationToken)
    {
        await feeds.RequestAsync(request, cancellationToken).ConfigureAwait(false);
        await RequestAsync(await podcasts.RecordingsAsync(request, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Forgets what was asked for.</summary>
    /// <param name="cancellationToken">Stops between recordings; whoever comes next goes on.</param>
    /// <returns>The proofs that were written, none where nothing was asked for; null when another host is at it.</returns>
    /// <exception cref="ForgetException">Some cannot be deleted, as where a policy holds them; the others were forgotten.</exception>
    public async Task<IReadOnlyList<(ProofV1 Proof, ProofHead Head)>?> RunAsync(CancellationToken cancellationToken)
    {
        var written = new List<(ProofV1, ProofHead)>();
        var held = new ConcurrentDictionary<RecordingId, string>();
        bool done = await lease.RunAloneAsync("Forget", async token =>
        {
            while (true)
            {
                var whole = new List<ForgetFeedRequest>();
                await foreach (ForgetFeedRequest feed in feeds.RequestsAsync(token).ConfigureAwait(false))
                {
                    if (await IsProvedAsync(feed, token).ConfigureAwait(false))
                        continue;
                    IReadOnlyList<ForgetRequest> own = await podcasts.RecordingsAsync(feed, token).ConfigureAwait(false);
                    if (own.Any(recording => held.ContainsKey(recording.Id)))
                        continue; // a podcast goes when all its recordings can: it is tried again
                    await RequestAsync(own, token).ConfigureAwait(false);
                    whole.Add(feed);
                }

                List<ForgetRequest> open = await store.RequestsAsync(token).Where(request => !held.ContainsKey(request.Id)).Take(MostAtOnce)
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
        if (time.GetUtcNow() < _due)
            return;
        _due = time.GetUtcNow() + options.Value.Interval;
        if (await store.HasRequestsAsync(cancellationToken).ConfigureAwait(false))
            await RunAsync(cancellationToken).ConfigureAwait(false);
        await LookAgainAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Looks again for what was forgotten, as far as it is time.</summary>
    /// <param name="cancellationToken">Stops between recordings.</param>
    /// <returns>The proofs that were written.</returns>
    public async Task<IReadOnlyList<ProofV1>> LookAgainAsync(CancellationToken cancellationToken)
    {
        var written = new List<ProofV1>();
        if (!await WatchedAsync(cancellationToken).AnyAsync(cancellationToken).ConfigureAwait(false)
            && !await WatchedFeedsAsync(cancellationToken).AnyAsync(cancellationToken).ConfigureAwait(false))
            return written;
        await lease.RunAloneAsync("Forget", async token =>
        {
            List<WatchedRecording> due = await WatchedAsync(token).Take(MostAtOnce).ToListAsync(token).ConfigureAwait(false);
            List<WatchedFeed> whole = await WatchedFeedsAsync(token).ToListAsync(token).ConfigureAwait(false);
            foreach (bool isLast in due.Select(recording => recording.IsLast).Concat(whole.Select(feed => feed.IsLast)).Distinct().ToArray())
            {
                written.Add(await LookAgainAsync(
                    due.FindAll(recording => recording.IsLast == isLast), whole.FindAll(feed => feed.IsLast == isLast), isLast, token)
                    .ConfigureAwait(false));
            }
        }, cancellationToken).ConfigureAwait(false);
        return written;
    }

    /// <summary>What it is time to look for.</summary>
    private IAsyncEnumerable<WatchedRecording> WatchedAsync(CancellationToken cancellationToken) =>
        store.WatchedAsync(cancellationToken).Where(recording => IsDue(recording.Since, recording.IsLast));

    /// <inheritdoc cref="WatchedAsync"/>
    private IAsyncEnumerable<WatchedFeed> WatchedFeedsAsync(CancellationToken cancellationToken) =>
        feeds.WatchedAsync(cancellationToken).Where(feed => IsDue(feed.Since, feed.IsLast));

    private bool IsDue(DateTimeOffset since, bool isLast) =>
        time.GetUtcNow() - since >= (isLast ? options.Value.FinalAfter : queues.Value.LockDuration + queues.Value.LongestWork);

    private async Task<(ProofV1 Proof, ProofHead Head)?> ForgetAsync(
        List<ForgetRequest> asked, List<ForgetFeedRequest> whole, ConcurrentDictionary<RecordingId, string> held,
        CancellationToken cancellationToken)
    {
        // Whoever asked may have died.
        await store.BuryAsync(asked.Select(request => request.Id), time.GetUtcNow(), cancellationToken).ConfigureAwait(false);
        RemovedV1 removed = await episodes.RunAsync(asked, cancellationToken).ConfigureAwait(false);
        removed += await EraseAsync(asked, held, cancellationToken).ConfigureAwait(false);
        removed += RemovedV1.None with
        {
            LakeRecordings = await lake.RemoveWhenFreeAsync(asked.Select(request => request.Id), cancellationToken).ConfigureAwait(false),
            Letters = await letters.RunAsync(asked, cancellationToken).ConfigureAwait(false),
        };
        List<ForgetRequest> open = asked.FindAll(request => !held.ContainsKey(request.Id));
        for (int look = 0; look < Looks; look++)
        {
            RemovedV1 found = await EraseAsync(open, held, cancellationToken).ConfigureAwait(false);
            removed += found;
            if (found.Total == 0)
                break;
        }

        open.RemoveAll(request => held.ContainsKey(request.Id));
        var gone = new List<ForgetFeedRequest>();
        foreach (ForgetFeedRequest feed in whole)
        {
            if (await podcasts.RunAsync(feed, cancellationToken).ConfigureAwait(false) is not { } known)
                continue;
            removed += known;
            gone.Add(feed);
        }

        return open.Count + gone.Count == 0 ? null : await ProveAsync(open, gone, removed, cancellationToken).ConfigureAwait(false);
    }

    private async Task<(ProofV1 Proof, ProofHead Head)> ProveAsync(
        List<ForgetRequest> recordings, List<ForgetFeedRequest> whole, RemovedV1 removed, CancellationToken cancellationToken)
    {
        DateTimeOffset now = time.GetUtcNow();
        IReadOnlyList<RemainsV1> kept = await remains.OfAsync(now, cancellationToken).ConfigureAwait(false);
        string[] reasons = [.. recordings.Select(request => request.Reason).Concat(whole.Select(feed => feed.Reason)).OfType<string>()
            .Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        (ProofV1 proof, ProofHead head) = await proofs.AppendAsync(
            async (number, previous) =>
            {
                for (int index = 0; index < whole.Count; index++) // first that it is about to be proved, then the proof
                    whole[index] = await feeds.ProvingAsync(whole[index], number, now, cancellationToken).ConfigureAwait(false);
                return new ProofV1
                {
                    Number = number, Kind = nameof(ProofKind.Forgotten), At = now, Recordings = IdsOf(recordings.Select(request => request.Id)),
                    Reason = reasons.Length == 0 ? null : string.Join("; ", reasons), Removed = removed, Remains = kept,
                    IsRefused = recordings.TrueForAll(request => request.IsRefused) && whole.TrueForAll(feed => feed.IsRefused),
                    Previous = previous,
                };
            }, cancellationToken).ConfigureAwait(false);
        await store.ProvedAsync(recordings, proof.Number, now, cancellationToken).ConfigureAwait(false);
        foreach (ForgetFeedRequest feed in whole)
            await feeds.ProvedAsync(feed, proof.Number, now, cancellationToken).ConfigureAwait(false);
        LogForgot(recordings.Count, proof.Number);
        return (proof, head);
    }

    /// <summary>Whether there is a proof of a podcast, whose writer died before it could say so: what was added again since then stays.</summary>
    private async Task<bool> IsProvedAsync(ForgetFeedRequest feed, CancellationToken cancellationToken)
    {
        if (feed is not { Proof: { } number, ProvedAt: { } at }
            || await proofs.FindAsync(number, cancellationToken).ConfigureAwait(false) is not { } proof || proof.At != at)
            return false;
        await feeds.ProvedAsync(feed, number, at, cancellationToken).ConfigureAwait(false);
        return true;
    }

    /// <summary>Deletes what is kept of recordings; one that cannot be deleted must not keep the others waiting.</summary>
    private async Task<RemovedV1> EraseAsync(
        List<ForgetRequest> open, ConcurrentDictionary<RecordingId, string> held, CancellationToken cancellationToken)
    {
        var found = new ConcurrentBag<RemovedV1>();
        await Parallel.ForEachAsync(open, Several(cancellationToken), async (request, token) =>
        {
            try
            {
                found.Add(await erasure.RunAsync(request, token).ConfigureAwait(false));
            }
            catch (RequestFailedException refused) when (!ServiceUnavailableException.IsBehind(refused))
            {
                held[request.Id] = refused.Message.Split('\n', 2)[0].Trim();
            }
        }).ConfigureAwait(false);
        return found.Aggregate(RemovedV1.None, RemovedV1.Add);
    }

    private async Task<ProofV1> LookAgainAsync(
        List<WatchedRecording> due, List<WatchedFeed> whole, bool isLast, CancellationToken cancellationToken)
    {
        int late = 0;
        foreach (WatchedFeed feed in whole)
        {
            await RequestAsync(await podcasts.LateRecordingsAsync(feed.FeedId, cancellationToken).ConfigureAwait(false), cancellationToken)
                .ConfigureAwait(false);
            late += await podcasts.DeleteLateAsync(feed.FeedId, cancellationToken).ConfigureAwait(false);
        }

        var found = new ConcurrentDictionary<RecordingId, RemovedV1>();
        await Parallel.ForEachAsync(due, Several(cancellationToken), async (recording, token) =>
            found[recording.Id] = await erasure.DerivedAsync(recording.Id, recording.UploadKey, hasUpload: false, token)
                .ConfigureAwait(false)).ConfigureAwait(false);
        RemovedV1 removed = found.Values.Aggregate(RemovedV1.None, RemovedV1.Add) with
        {
            LakeRecordings = await lake.RemoveWhenFreeAsync(due.Select(recording => recording.Id), cancellationToken).ConfigureAwait(false),
            Letters = await letters.LostAsync(
                due.Select(recording => recording.UploadKey).OfType<string>().ToHashSet(StringComparer.Ordinal), cancellationToken)
                .ConfigureAwait(false),
            Episodes = late,
        };
        DateTimeOffset now = time.GetUtcNow();
        bool isFinal = isLast && removed.Total == 0; // what had come back was brought by somebody: look once more
        (ProofV1 proof, _) = await proofs.AppendAsync(
            (number, previous) => Task.FromResult(new ProofV1
            {
                Number = number, Kind = isFinal ? nameof(ProofKind.Final) : nameof(ProofKind.Verified), At = now,
                Recordings = IdsOf(due.Select(recording => recording.Id)), Removed = removed,
                Of = [.. due.Select(recording => recording.Proof).Concat(whole.Select(feed => feed.Proof)).Distinct().Order()],
                Previous = previous,
            }), cancellationToken).ConfigureAwait(false);
        LogLookedAgain(due.Count, removed.Total, proof.Number);
        if (isFinal)
        {
            await store.UnwatchAsync(due, cancellationToken).ConfigureAwait(false);
            foreach (WatchedFeed feed in whole)
                await feeds.UnwatchAsync(feed, cancellationToken).ConfigureAwait(false);
            return proof;
        }

        DateTimeOffset? since = removed.Total > 0 ? now : null;
        await store.WatchAsync([.. due.Select(recording => recording with { IsLast = true, Since = since ?? recording.Since })], cancellationToken)
            .ConfigureAwait(false);
        foreach (WatchedFeed feed in whole)
            await feeds.WatchAsync(feed with { IsLast = true, Since = since ?? feed.Since }, cancellationToken).ConfigureAwait(false);
        return proof;
    }

    private static string[] IdsOf(IEnumerable<RecordingId> ids) => [.. ids.Select(id => id.Value).Order(StringComparer.Ordinal)];

    private static ParallelOptions Several(CancellationToken cancellationToken) =>
        new() { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken };

    [LoggerMessage(5001, LogLevel.Information, "Forgot {Recordings} recordings: proof {Proof}")]
    private partial void LogForgot(int recordings, int proof);

    [LoggerMessage(5002, LogLevel.Information, "Looked again for {Recordings} forgotten recordings and found {Found} things: proof {Proof}")]
    private partial void LogLookedAgain(int recordings, int found, int proof);
}
