using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;
using NrSer.Pipeline.Transcripts;

namespace NrSer.Pipeline.Forgetting;

/// <summary>Deletes the episodes whose recordings are forgotten, or were kept long enough: what is left of them is a keyed hash, by which they are
/// known when their feed is read again.</summary>
/// <param name="podcasts">Episodes.</param>
/// <param name="refusals">Keyed hashes.</param>
/// <param name="transcripts">What was said in those that never became a recording.</param>
public sealed class EpisodeErasure(PodcastStore podcasts, Refusals refusals, TranscriptBlobs transcripts)
{
    private const string Folder = "podcasts/"; // names of episodes' uploads

    /// <summary>Deletes them, those included whose content was the same.</summary>
    /// <param name="requests">What goes.</param>
    /// <param name="cancellationToken">Stops between episodes; call it again then.</param>
    /// <returns>How many there were.</returns>
    public async Task<RemovedV1> RunAsync(IEnumerable<ForgetRequest> requests, CancellationToken cancellationToken)
    {
        var names = requests.Select(request => request.BlobName).OfType<string>()
            .Where(name => name.StartsWith(Folder, StringComparison.Ordinal)).ToHashSet(StringComparer.Ordinal);
        if (names.Count == 0)
            return RemovedV1.None;
        // An upload does not say whose duplicates it is: one look through all episodes, however many recordings there are.
        List<Episode> meant = await podcasts.AllEpisodesAsync(cancellationToken)
            .Where(episode => episode.BlobName is { } name && names.Contains(name)).ToListAsync(cancellationToken).ConfigureAwait(false);
        await RunAsync(meant, cancellationToken).ConfigureAwait(false);
        return RemovedV1.None with { Episodes = meant.Count };
    }

    /// <summary>Deletes episodes.</summary>
    /// <param name="episodes">Which.</param>
    /// <param name="cancellationToken">Stops between episodes; call it again then.</param>
    public async Task RunAsync(IReadOnlyCollection<Episode> episodes, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(episodes);
        await refusals.RefuseAsync(episodes.SelectMany(episode => episode.Keys.Select(key => (episode.FeedId, key))), cancellationToken)
            .ConfigureAwait(false);
        foreach (Episode episode in episodes)
        {
            if (episode is { Status: not (EpisodeStatus.Stored or EpisodeStatus.Duplicate), BlobName: { } name })
                await transcripts.DeleteAsync(name, cancellationToken).ConfigureAwait(false);
            await podcasts.DeleteEpisodeAsync(episode, cancellationToken).ConfigureAwait(false);
        }
    }
}
