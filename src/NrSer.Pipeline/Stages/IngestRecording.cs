using Microsoft.Extensions.Logging;
using NrSer.Core.Audio.Ffmpeg;
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
/// <param name="admission">Decides whether it is taken in.</param>
/// <param name="beginning">Writes what is known of it before it is read.</param>
/// <param name="taking">Reads it.</param>
/// <param name="rejection">Ends a recording whose upload is gone.</param>
/// <param name="logger">The log.</param>
public sealed partial class IngestRecording(
    UploadStore uploads, AdmitUpload admission, BeginRecording beginning, TakeInUpload taking, RejectRecording rejection,
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
                if (await admission.RunAsync(identified, told.Generation, cancellationToken).ConfigureAwait(false) is { } admitted
                    && await beginning.RunAsync(identified.Upload, admitted.Generation, admitted.Earlier, cancellationToken).ConfigureAwait(false)
                        is { } begun)
                    await taking.RunAsync(identified, begun, message.Lane, hasCrashed, cancellationToken).ConfigureAwait(false);
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

    [LoggerMessage(3005, LogLevel.Warning, "ffmpeg crashed over {BlobName}: trying once more")]
    private partial void LogCrashed(Exception error, string blobName);

    [LoggerMessage(3003, LogLevel.Information, "The upload {BlobName} is gone")]
    private partial void LogGone(string blobName);
}
