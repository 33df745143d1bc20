using Microsoft.Extensions.Options;
using NrSer.Pipeline;
using NrSer.Pipeline.Results.Tables;
using NrSer.Pipeline.Stages;
using NrSer.Pipeline.Storage;

namespace NrSer.Dashboard.Audio;

/// <summary>What becomes of audio that was made again, as of all that a stage writes.</summary>
/// <param name="rejection">Takes it back, should the recording have been forgotten meanwhile.</param>
/// <param name="store">Told of it, so that it is removed in time where no account's rules do that.</param>
/// <param name="storage">Tells whether they do.</param>
internal sealed class RestoredAudio(RejectRecording rejection, RecordingStore store, IOptions<StorageOptions> storage)
{
    /// <summary>Says that audio was written, or part of it: whoever stops, this goes on.</summary>
    /// <param name="id">Of the recording.</param>
    /// <param name="bytes">How much; null for nothing.</param>
    public async Task SettleAsync(RecordingId id, long? bytes)
    {
        bool isVoid = await rejection.DiscardIfVoidAsync(id, CancellationToken.None).ConfigureAwait(false);
        if (!isVoid && bytes is { } written && storage.Value.ConnectionString is { Length: > 0 })
            await store.Open.NoteAudioAsync(id, written, CancellationToken.None).ConfigureAwait(false);
    }
}
