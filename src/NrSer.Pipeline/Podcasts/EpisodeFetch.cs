using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using Azure;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using NrSer.Pipeline.Podcasts.Web;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;
using NrSer.Pipeline.Work;

namespace NrSer.Pipeline.Podcasts;

/// <summary>Fetches one episode, once: whoever else tries, whatever dies on the way.</summary>
/// <remarks>
/// The row says who is at it, for as long as that is so. A content is claimed by its hash before it is committed, and the row knows the blob's name
/// before there is a blob: who comes after a death finds a blob that is there, or begins again.
/// </remarks>
/// <param name="store">Episodes.</param>
/// <param name="download">Brings the bytes.</param>
/// <param name="uploads">Receives them.</param>
/// <param name="options">Attempts.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">The log.</param>
public sealed partial class EpisodeFetch(
    PodcastStore store, AudioDownload download, EpisodeUploads uploads, IOptions<PodcastOptions> options, TimeProvider time,
    ILogger<EpisodeFetch> logger)
{
    /// <summary>Fetches the episode that a message asks for, where Event Grid tells of the upload.</summary>
    /// <param name="message">A <see cref="FetchEpisodeV1"/>.</param>
    /// <param name="cancellationToken">Stops it; the episode is given back.</param>
    /// <exception cref="InvalidMessageException">The message cannot be read.</exception>
    public async Task RunAsync(WorkMessage message, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(message);
        FetchEpisodeV1 asked = message.AsFetchEpisode();
        if (await store.FindFeedAsync(asked.FeedId, cancellationToken).ConfigureAwait(false) is { IsFollowed: true } feed
            && await store.FindEpisodeAsync(asked.FeedId, asked.Key, cancellationToken).ConfigureAwait(false) is { } episode)
            await RunAsync(feed, episode, isAnnounced: false, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Fetches an episode that is listed, or that somebody began and gave up.</summary>
    /// <param name="feed">Its feed, which was read and has a folder.</param>
    /// <param name="episode">As it was read.</param>
    /// <param name="isAnnounced">Whether to say that there is an upload: where Event Grid does not.</param>
    /// <param name="cancellationToken">Stops it; the episode is given back.</param>
    /// <returns>As it stands then; null when it is another's.</returns>
    public async Task<Episode?> RunAsync(Feed feed, Episode episode, bool isAnnounced, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(feed);
        ArgumentNullException.ThrowIfNull(episode);
        if (!EpisodeLease.IsFree(episode, time.GetUtcNow())
            || await EpisodeLease.TryTakeAsync(store, time, episode, cancellationToken).ConfigureAwait(false) is not { } lease)
            return null;
        await using ConfiguredAsyncDisposable lettingGo = lease.ConfigureAwait(false);
        Func<Episode, Episode> end;
        try
        {
            end = await FetchAsync(feed, lease, isAnnounced, lease.Working).ConfigureAwait(false);
        }
        catch (PodcastException refused)
        {
            end = standing => Refused(standing, refused);
        }
        catch (OperationCanceledException) when (lease.IsLost)
        {
            end = standing => standing;
        }
        catch (Exception) // the storage, or whoever wants to stop: it is not the episode's fault
        {
            await GiveBackAsync(lease).ConfigureAwait(false);
            throw;
        }

        if (await lease.EndAsync(end, cancellationToken).ConfigureAwait(false))
        {
            LogEnded(episode.FeedId, episode.Key, lease.Episode.Status, lease.Episode.Reason ?? "");
            return lease.Episode;
        }

        LogLost(episode.FeedId, episode.Key);
        if (lease.Episode.BlobName is not null
            && await store.FindEpisodeAsync(episode.FeedId, episode.Key, cancellationToken).ConfigureAwait(false) is null)
            await uploads.TakeBackAsync(lease.Episode, cancellationToken).ConfigureAwait(false);
        return null;
    }

    private Episode Refused(Episode standing, PodcastException refused)
    {
        bool isPatient = refused is { IsPassing: true, NotBefore: not null }; // who asks for patience gets it
        int attempts = isPatient ? standing.Attempts : standing.Attempts + 1;
        return standing with
        {
            Status = isPatient || (refused.IsPassing && attempts < options.Value.Attempts) ? EpisodeStatus.Listed : EpisodeStatus.Failed,
            Reason = refused.Message,
            NextAttemptAt = refused.NotBefore,
            Attempts = attempts,
        };
    }

    /// <returns>How the episode ends.</returns>
    private async Task<Func<Episode, Episode>> FetchAsync(
        Feed feed, EpisodeLease lease, bool isAnnounced, CancellationToken cancellationToken)
    {
        Episode taken = lease.Episode;
        if (await uploads.FindAsync(taken, isAnnounced, cancellationToken).ConfigureAwait(false) is { } end)
            return end; // whoever stored it died before saying so

        var file = new DownloadedFile(new Uri(taken.Url!), taken.DeclaredType, taken.DeclaredBytes, extension =>
            PodcastNames.BlobName(feed.Slug ?? feed.Id, taken.PublishedAt, taken.Key, extension));
        return await download.RunAsync(
            file, OwnerOf(taken), (blob, type) => uploads.StoreAsync(feed, lease, blob, type, isAnnounced, cancellationToken), cancellationToken)
                .ConfigureAwait(false);
    }

    private static async Task GiveBackAsync(EpisodeLease lease)
    {
        try
        {
            await lease.EndAsync(standing => standing with { Status = EpisodeStatus.Listed }, CancellationToken.None).ConfigureAwait(false);
        }
        catch (RequestFailedException)
        {
            // It becomes free by itself.
        }
    }

    private static string OwnerOf(Episode taken) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{taken.FetchedBy} {taken.FetchedUntil:O}")));

    [LoggerMessage(4101, LogLevel.Information, "Episode {Key} of {FeedId} is {Status}: {Reason}")]
    private partial void LogEnded(string feedId, string key, EpisodeStatus status, string reason);

    [LoggerMessage(4102, LogLevel.Warning, "Episode {Key} of {FeedId} is another's by now, or was forgotten")]
    private partial void LogLost(string feedId, string key);
}
