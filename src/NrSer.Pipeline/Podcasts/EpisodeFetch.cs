using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using NrSer.Pipeline.Forgetting;
using NrSer.Pipeline.Podcasts.Web;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;
using NrSer.Pipeline.Storage;
using NrSer.Pipeline.Uploads;
using NrSer.Pipeline.Work;

namespace NrSer.Pipeline.Podcasts;

/// <summary>Fetches one episode, once: whoever else tries, whatever dies on the way.</summary>
/// <remarks>
/// The row says who is at it, for as long as that is so. A content is claimed by its hash before it is committed, and the row knows the blob's name
/// before there is a blob: who comes after a death finds a blob that is there, or begins again.
/// </remarks>
/// <param name="store">Episodes and contents.</param>
/// <param name="download">Brings the bytes.</param>
/// <param name="transcripts">Brings the publisher's words.</param>
/// <param name="storage">Receives them.</param>
/// <param name="uploads">Told of what was stored, where no service tells.</param>
/// <param name="forgetting">Takes back what was forgotten while it was fetched.</param>
/// <param name="options">Attempts.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">The log.</param>
public sealed partial class EpisodeFetch(
    PodcastStore store, AudioDownload download, TranscriptFetch transcripts, BlobStorage storage, UploadStore uploads,
    ForgetRequests forgetting, IOptions<PodcastOptions> options, TimeProvider time,
    ILogger<EpisodeFetch> logger)
{
    private readonly BlobContainerClient _container = storage.Container(StorageNames.Recordings);

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
        if (!IsFree(episode) || await EpisodeLease.TryTakeAsync(store, time, episode, cancellationToken).ConfigureAwait(false) is not { } lease)
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
        await TakeBackIfForgottenAsync(lease.Episode, cancellationToken).ConfigureAwait(false);
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

    private bool IsFree(Episode episode) => episode.Status switch
    {
        EpisodeStatus.Listed => !(episode.NextAttemptAt > time.GetUtcNow()),
        EpisodeStatus.Fetching => episode.FetchedUntil <= time.GetUtcNow() || episode.FetchedBy is not { } owner || ProcessName.IsGone(owner),
        _ => false,
    };

    /// <returns>How the episode ends.</returns>
    private async Task<Func<Episode, Episode>> FetchAsync(
        Feed feed, EpisodeLease lease, bool isAnnounced, CancellationToken cancellationToken)
    {
        Episode taken = lease.Episode;
        if (taken is { BlobName: { } name, Sha256: { } hash }
            && await StoredHashAsync(name, cancellationToken).ConfigureAwait(false) is { } there && there == hash)
            return await EndAsync(name, reason: "", isAnnounced, cancellationToken).ConfigureAwait(false); // whoever stored it died before saying so

        var file = new DownloadedFile(new Uri(taken.Url!), taken.DeclaredType, taken.DeclaredBytes, extension =>
            PodcastNames.BlobName(feed.Slug ?? feed.Id, taken.PublishedAt, taken.Key, extension));
        return await download.RunAsync(
            file, OwnerOf(taken), (blob, type) => StoreAsync(feed, lease, blob, type, isAnnounced, cancellationToken), cancellationToken)
                .ConfigureAwait(false);
    }

    private async Task<Func<Episode, Episode>> StoreAsync(
        Feed feed, EpisodeLease lease, StagedBlob blob, string? type, bool isAnnounced, CancellationToken cancellationToken)
    {
        Episode taken = lease.Episode;
        (string sha256, long bytes, string name) = (blob.Sha256(), blob.Bytes, blob.Name!);
        if (await FirstAsync(taken, sha256, name, cancellationToken).ConfigureAwait(false) is { } first)
        {
            return standing => standing with
            {
                Status = EpisodeStatus.Duplicate,
                Reason = $"The same content as {first.BlobName}.",
                BlobName = first.BlobName,
                Sha256 = sha256,
                ContentBytes = bytes,
                NextAttemptAt = null,
            };
        }

        await lease.ChangeAsync(
            standing => standing with { BlobName = name, Sha256 = sha256, ContentBytes = bytes, NextAttemptAt = null }, cancellationToken)
            .ConfigureAwait(false);
        IDictionary<string, string> metadata = UploadMetadata.Of(taken.PublishedAt, tags: null);
        metadata[UploadMetadata.Sha256] = sha256;
        (metadata[UploadMetadata.FeedId], metadata[UploadMetadata.EpisodeKey]) = (taken.FeedId, taken.Key);
        if (WebAddress.Public(feed.Url) is not null && WebAddress.Public(taken.Url) is { Length: <= UploadMetadata.MaxAddressChars } listen
            && Ascii.IsValid(listen)) // as metadata has to be
            metadata[UploadMetadata.ListenUrl] = listen;
        if (feed.Segments is { } segments)
            metadata[UploadWishes.SegmentsName] = segments.ToString();
        if (taken.DeclaredSeconds is { } seconds)
            metadata[UploadMetadata.DeclaredSeconds] = seconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
        string reason = await transcripts.RunAsync(taken, name, cancellationToken).ConfigureAwait(false) ?? "";
        bool isNew = await blob.CommitAsync(metadata, type, cancellationToken).ConfigureAwait(false);
        if (!isNew && await StoredHashAsync(name, cancellationToken).ConfigureAwait(false) != sha256)
            reason = "It was stored before, with other bytes, which stay.";
        return await EndAsync(name, reason, isAnnounced, cancellationToken).ConfigureAwait(false);
    }

    private async Task<Func<Episode, Episode>> EndAsync(string name, string reason, bool isAnnounced, CancellationToken cancellationToken)
    {
        if (await uploads.FindAsync(name, cancellationToken).ConfigureAwait(false) is { } upload)
            await (isAnnounced ? uploads.AnnounceAsync(upload, cancellationToken) : uploads.ExpectAsync(upload, cancellationToken))
                .ConfigureAwait(false);
        return standing => standing with { Status = EpisodeStatus.Stored, Reason = reason, StoredAt = time.GetUtcNow() };
    }

    /// <summary>The content's first episode, when that is another than this and has it or is about to.</summary>
    private async Task<KnownContent?> FirstAsync(Episode taken, string sha256, string blobName, CancellationToken cancellationToken)
    {
        while (true)
        {
            KnownContent? known = await store.FindContentAsync(sha256, cancellationToken).ConfigureAwait(false);
            if (known is not null && (known.FeedId, known.EpisodeKey) != (taken.FeedId, taken.Key)
                && await HoldsAsync(known, cancellationToken).ConfigureAwait(false))
                return known;
            if (await store.TryClaimContentAsync(
                new KnownContent(sha256, taken.FeedId, taken.Key, blobName, known?.Version), cancellationToken).ConfigureAwait(false))
                return null;
        }
    }

    private async Task<bool> HoldsAsync(KnownContent known, CancellationToken cancellationToken)
    {
        Episode? first = await store.FindEpisodeAsync(known.FeedId, known.EpisodeKey, cancellationToken).ConfigureAwait(false);
        return first is { Status: EpisodeStatus.Stored or EpisodeStatus.Forgotten }
            || (first is { Status: EpisodeStatus.Fetching } && !IsFree(first))
            || await StoredHashAsync(known.BlobName, cancellationToken).ConfigureAwait(false) == known.Sha256;
    }

    private async Task<string?> StoredHashAsync(string blobName, CancellationToken cancellationToken)
    {
        try
        {
            BlobProperties properties = await _container.GetBlobClient(blobName).GetPropertiesAsync(cancellationToken: cancellationToken)
                .ConfigureAwait(false);
            return properties.Metadata.TryGetValue(UploadMetadata.Sha256, out string? hash) ? hash : "";
        }
        catch (RequestFailedException missing) when (missing.Status == 404)
        {
            return null;
        }
    }

    /// <summary>Whoever forgets an episode deletes its row; what was stored of it since must go, too.</summary>
    private async Task TakeBackIfForgottenAsync(Episode lost, CancellationToken cancellationToken)
    {
        if (lost.BlobName is not { } name
            || await store.FindEpisodeAsync(lost.FeedId, lost.Key, cancellationToken).ConfigureAwait(false) is not null
            || await uploads.FindAsync(name, cancellationToken).ConfigureAwait(false) is not { } upload)
            return;
        var request = new ForgetRequest(upload.Id)
        {
            BlobName = upload.BlobName, BlobETag = upload.ETag, ContentBytes = upload.ContentBytes, Sha256 = lost.Sha256,
            Reason = "It was forgotten while it was fetched.",
        };
        await forgetting.RequestAsync([request], cancellationToken).ConfigureAwait(false);
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
