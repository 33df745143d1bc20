using System.Runtime.CompilerServices;
using NrSer.Core.Audio.Ffmpeg;
using NrSer.Core.Audio.Input;
using NrSer.Pipeline.Chunks;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;
using NrSer.Pipeline.Uploads;
using NrSer.Pipeline.Work;

namespace NrSer.Pipeline.Stages;

/// <summary>Reads an upload to its end and hands on what it cuts, or rejects the recording.</summary>
/// <param name="uploads">Opens it.</param>
/// <param name="scan">Says whether it may be decoded.</param>
/// <param name="cutting">Decodes and cuts it.</param>
/// <param name="store">Recording rows.</param>
/// <param name="rejection">Ends a recording that cannot be read.</param>
/// <param name="completion">Ends the recording when every chunk is finished already.</param>
public sealed class TakeInUpload(
    UploadStore uploads, MalwareScan scan, CutUpload cutting, RecordingStore store, RejectRecording rejection, CompleteRecording completion)
{
    /// <summary>Reads it.</summary>
    /// <param name="identified">The upload.</param>
    /// <param name="begun">What <see cref="BeginRecording"/> wrote.</param>
    /// <param name="lane">Which queues its chunks take.</param>
    /// <param name="hasCrashed">Whether ffmpeg crashed over it before: then it is the recording's fault.</param>
    /// <param name="cancellationToken">Stops between blocks; nothing is lost.</param>
    /// <exception cref="FfmpegCrashException">It did so for the first time.</exception>
    public async Task RunAsync(
        IdentifiedUpload identified, (Recording Planned, IReadOnlyDictionary<string, Chunk> Before, Recording Standing) begun, Lane lane,
        bool hasCrashed, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(identified);
        Upload upload = identified.Upload;
        try
        {
            if (upload.Wishes.Error is { } error)
                throw new InvalidAudioException(error);
            await scan.CheckAsync(upload.BlobName, cancellationToken).ConfigureAwait(false);
            Stream content = await uploads.OpenAsync(identified, cancellationToken).ConfigureAwait(false);
            await using ConfiguredAsyncDisposable closing = content.ConfigureAwait(false);
            Recording decoded = await cutting.RunAsync(begun.Planned, lane, begun.Before, content, cancellationToken).ConfigureAwait(false);
            if (await store.AdvanceAsync(decoded, begun.Standing, cancellationToken).ConfigureAwait(false) is null)
                await rejection.DiscardIfVoidAsync(upload.Id, cancellationToken).ConfigureAwait(false);
            else
                await completion.RunAfterCutAsync(decoded, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception invalid) when (
            (invalid is InvalidAudioException && !UploadStore.IsChanged(invalid)) || (invalid is FfmpegCrashException && hasCrashed))
        {
            await rejection.RunAsync(upload.Id, begun.Planned.Generation, invalid.Message, cancellationToken).ConfigureAwait(false);
        }
    }
}
