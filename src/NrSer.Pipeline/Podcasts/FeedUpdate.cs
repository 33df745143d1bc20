using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using NrSer.Pipeline.Forgetting;
using NrSer.Pipeline.Podcasts.Feeds;
using NrSer.Pipeline.Podcasts.Web;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;

namespace NrSer.Pipeline.Podcasts;

/// <summary>Reads a feed again and takes note of what is new; an unchanged one costs one question.</summary>
/// <param name="store">Feeds and episodes.</param>
/// <param name="sources">Opens feeds.</param>
/// <param name="notes">What is known of episodes.</param>
/// <param name="refusals">Episodes that were forgotten.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">The log.</param>
public sealed partial class FeedUpdate(
    PodcastStore store, FeedSources sources, EpisodeNotes notes, Refusals refusals, TimeProvider time, ILogger<FeedUpdate> logger) : IDisposable
{
    private const int MaxPages = 1000;
    private const int MaxHeld = 1; // feeds in memory at a time, 15 MB with 5,000 episodes: others have been answered, and wait to be read

    private readonly SemaphoreSlim _held = new(MaxHeld);

    /// <summary>Reads a feed.</summary>
    /// <param name="feed">As it stands.</param>
    /// <param name="isAnew">Whether to read it even if its server says that it is unchanged, or wants no question yet.</param>
    /// <param name="cancellationToken">Stops it; what was not noted is noted next time.</param>
    public async Task<FeedUpdateResult> RunAsync(Feed feed, bool isAnew, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(feed);
        if (!isAnew && feed.NextCheckAt > time.GetUtcNow())
            return new FeedUpdateResult(feed, FeedUpdateOutcome.NotDue);
        try
        {
            return await TryReadAsync(feed, isAnew, cancellationToken).ConfigureAwait(false);
        }
        catch (FeedGoneException)
        {
            await store.DeleteEpisodesAsync(feed.Id, cancellationToken).ConfigureAwait(false); // that were just written
            return FeedUpdateResult.Forgotten(feed);
        }
    }

    private async Task<FeedUpdateResult> TryReadAsync(Feed feed, bool isAnew, CancellationToken cancellationToken)
    {
        try
        {
            return await ReadAsync(feed, isAnew, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error) when (error is PodcastException or InvalidFeedException or IOException or UnauthorizedAccessException)
        {
            LogFailed(feed.Id, error.Message);
            Feed failed = await store.ChangeFeedAsync(feed.Id, standing => standing with
            {
                Reason = error.Message,
                CheckedAt = time.GetUtcNow(),
                NextCheckAt = (error as PodcastException)?.NotBefore,
            }, cancellationToken).ConfigureAwait(false);
            return new FeedUpdateResult(failed, FeedUpdateOutcome.Failed) { IsForGood = error is not PodcastException { IsPassing: true } };
        }
    }

    /// <summary>Applies the feed's rules to what is known, without asking anybody.</summary>
    /// <param name="feed">With new rules, as written.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>False where the podcast was forgotten meanwhile: what was just written of it is taken back.</returns>
    public async Task<bool> ApplyRulesAsync(Feed feed, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(feed);
        await _held.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            EpisodeMerge episodes = await notes.ReadAsync(feed, cancellationToken).ConfigureAwait(false);
            EpisodeRules.Apply(feed, episodes);
            await notes.WriteAsync(feed, episodes, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (FeedGoneException)
        {
            await store.DeleteEpisodesAsync(feed.Id, cancellationToken).ConfigureAwait(false);
            return false;
        }
        finally
        {
            _held.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _held.Dispose();

    private async Task<FeedUpdateResult> ReadAsync(Feed feed, bool isAnew, CancellationToken cancellationToken)
    {
        var address = new Uri(feed.Url);
        FeedSource first = await sources.OpenAsync(address, headers =>
        {
            if (isAnew)
                return;
            if (feed.HttpETag is { } etag)
                headers.TryAddWithoutValidation("If-None-Match", etag);
            if (feed.HttpLastModified is { } modified)
                headers.TryAddWithoutValidation("If-Modified-Since", modified);
        }, cancellationToken).ConfigureAwait(false);
        await using ConfiguredAsyncDisposable closing = first.ConfigureAwait(false);
        if (first.Content is null)
        {
            Feed same = await store.ChangeFeedAsync(feed.Id, standing => standing with
            {
                Reason = "",
                CheckedAt = time.GetUtcNow(),
                NextCheckAt = first.NextCheckAt,
                Url = (first.MovedTo ?? address).AbsoluteUri,
            }, cancellationToken).ConfigureAwait(false);
            return new FeedUpdateResult(same, FeedUpdateOutcome.Unchanged);
        }

        await _held.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await MergeAsync(feed, first, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _held.Release();
        }
    }

    private async Task<FeedUpdateResult> MergeAsync(Feed feed, FeedSource first, CancellationToken cancellationToken)
    {
        FeedDocument document = await FeedReader.ReadAsync(first.Content!, first.Address, first.Charset, cancellationToken).ConfigureAwait(false);
        await first.DisposeAsync().ConfigureAwait(false); // its host is free again
        EpisodeMerge episodes = await notes.ReadAsync(feed, cancellationToken).ConfigureAwait(false);
        var remarks = new List<string>(document.Remarks);
        int found = episodes.Add(document.Items);
        bool wasWhole = feed.HttpETag is not null || feed.HttpLastModified is not null;
        bool isWhole = document.IsWhole
            && await ReadOlderAsync(feed, document, found > 0 || !wasWhole, episodes, remarks, cancellationToken).ConfigureAwait(false);
        if (episodes.WithoutAudio > 0)
            remarks.Add($"{episodes.WithoutAudio} items have no audio.");
        EpisodeRules.Apply(feed, episodes); // what is gone counts among the latest still: no older one is fetched in its place
        if (episodes.New.Count > 0 && await refusals.OfEpisodesAsync(cancellationToken).ConfigureAwait(false) is { } isForgotten)
            episodes.LeaveOut(isForgotten);
        await notes.WriteAsync(feed, episodes, cancellationToken).ConfigureAwait(false);
        string slug = feed.Slug ?? await FreeSlugAsync(feed.Id, document.Title, cancellationToken).ConfigureAwait(false);
        var address = new Uri(feed.Url);
        Uri next = NextAddress(document, first) ?? address;
        bool isMoved = next != address;
        Feed read = await store.ChangeFeedAsync(feed.Id, standing => standing with
        {
            Title = document.Title ?? standing.Title,
            Slug = standing.Slug ?? slug,
            Reason = "",
            CheckedAt = time.GetUtcNow(),
            NextCheckAt = first.NextCheckAt,
            Url = next.AbsoluteUri,
            HttpETag = isWhole && !isMoved ? first.HttpETag : null,
            HttpLastModified = isWhole && !isMoved ? first.HttpLastModified : null,
        }, cancellationToken).ConfigureAwait(false);
        LogRead(feed.Id, document.Items.Count, episodes.New.Count);
        return new FeedUpdateResult(read, FeedUpdateOutcome.Read) { NewEpisodes = episodes.New.Count, Remarks = remarks };
    }

    /// <summary>Where to ask next time: where the server sent us for good, or where the feed says that it moved to.</summary>
    private static Uri? NextAddress(FeedDocument document, FeedSource source) =>
        document.MovedTo is { IsAbsoluteUri: true } moved && (moved.Scheme == Uri.UriSchemeHttps || moved.Scheme == Uri.UriSchemeHttp)
            && moved != source.Address ? moved : source.MovedTo;

    /// <summary>Reads older pages as long as they hold something new.</summary>
    private async Task<bool> ReadOlderAsync(
        Feed feed, FeedDocument document, bool isNews, EpisodeMerge episodes, List<string> remarks, CancellationToken cancellationToken)
    {
        var visited = new HashSet<Uri> { new(feed.Url) };
        Uri? older = document.Older;
        for (int page = 1; older is not null && isNews && page < MaxPages && visited.Add(older); page++)
        {
            if (older.IsFile && visited.Any(before => !before.IsFile)) // the web has no say in what is read of this machine
            {
                remarks.Add("It names a file as an older page, which is not read.");
                return true;
            }

            try
            {
                FeedSource source = await OpenOlderAsync(older, cancellationToken).ConfigureAwait(false);
                await using ConfiguredAsyncDisposable closing = source.ConfigureAwait(false);
                FeedDocument read = await FeedReader.ReadAsync(source.Content!, source.Address, source.Charset, cancellationToken)
                    .ConfigureAwait(false);
                isNews = episodes.Add(read.Items) > 0;
                if (!read.IsWhole)
                    return false;
                older = read.Older;
            }
            catch (Exception error) when (error is PodcastException or InvalidFeedException or IOException or UnauthorizedAccessException)
            {
                remarks.Add($"An older page could not be read and is asked for again next time: {error.Message}");
                return false;
            }
        }

        return true;
    }

    /// <summary>Asks for a page while others are read: its host may be dead.</summary>
    private async Task<FeedSource> OpenOlderAsync(Uri older, CancellationToken cancellationToken)
    {
        _held.Release();
        try
        {
            return await sources.OpenAsync(older, _ => { }, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            await _held.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        }
    }

    private async Task<string> FreeSlugAsync(string feedId, string? title, CancellationToken cancellationToken)
    {
        string slug = PodcastNames.Slug(title);
        await foreach (Feed other in store.FeedsAsync(cancellationToken).ConfigureAwait(false))
        {
            if (other.Slug == slug && other.Id != feedId)
                return $"{slug}-{feedId[..4]}";
        }

        return slug;
    }

    [LoggerMessage(4001, LogLevel.Information, "Feed {FeedId}: {Items} items, {New} new")]
    private partial void LogRead(string feedId, int items, int @new);

    [LoggerMessage(4002, LogLevel.Information, "Feed {FeedId} could not be read: {Reason}")]
    private partial void LogFailed(string feedId, string reason);
}
