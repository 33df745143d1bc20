using NrSer.Pipeline.Forgetting;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;
using NrSer.Pipeline.Uploads;
using NrSer.Pipeline.Work;

namespace NrSer.Pipeline.Stages;

/// <summary>Decides whether an upload is taken in, and as which generation: what was forgotten, refused or dealt with to the end is not.</summary>
/// <param name="uploads">Knows which recording is under a name.</param>
/// <param name="refusal">Keeps out what was forgotten for good.</param>
/// <param name="store">Recording rows.</param>
/// <param name="rejection">Takes back what is left of an earlier run.</param>
/// <param name="completion">Ends the recording when every chunk is finished already.</param>
/// <param name="emulated">The storage, where it is one that can be full.</param>
public sealed class AdmitUpload(
    UploadStore uploads, RefuseUpload refusal, RecordingStore store, RejectRecording rejection, CompleteRecording completion,
    IEmulatedStorage? emulated = null)
{
    /// <summary>Decides.</summary>
    /// <param name="identified">The upload.</param>
    /// <param name="generation">That its event asks for.</param>
    /// <param name="cancellationToken">Stops the requests; nothing is lost.</param>
    /// <returns>The generation, and what earlier runs wrote of the recording; null where it is not taken in.</returns>
    /// <exception cref="ServiceUnavailableException">The storage is nearly full; what is under way goes on, and nothing else is begun.</exception>
    public async Task<(int Generation, Recording? Earlier)?> RunAsync(
        IdentifiedUpload identified, int generation, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(identified);
        Upload upload = identified.Upload;
        RecordingId id = upload.Id;
        Recording? earlier = await store.FindAsync(id, cancellationToken).ConfigureAwait(false);
        if (earlier is { Status: RecordingStatus.Forgotten })
        {
            await uploads.DisownIfForgottenAsync(upload.BlobName, id, cancellationToken).ConfigureAwait(false); // its name was just noted again
            return null;
        }

        if (earlier?.Status.IsOpen() == true && earlier.Generation > generation)
            return null; // it was started again, and has a later event

        // Copies that were taken in before somebody refused it stay; one that was restarted before anybody read it was not.
        bool wasTakenIn = earlier is { IngestedGeneration: not null, Status: not RecordingStatus.Withdrawn };
        if (!wasTakenIn && await refusal.RunAsync(identified, cancellationToken).ConfigureAwait(false))
            return null;
        if (earlier is { Status: RecordingStatus.Withdrawn } || (earlier is { Status: RecordingStatus.Failed } && identified.IsNewETag))
            generation = Math.Max(generation, earlier.Generation + 1); // it is there again
        if (earlier?.Status.IsVoid() == true && generation > earlier.Generation)
            await rejection.DiscardIfVoidAsync(id, cancellationToken).ConfigureAwait(false);
        if (earlier is { Status: RecordingStatus.Processing } && earlier.Generation == generation && earlier.IngestedGeneration == generation)
        {
            await completion.RunAsync(id, cancellationToken).ConfigureAwait(false); // a copy of an event that was dealt with to the end
            return null;
        }

        if (emulated?.IsFull == true && earlier is not { Status: RecordingStatus.Processing })
            throw new ServiceUnavailableException("The storage emulator is nearly full, and saves nothing beyond that: see docs/limits.md.");
        return (generation, earlier);
    }
}
