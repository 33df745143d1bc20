using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using NrSer.Core.Audio.Ffmpeg;
using NrSer.Core.Audio.Input;
using NrSer.Pipeline.Chunks;
using NrSer.Pipeline.Forgetting;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;
using NrSer.Pipeline.Uploads;
using NrSer.Pipeline.Work;

namespace NrSer.Pipeline.Stages;

/// <summary>Decodes an upload, cuts it into chunks and hands them on.</summary>
/// <remarks>
/// Each chunk is announced as soon as it is stored, so that hours of audio are worked on while they are still being decoded; should
/// the recording turn out damaged later, <see cref="RejectRecording"/> takes everything back. Chunks that an earlier run stored are not
/// stored again, and are cut as that run cut them, even if the settings have changed since.
/// </remarks>
/// <param name="uploads">For the upload itself, and for which recording it is.</param>
/// <param name="refusal">Keeps out what was forgotten for good.</param>
/// <param name="deployment">Says what results may be used for, and whom to ask.</param>
/// <param name="retention">Says how long what is kept.</param>
/// <param name="scan">Says whether it may be decoded.</param>
/// <param name="cutting">Decodes and cuts it.</param>
/// <param name="store">Recording rows.</param>
/// <param name="rejection">Ends a recording that cannot be read.</param>
/// <param name="completion">Ends the recording when every chunk is finished already.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">The log.</param>
public sealed partial class IngestRecording(
    UploadStore uploads, RefuseUpload refusal, DeploymentBlob deployment, IOptions<RetentionOptions> retention, MalwareScan scan,
    CutUpload cutting, RecordingStore store, RejectRecording rejection, CompleteRecording completion, TimeProvider time,
    ILogger<IngestRecording> logger)
{
    /// <summary>Handles one blob event; may run twice, at once or late, and die anywhere.</summary>
    /// <param name="message">An event that <see cref="BlobCreatedEvent.Parse"/> reads.</param>
    /// <param name="cancellationToken">Stops it; nothing is lost.</param>
    /// <exception cref="InvalidMessageException">The message is no blob event.</exception>
    public async Task RunAsync(WorkMessage message, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(message);
        var told = BlobCreatedEvent.Parse(message.Body);
        Upload? last = null;
        bool hasCrashed = false;
        while (await uploads.FindAsync(told.BlobName, cancellationToken).ConfigureAwait(false) is { } upload)
        {
            if (upload.Lane > message.Lane)
            {
                // Event Grid and listings know no metadata: what turns out to belong to an archive lets others pass.
                await uploads.SendAsync(upload, told.Generation, cancellationToken).ConfigureAwait(false);
                return;
            }

            try
            {
                IdentifiedUpload identified = await uploads.IdentifyAsync(
                    upload, before => rejection.WithdrawAsync(before, "The upload was replaced before it was taken in.", cancellationToken),
                    cancellationToken).ConfigureAwait(false);
                last = identified.Upload;
                await TakeInAsync(identified, told.Generation, message.Lane, hasCrashed, cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (FfmpegCrashException crash) when (!hasCrashed)
            {
                LogCrashed(crash, told.BlobName);
                hasCrashed = true; // by the recording's fault, if it happens again
            }
            catch (Exception changed) when (UploadStore.IsChanged(changed))
            {
                // Its metadata, or all of it: look again. What was cut of it after another withdrew it must not stay.
                if (last is not null)
                    await rejection.DiscardIfVoidAsync(last.Id, cancellationToken).ConfigureAwait(false);
            }
        }

        LogGone(told.BlobName);
        if (await uploads.FindRecordingAsync(told.BlobName, cancellationToken).ConfigureAwait(false) is { } id)
            await rejection.WithdrawAsync(id, "The upload was deleted before it was taken in.", cancellationToken).ConfigureAwait(false);
    }

    private async Task TakeInAsync(
        IdentifiedUpload identified, int generation, Lane lane, bool hasCrashed, CancellationToken cancellationToken)
    {
        Upload upload = identified.Upload;
        RecordingId id = upload.Id;
        Recording? earlier = await store.FindAsync(id, cancellationToken).ConfigureAwait(false);
        if (earlier is { Status: RecordingStatus.Forgotten })
        {
            await uploads.DisownIfForgottenAsync(upload.BlobName, id, cancellationToken).ConfigureAwait(false); // its name was just noted again
            return;
        }

        bool isNew = earlier is null or { Status: RecordingStatus.Queued, Generation: 0 }; // copies that were here before somebody refused it stay
        if (isNew && await refusal.RunAsync(identified, cancellationToken).ConfigureAwait(false))
            return;
        if (earlier is { Status: RecordingStatus.Withdrawn } || (earlier is { Status: RecordingStatus.Failed } && identified.IsNewETag))
            generation = Math.Max(generation, earlier.Generation + 1); // it is there again
        if (earlier?.Status.IsVoid() == true && generation > earlier.Generation)
            await rejection.DiscardIfVoidAsync(id, cancellationToken).ConfigureAwait(false);
        if (earlier is { Status: RecordingStatus.Processing } && earlier.Generation == generation && earlier.IngestedGeneration == generation)
        {
            await completion.RunAsync(id, cancellationToken).ConfigureAwait(false); // a copy of an event that was dealt with to the end
            return;
        }

        DeploymentV1? said = await deployment.RecentAsync(cancellationToken).ConfigureAwait(false);
        var begun = new Recording
        {
            Id = id,
            Generation = generation,
            Status = RecordingStatus.Processing,
            Reason = earlier?.Reason is { Length: > 0 } ? "" : null,
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
            await rejection.DiscardIfVoidAsync(id, cancellationToken).ConfigureAwait(false);
            return;
        }

        try
        {
            if (upload.Wishes.Error is { } error)
                throw new InvalidAudioException(error);
            await scan.CheckAsync(upload.BlobName, cancellationToken).ConfigureAwait(false);
            Stream content = await uploads.OpenAsync(identified, cancellationToken).ConfigureAwait(false);
            await using ConfiguredAsyncDisposable closing = content.ConfigureAwait(false);
            Recording decoded = await cutting.RunAsync(planned, lane, before, content, cancellationToken).ConfigureAwait(false);
            if (await store.AdvanceAsync(decoded, standing, cancellationToken).ConfigureAwait(false) is null)
                await rejection.DiscardIfVoidAsync(id, cancellationToken).ConfigureAwait(false);
            else
                await completion.RunAfterCutAsync(decoded, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception invalid) when (
            (invalid is InvalidAudioException && !UploadStore.IsChanged(invalid)) || (invalid is FfmpegCrashException && hasCrashed))
        {
            await rejection.RunAsync(id, generation, invalid.Message, cancellationToken).ConfigureAwait(false);
        }
    }

    [LoggerMessage(3005, LogLevel.Warning, "ffmpeg crashed over {BlobName}: trying once more")]
    private partial void LogCrashed(Exception error, string blobName);

    [LoggerMessage(3003, LogLevel.Information, "The upload {BlobName} is gone")]
    private partial void LogGone(string blobName);
}
