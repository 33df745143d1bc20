using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;
using NrSer.Pipeline.Storage;

namespace NrSer.Pipeline.Forgetting;

/// <summary>Finds the recordings that somebody means, in one pass however many they are.</summary>
/// <param name="recordings">Rows.</param>
/// <param name="index">Names whose recording has no row yet.</param>
/// <param name="podcasts">Feeds and episodes.</param>
/// <param name="storage">Uploads of which nobody knows yet.</param>
public sealed class ForgetTargets(RecordingStore recordings, UploadIndex index, PodcastStore podcasts, BlobStorage storage)
{
    private const int AtOnce = 8;

    private readonly BlobContainerClient _container = storage.Container(StorageNames.Recordings);

    /// <summary>Finds recordings by id, and everything that ever lay under a name or had a content.</summary>
    /// <param name="wanted">Ids and names.</param>
    /// <param name="sha256">Hashes of contents, lower-case hex.</param>
    /// <param name="cancellationToken">Stops between requests.</param>
    public async Task<ForgetPlan> FindAsync(
        IReadOnlyCollection<string> wanted, IReadOnlyCollection<string> sha256, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(wanted);
        ArgumentNullException.ThrowIfNull(sha256);
        var plan = new Plan();
        var names = new HashSet<string>(StringComparer.Ordinal);
        var several = new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(wanted.Distinct(StringComparer.Ordinal), several, async (text, token) =>
        {
            Recording? row = RecordingId.TryParse(text, out RecordingId id) ? await recordings.FindAsync(id, token).ConfigureAwait(false) : null;
            if (row is not null)
                plan.Add(text, row);
            else
            {
                lock (names)
                    names.Add(text);
            }
        }).ConfigureAwait(false);

        if (names.Count + sha256.Count > 0)
        {
            await foreach (Recording row in recordings.ListOfAsync(names, sha256, cancellationToken).ConfigureAwait(false))
                plan.Add(row.Sha256 is { } hash && sha256.Contains(hash, StringComparer.Ordinal) ? hash : row.BlobName!, row);
        }

        await Parallel.ForEachAsync(names, several, async (name, token) => await AddUploadAsync(plan, name, token).ConfigureAwait(false))
            .ConfigureAwait(false);
        foreach (string hash in sha256)
        {
            await foreach (IndexedUpload known in index.ListOfAsync(hash, cancellationToken).ConfigureAwait(false))
                plan.Add(hash, RequestOf(known));
        }

        return plan.Finish(wanted.Concat(sha256));
    }

    /// <summary>Finds the recordings of a feed's episodes.</summary>
    /// <param name="feedId">The feed, whether or not it has a row.</param>
    /// <param name="cancellationToken">Stops between requests.</param>
    public async Task<ForgetPlan> OfFeedAsync(string feedId, CancellationToken cancellationToken)
    {
        string[] names = await podcasts.EpisodesAsync(feedId, status: null, cancellationToken)
            .Where(episode => episode is { BlobName: not null, Status: not EpisodeStatus.Duplicate }).Select(episode => episode.BlobName!)
            .ToArrayAsync(cancellationToken).ConfigureAwait(false);
        ForgetPlan plan = await FindAsync(names, [], cancellationToken).ConfigureAwait(false);
        return plan with { Unknown = [] }; // what was fetched and never stored, or forgotten before
    }

    /// <summary>What lies under a name though no row says so: it was dropped a moment ago.</summary>
    private async Task AddUploadAsync(Plan plan, string name, CancellationToken cancellationToken)
    {
        IndexedUpload? known = await index.FindAsync(name, cancellationToken).ConfigureAwait(false);
        if (known is not null)
            plan.Add(name, RequestOf(known));
        try
        {
            BlobProperties properties = await _container.GetBlobClient(name).GetPropertiesAsync(cancellationToken: cancellationToken)
                .ConfigureAwait(false);
            string etag = properties.ETag.ToString().Trim('"');
            if (known?.BlobETag == etag)
                return;
            plan.Add(name, new ForgetRequest(RecordingId.Of(properties.CreatedOn, StorageNames.Recordings, name, etag))
            {
                BlobName = name, BlobETag = etag, ContentBytes = properties.ContentLength,
            });
        }
        catch (RequestFailedException missing) when (missing.ErrorCode == BlobErrorCode.BlobNotFound || missing.Status == 400)
        {
            // Nothing lies there, or nothing can: the text is no name.
        }
    }

    private static ForgetRequest RequestOf(IndexedUpload known) => new(known.RecordingId)
    {
        BlobName = known.BlobName, BlobETag = known.BlobETag, ContentBytes = known.ContentBytes, Sha256 = known.Sha256,
    };

    /// <summary>Grows by several hands.</summary>
    private sealed class Plan
    {
        private readonly Dictionary<RecordingId, ForgetRequest> _requests = [];
        private readonly HashSet<string> _found = new(StringComparer.Ordinal);
        private readonly HashSet<RecordingId> _forgotten = [];

        public void Add(string text, Recording row)
        {
            lock (_requests)
            {
                _found.Add(text);
                if (row.Status == RecordingStatus.Forgotten)
                    _forgotten.Add(row.Id);
                else
                    _requests[row.Id] = ForgetRequest.Of(row);
            }
        }

        public void Add(string text, ForgetRequest request)
        {
            lock (_requests)
            {
                _found.Add(text);
                _requests.TryAdd(request.Id, request);
            }
        }

        public ForgetPlan Finish(IEnumerable<string> wanted) => new(
            [.. _requests.Values.OrderBy(request => request.Id.Value, StringComparer.Ordinal)],
            [.. wanted.Where(text => !_found.Contains(text)).Distinct(StringComparer.Ordinal)], _forgotten.Count);
    }
}

/// <summary>What is to be forgotten.</summary>
/// <param name="Requests">In order of id.</param>
/// <param name="Unknown">What led to nothing, as it was asked for.</param>
/// <param name="AlreadyForgotten">How many of those asked for were forgotten before.</param>
public sealed record ForgetPlan(IReadOnlyList<ForgetRequest> Requests, IReadOnlyList<string> Unknown, int AlreadyForgotten);
