using NrSer.Pipeline.Lake;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;
using NrSer.Pipeline.Work;

namespace NrSer.Pipeline.Forgetting;

/// <summary>Deletes what one store keeps of recordings, and leaves the others alone.</summary>
/// <param name="recordings">Told that audio is gone.</param>
/// <param name="uploads">Deletes uploads.</param>
/// <param name="erasure">Deletes audio between stages, results and rows.</param>
/// <param name="episodes">Deletes episodes.</param>
/// <param name="lake">Deletes rows of the lake.</param>
public sealed class StoreErasure(
    RecordingStore recordings, UploadErasure uploads, RecordingErasure erasure, EpisodeErasure episodes, LakeErasure lake)
{
    private const int AtOnce = 4;

    /// <summary>Deletes what the store has of recordings.</summary>
    /// <param name="store">The store.</param>
    /// <param name="old">All have ended.</param>
    /// <param name="cancellationToken">Stops between recordings; call it again then.</param>
    /// <exception cref="ServiceUnavailableException">The lake is being compacted.</exception>
    public async Task DeleteAsync(RetentionStore store, IReadOnlyCollection<Recording> old, CancellationToken cancellationToken)
    {
        if (store == RetentionStore.Lake)
        {
            if (await lake.RemoveAsync([.. old.Select(recording => recording.Id)], cancellationToken).ConfigureAwait(false) is null)
                throw new ServiceUnavailableException("The lake is being compacted by another host; retention goes on with the next sweep.");
            return;
        }

        if (store == RetentionStore.Rows) // before the rows that lead to them
            await episodes.RunAsync(old.Select(ForgetRequest.Of), cancellationToken).ConfigureAwait(false);
        var several = new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(old, several, async (recording, token) => await DeleteAsync(store, recording, token).ConfigureAwait(false))
            .ConfigureAwait(false);
    }

    private async Task DeleteAsync(RetentionStore store, Recording recording, CancellationToken cancellationToken)
    {
        RecordingId id = recording.Id;
        switch (store)
        {
            case RetentionStore.Uploads:
                await uploads.RunAsync(ForgetRequest.Of(recording), cancellationToken).ConfigureAwait(false);
                break;
            case RetentionStore.WorkAudio:
                await erasure.AudioAsync(id, cancellationToken).ConfigureAwait(false);
                await recordings.Open.ForgetAudioAsync(id, cancellationToken).ConfigureAwait(false);
                break;
            case RetentionStore.Results:
                await erasure.ResultsAsync(recording, cancellationToken).ConfigureAwait(false);
                break;
            case RetentionStore.Receipts:
                await erasure.ReceiptAsync(id, cancellationToken).ConfigureAwait(false);
                break;
            case RetentionStore.Rows:
                await erasure.RowsAsync(recording, cancellationToken).ConfigureAwait(false);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(store), store, "The lake is dealt with in one go.");
        }
    }
}
