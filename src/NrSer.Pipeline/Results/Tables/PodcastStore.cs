using System.Runtime.CompilerServices;
using Azure;
using Azure.Data.Tables;

namespace NrSer.Pipeline.Results.Tables;

/// <summary>Feeds, episodes and contents: what has been seen and who is at it. Every change is made under the row's ETag, so that
/// several machines may share it.</summary>
/// <param name="tables">The tables.</param>
public sealed class PodcastStore(ResultTables tables)
{
    private const int BatchRows = 100; // the service's limit for one transaction
    private const int PageRows = 200;
    private const int HeldRows = 50; // of those that wait: they are held, of every feed, while one after the other is fetched
    private const string FeedPartition = "feed";
    private const string ContentPartition = "content"; // of episodes, whose other partitions are ids of feeds

    private static readonly string[] s_key = ["RowKey"];
    private static readonly string[] s_status = [nameof(Episode.Status)];

    /// <summary>Every feed, removed ones included, in no order of use.</summary>
    /// <param name="cancellationToken">Stops between pages.</param>
    public async IAsyncEnumerable<Feed> FeedsAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string filter = TableClient.CreateQueryFilter($"PartitionKey eq {FeedPartition}");
        await foreach (TableEntity row in tables.Feeds.QueryAsync<TableEntity>(filter, cancellationToken: cancellationToken).ConfigureAwait(false))
            yield return FeedOf(row);
    }

    /// <summary>A feed, or null.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    public async Task<Feed?> FindFeedAsync(string id, CancellationToken cancellationToken) =>
        await TableRows.FindAsync(tables.Feeds, FeedPartition, id, cancellationToken).ConfigureAwait(false) is { } row ? FeedOf(row) : null;

    /// <summary>How the names of podcasts' uploads begin.</summary>
    /// <param name="ids">Of the podcasts; those that are not known are left out.</param>
    /// <param name="cancellationToken">Stops between requests.</param>
    public async Task<string[]> NamePrefixesAsync(IEnumerable<string> ids, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(ids);
        var prefixes = new List<string>();
        foreach (string id in ids)
        {
            if (await FindFeedAsync(id, cancellationToken).ConfigureAwait(false) is { } feed)
                prefixes.Add(feed.NamePrefix);
        }

        return [.. prefixes];
    }

    /// <summary>Writes all of a feed's row.</summary>
    /// <param name="feed">As it was read or is new, with what changed.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    /// <returns>The feed as it stands now; null when another wrote it meanwhile: look again.</returns>
    public async Task<Feed?> TryWriteAsync(Feed feed, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(feed);
        TableEntity row = TableRows.ToEntity(FeedColumns.All, feed, FeedPartition, feed.Id);
        return await TableRows.TryWriteAsync(tables.Feeds, row, feed.Version, cancellationToken).ConfigureAwait(false) is { } version
            ? feed with { Version = version } : null;
    }

    /// <summary>Changes a feed's row, however often another is faster.</summary>
    /// <param name="id">A feed with a row.</param>
    /// <param name="change">What shall be different.</param>
    /// <param name="cancellationToken">Stops the requests.</param>
    /// <exception cref="FeedGoneException">There is no such feed, or no longer.</exception>
    public async Task<Feed> ChangeFeedAsync(string id, Func<Feed, Feed> change, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(change);
        while (true)
        {
            Feed standing = await FindFeedAsync(id, cancellationToken).ConfigureAwait(false)
                ?? throw new FeedGoneException(id);
            if (await TryWriteAsync(change(standing), cancellationToken).ConfigureAwait(false) is { } written)
                return written;
        }
    }

    /// <summary>Takes note that nothing of a feed waits any more, unless it does or somebody found something meanwhile.</summary>
    /// <param name="id">The feed.</param>
    /// <param name="cancellationToken">Stops the requests.</param>
    public async Task EndWorkAsync(string id, CancellationToken cancellationToken)
    {
        if (await FindFeedAsync(id, cancellationToken).ConfigureAwait(false) is { } feed
            && await CountAsync(id, EpisodeStatus.Listed, cancellationToken).ConfigureAwait(false) == 0
            && await CountAsync(id, EpisodeStatus.Fetching, cancellationToken).ConfigureAwait(false) == 0)
            await TryWriteAsync(feed with { HasWork = false }, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Deletes a feed's row, and no other.</summary>
    /// <param name="id">The feed.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    public Task DeleteFeedAsync(string id, CancellationToken cancellationToken) =>
        tables.Feeds.DeleteEntityAsync(FeedPartition, id, ETag.All, cancellationToken);

    /// <summary>A feed's episodes, in order of their keys.</summary>
    /// <param name="feedId">The feed.</param>
    /// <param name="status">Those that stand so; null for all.</param>
    /// <param name="cancellationToken">Stops between pages.</param>
    public async IAsyncEnumerable<Episode> EpisodesAsync(
        string feedId, EpisodeStatus? status, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string filter = TableClient.CreateQueryFilter($"PartitionKey eq {feedId}");
        if (status is { } wanted)
            filter += TableClient.CreateQueryFilter($" and Status eq {wanted.ToString()}");
        await foreach (TableEntity row in tables.Episodes.QueryAsync<TableEntity>(
            filter, status is null ? PageRows : HeldRows, cancellationToken: cancellationToken)
            .ConfigureAwait(false))
        {
            yield return EpisodeOf(row);
        }
    }

    /// <summary>How many episodes of a feed stand so. Keys are fetched, not rows.</summary>
    /// <param name="feedId">The feed.</param>
    /// <param name="status">The status.</param>
    /// <param name="cancellationToken">Stops between pages.</param>
    public async Task<long> CountAsync(string feedId, EpisodeStatus status, CancellationToken cancellationToken)
    {
        string filter = TableClient.CreateQueryFilter($"PartitionKey eq {feedId} and Status eq {status.ToString()}");
        long count = 0;
        await foreach (TableEntity _ in tables.Episodes.QueryAsync<TableEntity>(filter, select: s_key, cancellationToken: cancellationToken)
            .ConfigureAwait(false))
        {
            count++;
        }

        return count;
    }

    /// <summary>How many episodes of a feed stand how. One word an episode is fetched, not its row.</summary>
    /// <param name="feedId">The feed.</param>
    /// <param name="cancellationToken">Stops between pages.</param>
    public async Task<IReadOnlyDictionary<EpisodeStatus, long>> CountAsync(string feedId, CancellationToken cancellationToken)
    {
        var counts = Enum.GetValues<EpisodeStatus>().ToDictionary(status => status, _ => 0L);
        string filter = TableClient.CreateQueryFilter($"PartitionKey eq {feedId}");
        await foreach (TableEntity row in tables.Episodes.QueryAsync<TableEntity>(filter, select: s_status, cancellationToken: cancellationToken)
            .ConfigureAwait(false))
        {
            if (Enum.TryParse(row.GetString(nameof(Episode.Status)), out EpisodeStatus status))
                counts[status]++;
        }

        return counts;
    }

    /// <summary>An episode, or null.</summary>
    /// <param name="feedId">Its feed.</param>
    /// <param name="key">Its key.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    public async Task<Episode?> FindEpisodeAsync(string feedId, string key, CancellationToken cancellationToken) =>
        await TableRows.FindAsync(tables.Episodes, feedId, key, cancellationToken).ConfigureAwait(false) is { } row ? EpisodeOf(row) : null;

    /// <summary>Writes all of an episode's row.</summary>
    /// <param name="episode">As it was read or is new, with what changed.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    /// <returns>The episode as it stands now; null when another wrote it meanwhile: look again.</returns>
    public async Task<Episode?> TryWriteAsync(Episode episode, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(episode);
        TableEntity row = TableRows.ToEntity(EpisodeColumns.All, episode, episode.FeedId, episode.Key);
        return await TableRows.TryWriteAsync(tables.Episodes, row, episode.Version, cancellationToken).ConfigureAwait(false) is { } version
            ? episode with { Version = version } : null;
    }

    /// <summary>Adds episodes; what is there already stays as it is.</summary>
    /// <param name="episodes">Any number, of one feed, each key once.</param>
    /// <param name="cancellationToken">Stops between batches.</param>
    public async Task AddAsync(IEnumerable<Episode> episodes, CancellationToken cancellationToken)
    {
        foreach (Episode[] batch in episodes.Chunk(BatchRows))
        {
            try
            {
                await tables.Episodes.SubmitTransactionAsync(
                    batch.Select(episode => new TableTransactionAction(
                        TableTransactionActionType.Add, TableRows.ToEntity(EpisodeColumns.All, episode, episode.FeedId, episode.Key))),
                    cancellationToken).ConfigureAwait(false);
            }
            catch (RequestFailedException race) when (race.Status == 409) // another machine reads the same feed
            {
                foreach (Episode episode in batch)
                    await TryWriteAsync(episode with { Version = null }, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Deletes a feed's episodes.</summary>
    /// <param name="feedId">The feed.</param>
    /// <param name="cancellationToken">Stops between episodes; call it again then.</param>
    /// <returns>How many there were.</returns>
    public async Task<int> DeleteEpisodesAsync(string feedId, CancellationToken cancellationToken)
    {
        int deleted = 0;
        await foreach (Episode episode in EpisodesAsync(feedId, status: null, cancellationToken).ConfigureAwait(false))
        {
            await DeleteEpisodeAsync(episode, cancellationToken).ConfigureAwait(false);
            deleted++;
        }

        return deleted;
    }

    /// <summary>Deletes an episode, and what is known of its content by it.</summary>
    /// <param name="episode">The episode.</param>
    /// <param name="cancellationToken">Stops between requests; call it again then.</param>
    public async Task DeleteEpisodeAsync(Episode episode, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(episode);
        if (episode.Sha256 is { } sha256 && await FindContentAsync(sha256, cancellationToken).ConfigureAwait(false) is { } content
            && content.FeedId == episode.FeedId && content.EpisodeKey == episode.Key)
            await tables.Episodes.DeleteEntityAsync(ContentPartition, sha256, new ETag(content.Version!), cancellationToken).ConfigureAwait(false);
        await tables.Episodes.DeleteEntityAsync(episode.FeedId, episode.Key, ETag.All, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Every episode of every feed, in no order of use.</summary>
    /// <param name="cancellationToken">Stops between pages.</param>
    public async IAsyncEnumerable<Episode> AllEpisodesAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string filter = TableClient.CreateQueryFilter($"PartitionKey ne {ContentPartition}");
        await foreach (TableEntity row in tables.Episodes.QueryAsync<TableEntity>(filter, cancellationToken: cancellationToken).ConfigureAwait(false))
            yield return EpisodeOf(row);
    }

    /// <summary>The episode that a content was first seen in, or null.</summary>
    /// <param name="sha256">Lower-case hex.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    public async Task<KnownContent?> FindContentAsync(string sha256, CancellationToken cancellationToken)
    {
        TableEntity? row = await TableRows.FindAsync(tables.Episodes, ContentPartition, sha256, cancellationToken).ConfigureAwait(false);
        return row is null ? null : new KnownContent(
            sha256, row.GetString(nameof(KnownContent.FeedId)), row.GetString(nameof(KnownContent.EpisodeKey)),
            row.GetString(nameof(KnownContent.BlobName)), row.ETag.ToString());
    }

    /// <summary>Says in which episode a content was first seen.</summary>
    /// <param name="content">With the version that it replaces, or null when it is new.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    /// <returns>False when another was faster: look again.</returns>
    public async Task<bool> TryClaimContentAsync(KnownContent content, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(content);
        var row = new TableEntity(ContentPartition, content.Sha256)
        {
            [nameof(content.FeedId)] = content.FeedId, [nameof(content.EpisodeKey)] = content.EpisodeKey,
            [nameof(content.BlobName)] = content.BlobName,
        };
        return await TableRows.TryWriteAsync(tables.Episodes, row, content.Version, cancellationToken).ConfigureAwait(false) is not null;
    }

    private static Feed FeedOf(TableEntity row) => TableRows.FromEntity(FeedColumns.All, row, new Feed
    {
        Id = row.RowKey,
        Version = row.ETag.ToString()
    });

    private static Episode EpisodeOf(TableEntity row) => TableRows.FromEntity(
        EpisodeColumns.All, row, new Episode { FeedId = row.PartitionKey, Key = row.RowKey, Version = row.ETag.ToString() });
}
