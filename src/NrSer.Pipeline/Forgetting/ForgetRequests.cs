using NrSer.Pipeline.Results.Tables;

namespace NrSer.Pipeline.Forgetting;

/// <summary>What somebody wants forgotten, and has no proof yet: each leads to everything, even after a death.</summary>
/// <param name="store">Requests and tombstones of recordings.</param>
/// <param name="feeds">Requests of podcasts.</param>
/// <param name="podcasts">Finds their recordings.</param>
/// <param name="refusals">Remembers what is not to come back.</param>
/// <param name="time">The clock.</param>
public sealed class ForgetRequests(
    ForgottenStore store, ForgottenFeedStore feeds, ForgetFeed podcasts, Refusals refusals, TimeProvider time)
{
    /// <summary>Takes note of recordings to forget and puts up their tombstones; from then on nothing brings them back.</summary>
    /// <param name="requests">Which.</param>
    /// <param name="cancellationToken">Stops between requests; call it again then.</param>
    public async Task RequestAsync(IReadOnlyCollection<ForgetRequest> requests, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(requests);
        await refusals.RefuseAsync(requests.Where(request => request.IsRefused).Select(request => request.Sha256).OfType<string>(), cancellationToken)
            .ConfigureAwait(false);
        await store.RequestAsync(requests, cancellationToken).ConfigureAwait(false);
        await BuryAsync(requests, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Takes note of a podcast to forget, with all its recordings.</summary>
    /// <param name="request">Which.</param>
    /// <param name="cancellationToken">Stops between requests; call it again then.</param>
    public async Task RequestAsync(ForgetFeedRequest request, CancellationToken cancellationToken)
    {
        await feeds.RequestAsync(request, cancellationToken).ConfigureAwait(false);
        await RequestAsync(await podcasts.RecordingsAsync(request, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Puts up tombstones.</summary>
    /// <param name="requests">Of which recordings.</param>
    /// <param name="cancellationToken">Stops between batches; call it again then.</param>
    public Task BuryAsync(IEnumerable<ForgetRequest> requests, CancellationToken cancellationToken) =>
        store.BuryAsync(requests.Select(request => request.Id), time.GetUtcNow(), cancellationToken);

    /// <summary>Recordings that were asked for.</summary>
    /// <param name="cancellationToken">Stops between pages.</param>
    public IAsyncEnumerable<ForgetRequest> RecordingsAsync(CancellationToken cancellationToken) => store.RequestsAsync(cancellationToken);

    /// <summary>Podcasts that were asked for.</summary>
    /// <param name="cancellationToken">Stops between pages.</param>
    public IAsyncEnumerable<ForgetFeedRequest> FeedsAsync(CancellationToken cancellationToken) => feeds.RequestsAsync(cancellationToken);

    /// <summary>Whether anything was asked for.</summary>
    /// <param name="cancellationToken">Stops the request.</param>
    public Task<bool> AnyAsync(CancellationToken cancellationToken) => store.HasRequestsAsync(cancellationToken);
}
