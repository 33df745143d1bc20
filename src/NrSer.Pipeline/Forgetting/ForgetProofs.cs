using Microsoft.Extensions.Logging;
using NrSer.Pipeline.Results.Tables;

namespace NrSer.Pipeline.Forgetting;

/// <summary>Writes proofs of what was forgotten, and takes note of them where it was asked for.</summary>
/// <param name="store">Requests of recordings.</param>
/// <param name="feeds">Requests of podcasts.</param>
/// <param name="chain">The proofs.</param>
/// <param name="remains">What cannot be deleted.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">The log.</param>
public sealed partial class ForgetProofs(
    ForgottenStore store, ForgottenFeedStore feeds, ProofChain chain, Remains remains, TimeProvider time, ILogger<ForgetProofs> logger)
{
    /// <summary>Proves that recordings and podcasts were forgotten; from then on they are looked for again.</summary>
    /// <param name="recordings">As listed.</param>
    /// <param name="whole">Podcasts, as listed; receives them as they stand.</param>
    /// <param name="removed">What there was.</param>
    /// <param name="cancellationToken">Stops between requests; forget them again then.</param>
    public async Task<(ProofV1 Proof, ProofHead Head)> ProveAsync(
        IReadOnlyCollection<ForgetRequest> recordings, IList<ForgetFeedRequest> whole, RemovedV1 removed, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(recordings);
        ArgumentNullException.ThrowIfNull(whole);
        DateTimeOffset now = time.GetUtcNow();
        IReadOnlyList<RemainsV1> kept = await remains.OfAsync(now, cancellationToken).ConfigureAwait(false);
        string[] reasons = [.. recordings.Select(request => request.Reason).Concat(whole.Select(feed => feed.Reason)).OfType<string>()
            .Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        (ProofV1 proof, ProofHead head) = await chain.AppendAsync(
            async (number, previous) =>
            {
                for (int index = 0; index < whole.Count; index++) // first that it is about to be proved, then the proof
                    whole[index] = await feeds.ProvingAsync(whole[index], number, now, cancellationToken).ConfigureAwait(false);
                return new ProofV1
                {
                    Number = number, Kind = nameof(ProofKind.Forgotten), At = now, Recordings = IdsOf(recordings.Select(request => request.Id)),
                    Reason = reasons.Length == 0 ? null : string.Join("; ", reasons), Removed = removed, Remains = kept,
                    IsRefused = recordings.All(request => request.IsRefused) && whole.All(feed => feed.IsRefused),
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
    /// <param name="feed">As listed.</param>
    /// <param name="cancellationToken">Stops the requests.</param>
    public async Task<bool> IsProvedAsync(ForgetFeedRequest feed, CancellationToken cancellationToken)
    {
        if (feed is not { Proof: { } number, ProvedAt: { } at }
            || await chain.FindAsync(number, cancellationToken).ConfigureAwait(false) is not { } proof || proof.At != at)
            return false;
        await feeds.ProvedAsync(feed, number, at, cancellationToken).ConfigureAwait(false);
        return true;
    }

    /// <summary>Proves that recordings and podcasts were looked for again.</summary>
    /// <param name="due">Recordings.</param>
    /// <param name="whole">Podcasts.</param>
    /// <param name="removed">What had come back.</param>
    /// <param name="isFinal">Whether this was the last look.</param>
    /// <param name="cancellationToken">Stops the requests; look again then.</param>
    public async Task<ProofV1> ProveAgainAsync(
        IReadOnlyCollection<WatchedRecording> due, IReadOnlyCollection<WatchedFeed> whole, RemovedV1 removed, bool isFinal,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(due);
        ArgumentNullException.ThrowIfNull(whole);
        ArgumentNullException.ThrowIfNull(removed);
        DateTimeOffset now = time.GetUtcNow();
        (ProofV1 proof, _) = await chain.AppendAsync(
            (number, previous) => Task.FromResult(new ProofV1
            {
                Number = number, Kind = isFinal ? nameof(ProofKind.Final) : nameof(ProofKind.Verified), At = now,
                Recordings = IdsOf(due.Select(recording => recording.Id)), Removed = removed,
                Of = [.. due.Select(recording => recording.Proof).Concat(whole.Select(feed => feed.Proof)).Distinct().Order()],
                Previous = previous,
            }), cancellationToken).ConfigureAwait(false);
        LogLookedAgain(due.Count, removed.Total, proof.Number);
        return proof;
    }

    private static string[] IdsOf(IEnumerable<RecordingId> ids) => [.. ids.Select(id => id.Value).Order(StringComparer.Ordinal)];

    [LoggerMessage(5001, LogLevel.Information, "Forgot {Recordings} recordings: proof {Proof}")]
    private partial void LogForgot(int recordings, int proof);

    [LoggerMessage(5002, LogLevel.Information, "Looked again for {Recordings} forgotten recordings and found {Found} things: proof {Proof}")]
    private partial void LogLookedAgain(int recordings, int found, int proof);
}
