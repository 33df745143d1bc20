using System.Collections.Concurrent;
using Azure;
using NrSer.Pipeline.Lake;
using NrSer.Pipeline.Results.Tables;
using NrSer.Pipeline.Work;

namespace NrSer.Pipeline.Forgetting;

/// <summary>Deletes all that is kept of many recordings, wherever it is.</summary>
/// <param name="recordings">Deletes what is kept of one.</param>
/// <param name="episodes">Deletes episodes.</param>
/// <param name="lake">Deletes rows of the lake.</param>
/// <param name="letters">Deletes what was given up.</param>
public sealed class ForgottenErasure(RecordingErasure recordings, EpisodeErasure episodes, LakeErasure lake, LetterErasure letters)
{
    private const int AtOnce = 8; // recordings
    private const int Looks = 3; // until nothing is found; more is somebody at work, which the next look is for

    /// <summary>Deletes what is kept of recordings, and looks whether anything came back meanwhile.</summary>
    /// <param name="asked">Which; they have tombstones.</param>
    /// <param name="held">Receives those that cannot be deleted, and why.</param>
    /// <param name="cancellationToken">Stops between recordings; call it again then.</param>
    /// <returns>What there was.</returns>
    public async Task<RemovedV1> RunAsync(
        IReadOnlyCollection<ForgetRequest> asked, ConcurrentDictionary<RecordingId, string> held, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(held);
        RemovedV1 removed = await episodes.RunAsync(asked, cancellationToken).ConfigureAwait(false);
        removed += await EraseAsync(asked, held, cancellationToken).ConfigureAwait(false);
        removed += RemovedV1.None with
        {
            LakeRecordings = await lake.RemoveWhenFreeAsync(asked.Select(request => request.Id), cancellationToken).ConfigureAwait(false),
            Letters = await letters.RunAsync(asked, cancellationToken).ConfigureAwait(false),
        };
        ForgetRequest[] open = [.. asked.Where(request => !held.ContainsKey(request.Id))];
        for (int look = 0; look < Looks; look++)
        {
            RemovedV1 found = await EraseAsync(open, held, cancellationToken).ConfigureAwait(false);
            removed += found;
            if (found.Total == 0)
                break;
        }

        return removed;
    }

    /// <summary>Deletes what came back of recordings that were forgotten.</summary>
    /// <param name="due">Which.</param>
    /// <param name="cancellationToken">Stops between recordings; call it again then.</param>
    /// <returns>What there was.</returns>
    public async Task<RemovedV1> AgainAsync(IReadOnlyCollection<WatchedRecording> due, CancellationToken cancellationToken)
    {
        var found = new ConcurrentDictionary<RecordingId, RemovedV1>();
        await Parallel.ForEachAsync(due, Several(cancellationToken), async (recording, token) =>
            found[recording.Id] = await recordings.DerivedAsync(recording.Id, recording.UploadKey, hasUpload: false, token)
                .ConfigureAwait(false)).ConfigureAwait(false);
        return found.Values.Aggregate(RemovedV1.None, RemovedV1.Add) with
        {
            LakeRecordings = await lake.RemoveWhenFreeAsync(due.Select(recording => recording.Id), cancellationToken).ConfigureAwait(false),
            Letters = await letters.LostAsync(
                due.Select(recording => recording.UploadKey).OfType<string>().ToHashSet(StringComparer.Ordinal), cancellationToken)
                .ConfigureAwait(false),
        };
    }

    /// <summary>Deletes what is kept of recordings; one that cannot be deleted must not keep the others waiting.</summary>
    private async Task<RemovedV1> EraseAsync(
        IReadOnlyCollection<ForgetRequest> open, ConcurrentDictionary<RecordingId, string> held, CancellationToken cancellationToken)
    {
        var found = new ConcurrentBag<RemovedV1>();
        await Parallel.ForEachAsync(open, Several(cancellationToken), async (request, token) =>
        {
            try
            {
                found.Add(await recordings.RunAsync(request, token).ConfigureAwait(false));
            }
            catch (RequestFailedException refused) when (!ServiceUnavailableException.IsBehind(refused))
            {
                held[request.Id] = refused.Message.Split('\n', 2)[0].Trim();
            }
        }).ConfigureAwait(false);
        return found.Aggregate(RemovedV1.None, RemovedV1.Add);
    }

    private static ParallelOptions Several(CancellationToken cancellationToken) =>
        new() { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken };
}
