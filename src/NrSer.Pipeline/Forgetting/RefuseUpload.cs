using Microsoft.Extensions.Logging;
using NrSer.Pipeline.Results.Tables;
using NrSer.Pipeline.Uploads;

namespace NrSer.Pipeline.Forgetting;

/// <summary>Keeps an upload from being taken in that somebody wanted forgotten for good: it is forgotten, too.</summary>
/// <param name="refusals">What is refused.</param>
/// <param name="requests">Has it forgotten.</param>
/// <param name="logger">The log.</param>
public sealed partial class RefuseUpload(Refusals refusals, ForgetRequests requests, ILogger<RefuseUpload> logger)
{
    /// <summary>Refuses an upload if it has to be.</summary>
    /// <param name="identified">The upload.</param>
    /// <param name="cancellationToken">Stops the requests.</param>
    /// <returns>Whether it was: then there is a tombstone, and Sweep does the rest.</returns>
    public async Task<bool> RunAsync(IdentifiedUpload identified, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(identified);
        Upload upload = identified.Upload;
        bool isEpisode = upload.Episode is { } episode
            && await refusals.IsRefusedAsync(episode.FeedId, episode.Key, cancellationToken).ConfigureAwait(false);
        bool isContent = !isEpisode && await refusals.IsRefusedAsync(identified.Sha256, cancellationToken).ConfigureAwait(false);
        if (!isEpisode && !isContent)
            return false;
        LogRefused(upload.Id.Value);
        var request = new ForgetRequest(upload.Id)
        {
            BlobName = upload.BlobName, BlobETag = upload.ETag, ContentBytes = upload.ContentBytes, Sha256 = identified.Sha256,
            IsRefused = isContent, Reason = "It was forgotten before.",
        };
        await requests.RequestAsync([request], cancellationToken).ConfigureAwait(false);
        return true;
    }

    [LoggerMessage(5101, LogLevel.Warning, "{RecordingId} was forgotten before and is not taken in again: its upload is deleted")]
    private partial void LogRefused(string recordingId);
}
