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
    ForgottenStore store, RecordingErasure erasure, EpisodeErasure episodes, ForgetFeed podcasts, LetterErasure letters, LakeCompactor lake,
    Refusals refusals, ProofChain proofs, Remains remains, BlobLease lease, IOptions<QueueOptions> queues, IOptions<ForgetOptions> options,
    TimeProvider time, ILogger<ForgetRecordings> logger)
{
    private const int AtOnce = 8; // recordings
    private const int MostAtOnce = 10_000; // in a proof: their ids are held
    private const int Looks = 3; // until nothing is found; more is somebody at work, which the next look is for
    private const int LakeTries = 30;

    private static readonly TimeSpan s_lakePause = TimeSpan.FromSeconds(3); // a killed compaction holds its lease for a minute

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
        await store.RequestAsync(request, cancellationToken).ConfigureAwait(false);
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
                var feeds = new List<ForgetFeedRequest>();
                await foreach (ForgetFeedRequest feed in store.FeedRequestsAsync(token).ConfigureAwait(false))
                {
                    IReadOnlyList<ForgetRequest> own = await podcasts.RecordingsAsync(feed, token).ConfigureAwait(false);
                    if (own.Any(recording => held.ContainsKey(recording.Id)))
                        continue; // a podcast goes when all its recordings can: it is tried again
                    await RequestAsync(own, token).ConfigureAwait(false);
                    feeds.Add(feed);
                }

                List<ForgetRequest> open = await store.RequestsAsync(token).Where(request => !held.ContainsKey(request.Id)).Take(MostAtOnce)
                    .ToListAsync(token).ConfigureAwait(false);
                if (open.Count + feeds.Count == 0)
                    break;
                if (await ForgetAsync(open, open.Count < MostAtOnce ? feeds : [], held, token).ConfigureAwait(false) is { } link)
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
        if (!await WatchedAsync(cancellationToken).AnyAsync(cancellationToken).ConfigureAwait(false))
            return written;
        await lease.RunAloneAsync("Forget", async token =>
        {
            List<WatchedRecording> due = await WatchedAsync(token).Take(MostAtOnce).ToListAsync(token).ConfigureAwait(false);
            foreach (IGrouping<bool, WatchedRecording> looks in due.GroupBy(recording => recording.IsLast))
                written.Add(await LookAgainAsync([.. looks], looks.Key, token).ConfigureAwait(false));
        }, cancellationToken).ConfigureAwait(false);
        return written;
    }

    /// <summary>What it is time to look for.</summary>
    private IAsyncEnumerable<WatchedRecording> WatchedAsync(CancellationToken cancellationToken)
    {
        DateTimeOffset now = time.GetUtcNow();
        TimeSpan longest = queues.Value.LockDuration + queues.Value.LongestWork;
        return store.WatchedAsync(cancellationToken)
            .Where(recording => now - recording.Since >= (recording.IsLast ? options.Value.FinalAfter : longest));
    }

    private async Task<(ProofV1 Proof, ProofHead Head)?> ForgetAsync(
        List<ForgetRequest> asked, List<ForgetFeedRequest> feeds, ConcurrentDictionary<RecordingId, string> held,
        CancellationToken cancellationToken)
    {
        // Whoever asked may have died.
        await store.BuryAsync(asked.Select(request => request.Id), time.GetUtcNow(), cancellationToken).ConfigureAwait(false);
        RemovedV1 removed = await episodes.RunAsync(asked, cancellationToken).ConfigureAwait(false);
        removed += await EraseAsync(asked, held, cancellationToken).ConfigureAwait(false);
        removed += RemovedV1.None with
        {
            LakeRecordings = await RemoveFromLakeAsync(asked.Select(request => request.Id), cancellationToken).ConfigureAwait(false),
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
        foreach (ForgetFeedRequest feed in feeds)
        {
            if (await podcasts.RunAsync(feed, cancellationToken).ConfigureAwait(false) is not { } known)
                continue;
            removed += known;
            gone.Add(feed);
        }

        feeds = gone;
        if (open.Count + feeds.Count == 0)
            return null;
        DateTimeOffset now = time.GetUtcNow();
        IReadOnlyList<RemainsV1> kept = await remains.OfAsync(now, cancellationToken).ConfigureAwait(false);
        string[] reasons = [.. open.Select(request => request.Reason).Concat(feeds.Select(feed => feed.Reason)).OfType<string>()
            .Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        (ProofV1 proof, ProofHead head) = await proofs.AppendAsync(
            (number, previous) => new ProofV1
            {
                Number = number, Kind = nameof(ProofKind.Forgotten), At = now, Recordings = IdsOf(open.Select(request => request.Id)),
                Reason = reasons.Length == 0 ? null : string.Join("; ", reasons), Removed = removed, Remains = kept,
                IsRefused = open.TrueForAll(request => request.IsRefused) && feeds.TrueForAll(feed => feed.IsRefused), Previous = previous,
            }, cancellationToken).ConfigureAwait(false);
        await store.ProvedAsync(open, proof.Number, now, cancellationToken).ConfigureAwait(false);
        foreach (ForgetFeedRequest feed in feeds)
            await store.ProvedAsync(feed.FeedId, cancellationToken).ConfigureAwait(false);
        LogForgot(open.Count, proof.Number);
        return (proof, head);
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
                (RemovedV1 removed, string? sha256) = await erasure.RunAsync(request, token).ConfigureAwait(false);
                if (request.IsRefused && request.Sha256 is null && sha256 is not null)
                    await refusals.RefuseAsync([sha256], token).ConfigureAwait(false);
                found.Add(removed);
            }
            catch (RequestFailedException refused) when (!ServiceUnavailableException.IsBehind(refused))
            {
                held[request.Id] = refused.Message.Split('\n', 2)[0].Trim();
            }
        }).ConfigureAwait(false);
        return found.Aggregate(RemovedV1.None, RemovedV1.Add);
    }

    private async Task<ProofV1> LookAgainAsync(WatchedRecording[] due, bool isLast, CancellationToken cancellationToken)
    {
        var found = new ConcurrentDictionary<RecordingId, RemovedV1>();
        await Parallel.ForEachAsync(due, Several(cancellationToken), async (recording, token) =>
            found[recording.Id] = await erasure.DerivedAsync(recording.Id, recording.UploadKey, hasUpload: false, token)
                .ConfigureAwait(false)).ConfigureAwait(false);
        RemovedV1 removed = found.Values.Aggregate(RemovedV1.None, RemovedV1.Add) with
        {
            LakeRecordings = await RemoveFromLakeAsync(due.Select(recording => recording.Id), cancellationToken).ConfigureAwait(false),
            Letters = await letters.LostAsync(
                due.Select(recording => recording.UploadKey).OfType<string>().ToHashSet(StringComparer.Ordinal), cancellationToken)
                .ConfigureAwait(false),
        };
        DateTimeOffset now = time.GetUtcNow();
        bool isFinal = isLast && removed.Total == 0; // what had come back was brought by somebody: look once more
        (ProofV1 proof, _) = await proofs.AppendAsync(
            (number, previous) => new ProofV1
            {
                Number = number, Kind = isFinal ? nameof(ProofKind.Final) : nameof(ProofKind.Verified), At = now,
                Recordings = IdsOf(due.Select(recording => recording.Id)), Removed = removed,
                Of = [.. due.Select(recording => recording.Proof).Distinct().Order()], Previous = previous,
            }, cancellationToken).ConfigureAwait(false);
        LogLookedAgain(due.Length, removed.Total, proof.Number);
        if (isFinal)
            await store.UnwatchAsync(due, cancellationToken).ConfigureAwait(false);
        else
        {
            await store.WatchAsync(
                [.. due.Select(recording => recording with { IsLast = true, Since = removed.Total > 0 ? now : recording.Since })], cancellationToken)
                .ConfigureAwait(false);
        }

        return proof;
    }

    private async Task<int> RemoveFromLakeAsync(IEnumerable<RecordingId> ids, CancellationToken cancellationToken)
    {
        RecordingId[] all = [.. ids];
        for (int look = 0; look < LakeTries; look++)
        {
            if (await lake.RemoveAsync(all, cancellationToken).ConfigureAwait(false) is { } removed)
                return removed;
            await Task.Delay(s_lakePause, time, cancellationToken).ConfigureAwait(false);
        }

        throw new ServiceUnavailableException(
            "The lake is being compacted by another host, and has been for minutes. What was begun goes on by itself.");
    }

    private static string[] IdsOf(IEnumerable<RecordingId> ids) => [.. ids.Select(id => id.Value).Order(StringComparer.Ordinal)];

    private static ParallelOptions Several(CancellationToken cancellationToken) =>
        new() { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken };

    [LoggerMessage(5001, LogLevel.Information, "Forgot {Recordings} recordings: proof {Proof}")]
    private partial void LogForgot(int recordings, int proof);

    [LoggerMessage(5002, LogLevel.Information, "Looked again for {Recordings} forgotten recordings and found {Found} things: proof {Proof}")]
    private partial void LogLookedAgain(int recordings, int found, int proof);
}

/// <summary>Something cannot be deleted, as where a policy of the account holds it.</summary>
/// <param name="count">How many recordings are held.</param>
/// <param name="first">One of them, and what the service said.</param>
public sealed class ForgetException(int count, KeyValuePair<RecordingId, string> first) : Exception(
    $"{count} recordings cannot be deleted, {first.Key} first: {first.Value} They have tombstones, and it is tried again; take away what holds "
    + "them.");
