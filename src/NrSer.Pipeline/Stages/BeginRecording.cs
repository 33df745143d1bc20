using Microsoft.Extensions.Options;
using NrSer.Pipeline.Chunks;
using NrSer.Pipeline.Forgetting;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;
using NrSer.Pipeline.Uploads;

namespace NrSer.Pipeline.Stages;

/// <summary>Writes a recording's row before its upload is read: what is known by then, and how it is to be cut.</summary>
/// <param name="deployment">Says what results may be used for, and whom to ask.</param>
/// <param name="retention">Says how long what is kept.</param>
/// <param name="cutting">Plans.</param>
/// <param name="store">Recording rows.</param>
/// <param name="rejection">Takes back what a run left that was rejected.</param>
/// <param name="time">The clock.</param>
public sealed class BeginRecording(
    DeploymentBlob deployment, IOptions<RetentionOptions> retention, CutUpload cutting, RecordingStore store, RejectRecording rejection,
    TimeProvider time)
{
    /// <summary>Writes it.</summary>
    /// <param name="upload">The upload.</param>
    /// <param name="generation">Its generation.</param>
    /// <param name="earlier">What earlier runs wrote of the recording, or null.</param>
    /// <param name="cancellationToken">Stops the requests; nothing is lost.</param>
    /// <returns>What was planned, the rows that earlier runs left of its chunks, and the row as it stands; null where the event came late.</returns>
    public async Task<(Recording Planned, IReadOnlyDictionary<string, Chunk> Before, Recording Standing)?> RunAsync(
        Upload upload, int generation, Recording? earlier, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(upload);
        DeploymentV1? said = await deployment.RecentAsync(cancellationToken).ConfigureAwait(false);
        var begun = new Recording
        {
            Id = upload.Id,
            Generation = generation,
            Status = RecordingStatus.Processing,
            Reason = earlier?.Reason is { Length: > 0 } ? "" : null,
            FailedRuns = earlier is { FailedRuns: > 0 } && !earlier.Status.IsOpen() ? 0 : null, // uploaded again
            RetryRequested = earlier is { RetryRequested: true, Status: RecordingStatus.Queued } ? false : null, // this is it
            BlobName = upload.BlobName,
            BlobETag = upload.ETag,
            ContentBytes = upload.ContentBytes,
            UploadedAt = earlier?.UploadedAt ?? upload.CreatedOn,
            RecordedAt = upload.RecordedAt,
            Tags = upload.Tags,
            ListenUrl = upload.ListenUrl,
            DeclaredSeconds = upload.DeclaredSeconds,
            StartedAt = time.GetUtcNow(),
            ChannelMode = upload.Wishes.Channels,
            Track = upload.Wishes.Track,
            SegmentStore = upload.Wishes.Segments,
            Purpose = said?.LabelWithSetting,
            Contact = said?.Contact,
            Retention = retention.Value.InWords(upload.Episode?.FeedId),
        };
        (Recording planned, IReadOnlyDictionary<string, Chunk> before) = await cutting.PlanAsync(begun, earlier, cancellationToken)
            .ConfigureAwait(false);
        if (await store.AdvanceAsync(planned, earlier, cancellationToken).ConfigureAwait(false) is not { } standing)
        {
            // A late copy of an event whose recording has ended or was retried meanwhile; the run that rejected it may have died since.
            await rejection.DiscardIfVoidAsync(upload.Id, cancellationToken).ConfigureAwait(false);
            return null;
        }

        return (planned, before, standing);
    }
}
