using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using NrSer.Pipeline.Chunks;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;
using NrSer.Pipeline.Storage;

namespace NrSer.Pipeline.Stages;

/// <summary>Removes the audio between stages once it is done with: half a gigabyte an hour of recording. A retry decodes again.</summary>
/// <remarks>In Azure the account's lifecycle rules do that; where there are none, this keeps a budget. Manifests are small, and stay.</remarks>
/// <param name="store">Remembers what there is.</param>
/// <param name="blobs">The audio.</param>
/// <param name="options">The budget.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">The log.</param>
public sealed partial class WorkAudio(
    RecordingStore store, ChunkBlobs blobs, IOptions<WorkAudioOptions> options, TimeProvider time, ILogger<WorkAudio> logger)
{
    private const int BytesPerSample = 2 * sizeof(float); // x and y

    private static readonly TimeSpan s_interval = TimeSpan.FromMinutes(1);

    private DateTimeOffset _due = DateTimeOffset.MinValue;

    /// <summary>All of a recording was cut: however it ends, and whoever dies over it, its audio is known from here on.</summary>
    /// <param name="id">The recording.</param>
    /// <param name="samples">Of all of its chunks.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    public Task NoteAsync(RecordingId id, long samples, CancellationToken cancellationToken) =>
        options.Value.BudgetBytes is null ? Task.CompletedTask : store.Open.NoteAudioAsync(id, samples * BytesPerSample, cancellationToken);

    /// <summary>Everything that is derived from a recording's audio is written: of a podcast's nobody needs more.</summary>
    /// <param name="recording">The recording.</param>
    /// <param name="chunks">All of its chunks.</param>
    /// <param name="cancellationToken">Stops the requests.</param>
    public async Task DoneAsync(Recording recording, IReadOnlyCollection<Chunk> chunks, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(recording);
        ArgumentNullException.ThrowIfNull(chunks);
        if (options.Value.BudgetBytes is null || recording.BlobName?.StartsWith(StorageNames.PodcastsPrefix, StringComparison.Ordinal) != true)
            return;
        await blobs.DeleteAudioAsync(chunks.Select(chunk => chunk.Id), cancellationToken).ConfigureAwait(false);
        await store.Open.ForgetAudioAsync(recording.Id, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Removes what is beyond the budget, the oldest of what has ended first; looks once a minute.</summary>
    /// <param name="cancellationToken">Stops between recordings.</param>
    public async Task TrimAsync(CancellationToken cancellationToken)
    {
        DateTimeOffset now = time.GetUtcNow();
        if (options.Value.BudgetBytes is not { } budget || now < _due)
            return;
        _due = now + s_interval;
        HashSet<RecordingId> open = await store.Open.UnfinishedAsync(DateTimeOffset.MaxValue, cancellationToken)
            .ToHashSetAsync(cancellationToken: cancellationToken).ConfigureAwait(false);
        List<NotedAudio> kept = await store.Open.AudioAsync(cancellationToken).Where(audio => !open.Contains(audio.Id))
            .ToListAsync(cancellationToken).ConfigureAwait(false);
        long bytes = kept.Sum(audio => audio.Bytes);
        if (bytes <= budget)
            return;
        foreach (NotedAudio oldest in kept.OrderBy(audio => audio.NotedAt))
        {
            if ((await store.FindAsync(oldest.Id, cancellationToken).ConfigureAwait(false))?.Status.IsOpen() == true)
                continue; // it began anew just now, or nobody noted it
            await blobs.DeleteAudioAsync(oldest.Id, cancellationToken).ConfigureAwait(false);
            await store.Open.ForgetAudioAsync(oldest.Id, cancellationToken).ConfigureAwait(false); // last: dying before means to delete again
            LogRemoved(oldest.Id.Value, oldest.Bytes);
            bytes -= oldest.Bytes;
            if (bytes <= budget)
                return;
        }
    }

    [LoggerMessage(3701, LogLevel.Information, "Removed the work audio of {RecordingId}: {Bytes} bytes")]
    private partial void LogRemoved(string recordingId, long bytes);
}

/// <summary>How much audio between stages is kept.</summary>
public sealed class WorkAudioOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "NrSer:WorkAudio";

    /// <summary>Bytes of audio of recordings that have ended, one way or another; null to leave all of it, as in Azure, where the account's rules
    /// remove it.</summary>
    [Range(0, long.MaxValue)] public long? BudgetBytes { get; init; }
}

[OptionsValidator]
internal sealed partial class WorkAudioOptionsValidator : IValidateOptions<WorkAudioOptions>;
