using System.Runtime.CompilerServices;
using Microsoft.Extensions.Options;
using NrSer.Pipeline.Podcasts.Web;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;
using NrSer.Pipeline.Transcripts;
using NrSer.Pipeline.Uploads;

namespace NrSer.Pipeline.Podcasts;

/// <summary>Fetches publishers' transcripts, where that is wanted: they are somebody's words.</summary>
/// <param name="client">Asks.</param>
/// <param name="uploads">Tells which recording an episode became.</param>
/// <param name="recordings">Tells whether that was forgotten.</param>
/// <param name="blobs">Receive them.</param>
/// <param name="options">Whether it is wanted.</param>
/// <param name="time">The clock.</param>
public sealed class TranscriptFetch(
    PodcastClient client, UploadStore uploads, RecordingStore recordings, TranscriptBlobs blobs, IOptions<PodcastOptions> options,
    TimeProvider time)
{
    private const int MaxBytes = 4_000_000; // held while an episode is committed; seven hours with a time for every word

    /// <summary>Reads an episode's transcript.</summary>
    /// <param name="episode">The episode.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>The transcript, or why there is none though there should be; neither where none is wanted or named.</returns>
    internal async Task<(byte[]? Content, string? Obstacle)> ReadAsync(Episode episode, CancellationToken cancellationToken)
    {
        if (!options.Value.Transcripts || !Uri.TryCreate(episode.TranscriptUrl, UriKind.Absolute, out Uri? address))
            return (null, null);
        try
        {
            PodcastResponse answer = await client.GetFeedAsync(address, _ => { }, cancellationToken).ConfigureAwait(false);
            await using ConfiguredAsyncDisposable closing = answer.ConfigureAwait(false);
            Stream stream = await answer.Message.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
            using var limited = new LimitedStream(stream, MaxBytes, WebAddress.Shown(address), options.Value.StallLimit, time);
            using var content = new MemoryStream();
            await limited.CopyToAsync(content, cancellationToken).ConfigureAwait(false);
            byte[] transcript = content.ToArray();
            return TranscriptReader.Read(transcript) is not null ? (transcript, null)
                : (null, $"Its transcript {WebAddress.Shown(address)} has no times, as VTT, SRT and JSON have.");
        }
        catch (Exception error) when (error is PodcastException or IOException or HttpRequestException)
        {
            return (null, $"Its transcript cannot be had: {error.Message}");
        }
    }

    /// <summary>Stores a transcript beside the results of the recording that its episode became.</summary>
    /// <param name="blobName">The episode's blob.</param>
    /// <param name="content">From <see cref="ReadAsync"/>.</param>
    /// <param name="cancellationToken">Stops the requests.</param>
    internal async Task StoreAsync(string blobName, byte[] content, CancellationToken cancellationToken)
    {
        RecordingId? id = await uploads.FindRecordingAsync(blobName, cancellationToken).ConfigureAwait(false)
            ?? (await uploads.FindAsync(blobName, cancellationToken).ConfigureAwait(false))?.Id;
        if (id is not { } recording)
            return;
        await blobs.WriteAsync(recording, content, cancellationToken).ConfigureAwait(false);
        if ((await recordings.FindAsync(recording, cancellationToken).ConfigureAwait(false))?.Status == RecordingStatus.Forgotten)
            await blobs.DeleteAsync(recording, cancellationToken).ConfigureAwait(false); // meanwhile
    }
}
