using System.Runtime.CompilerServices;
using Azure;
using Azure.Data.Tables;

namespace NrSer.Pipeline.Results.Tables;

/// <summary>Podcasts that are to be forgotten, and those that were and are still to be looked for again.</summary>
/// <remarks>A request says which proof is about to be written, so that whoever comes after a death knows whether it was: a podcast that was added
/// again since then stays.</remarks>
/// <param name="tables">The tables.</param>
public sealed class ForgottenFeedStore(ResultTables tables)
{
    private const string Key = "feed "; // begins keys of podcasts; others are ids of recordings
    private const string KeysEnd = "feed!"; // the next character
    private const string Proof = nameof(Proof);
    private const string ProvedAt = nameof(ProvedAt);

    /// <summary>Takes note of a podcast that is to be forgotten with all its recordings, before anything is deleted.</summary>
    /// <param name="request">Which.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    public Task RequestAsync(ForgetFeedRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        return tables.Forgotten.UpsertEntityAsync(EntityOf(request), TableUpdateMode.Replace, cancellationToken);
    }

    /// <summary>Podcasts that are to be forgotten, of which nobody has said yet that there is a proof.</summary>
    /// <param name="cancellationToken">Stops between pages.</param>
    public async IAsyncEnumerable<ForgetFeedRequest> RequestsAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (TableEntity row in QueryAsync(ForgottenStore.Requests, cancellationToken).ConfigureAwait(false))
        {
            yield return new ForgetFeedRequest(row.RowKey[Key.Length..])
            {
                IsRefused = row.GetBoolean(nameof(ForgetFeedRequest.IsRefused)) ?? false, Reason = row.GetString(nameof(ForgetFeedRequest.Reason)),
                Proof = row.GetInt32(Proof), ProvedAt = row.GetDateTimeOffset(ProvedAt), Version = row.ETag.ToString(),
            };
        }
    }

    /// <summary>Says which proof is about to be written of a podcast that was deleted.</summary>
    /// <param name="request">As listed, or as it was last returned from here.</param>
    /// <param name="proof">The proof's number.</param>
    /// <param name="at">What it says of when it was written.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    /// <returns>The request as it stands now; one that was asked for again meanwhile stays as it was, and is dealt with again.</returns>
    public async Task<ForgetFeedRequest> ProvingAsync(ForgetFeedRequest request, int proof, DateTimeOffset at, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        try
        {
            ForgetFeedRequest proving = request with { Proof = proof, ProvedAt = at };
            Response written = await tables.Forgotten
                .UpdateEntityAsync(EntityOf(proving), new ETag(request.Version!), TableUpdateMode.Replace, cancellationToken).ConfigureAwait(false);
            return proving with { Version = written.Headers.ETag.ToString() };
        }
        catch (RequestFailedException again) when (again.Status == 412)
        {
            return request;
        }
    }

    /// <summary>Says that there is a proof: from now on the podcast is looked for again until the last look.</summary>
    /// <param name="request">As it was last returned from here.</param>
    /// <param name="proof">The proof's number.</param>
    /// <param name="at">When it was written.</param>
    /// <param name="cancellationToken">Stops between requests; call it again then.</param>
    public async Task ProvedAsync(ForgetFeedRequest request, int proof, DateTimeOffset at, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        await WatchAsync(new WatchedFeed(request.FeedId, proof, at, IsLast: false), cancellationToken).ConfigureAwait(false);
        try
        {
            var asProved = new ETag(request.Version!);
            await tables.Forgotten.DeleteEntityAsync(ForgottenStore.Requests, Key + request.FeedId, asProved, cancellationToken)
                .ConfigureAwait(false);
        }
        catch (RequestFailedException again) when (again.Status == 412)
        {
            // Asked for again meanwhile: it is dealt with again.
        }
    }

    /// <summary>Podcasts that were forgotten and are to be looked for again.</summary>
    /// <param name="cancellationToken">Stops between pages.</param>
    public async IAsyncEnumerable<WatchedFeed> WatchedAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (TableEntity row in QueryAsync(ForgottenStore.Watched, cancellationToken).ConfigureAwait(false))
        {
            yield return new WatchedFeed(
                row.RowKey[Key.Length..], row.GetInt32(Proof) ?? 0, row.GetDateTimeOffset(nameof(WatchedFeed.Since)) ?? default,
                row.GetBoolean(nameof(WatchedFeed.IsLast)) ?? false);
        }
    }

    /// <summary>Says when a podcast is to be looked for again.</summary>
    /// <param name="feed">With the proof that it was last in.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    public Task WatchAsync(WatchedFeed feed, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(feed);
        var row = new TableEntity(ForgottenStore.Watched, Key + feed.FeedId)
        {
            [Proof] = feed.Proof, [nameof(feed.Since)] = feed.Since, [nameof(feed.IsLast)] = feed.IsLast,
        };
        return tables.Forgotten.UpsertEntityAsync(row, TableUpdateMode.Replace, cancellationToken);
    }

    /// <summary>Says that a podcast was looked for the last time.</summary>
    /// <param name="feed">Which.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    public Task UnwatchAsync(WatchedFeed feed, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(feed);
        return tables.Forgotten.DeleteEntityAsync(ForgottenStore.Watched, Key + feed.FeedId, ETag.All, cancellationToken);
    }

    private AsyncPageable<TableEntity> QueryAsync(string partition, CancellationToken cancellationToken) => tables.Forgotten.QueryAsync<TableEntity>(
        TableClient.CreateQueryFilter($"PartitionKey eq {partition} and RowKey ge {Key} and RowKey lt {KeysEnd}"),
        cancellationToken: cancellationToken);

    private static TableEntity EntityOf(ForgetFeedRequest request) => new(ForgottenStore.Requests, Key + request.FeedId)
    {
        [nameof(request.IsRefused)] = request.IsRefused, [nameof(request.Reason)] = request.Reason, [Proof] = request.Proof,
        [ProvedAt] = request.ProvedAt,
    };
}

/// <summary>A podcast that is to be forgotten, with all its recordings.</summary>
/// <param name="FeedId">The podcast.</param>
public sealed record ForgetFeedRequest(string FeedId)
{
    /// <summary>Whether the contents of its recordings are not to be taken in again.</summary>
    public bool IsRefused { get; init; }

    /// <summary>Why, for the proof.</summary>
    public string? Reason { get; init; }

    /// <summary>Number of the proof that was about to be written when it was deleted; null before.</summary>
    public int? Proof { get; init; }

    /// <summary>What that proof says of when it was written: another of the same number may have come instead.</summary>
    public DateTimeOffset? ProvedAt { get; init; }

    /// <summary>Of the row, as the store tells; null for a new one.</summary>
    public string? Version { get; init; }
}

/// <summary>A podcast that was forgotten, and is looked for again.</summary>
/// <param name="FeedId">The podcast.</param>
/// <param name="Proof">Number of the proof that it was last in.</param>
/// <param name="Since">When it was forgotten, or something of it was last found after that.</param>
/// <param name="IsLast">Whether the next look is the last.</param>
public sealed record WatchedFeed(string FeedId, int Proof, DateTimeOffset Since, bool IsLast);
