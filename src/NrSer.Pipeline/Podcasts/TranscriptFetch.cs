using System.Runtime.CompilerServices;
using Microsoft.Extensions.Options;
using NrSer.Pipeline.Podcasts.Web;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Transcripts;

namespace NrSer.Pipeline.Podcasts;

/// <summary>Fetches publishers' transcripts, where that is wanted: they are somebody's words.</summary>
/// <param name="client">Asks.</param>
/// <param name="blobs">Receive them.</param>
/// <param name="options">Whether it is wanted.</param>
/// <param name="time">The clock.</param>
public sealed class TranscriptFetch(PodcastClient client, TranscriptBlobs blobs, IOptions<PodcastOptions> options, TimeProvider time)
{
    private const int MaxBytes = 4_000_000; // held while an episode is committed; seven hours with a time for every word

    /// <summary>Stores an episode's transcript for the upload that it is about to become.</summary>
    /// <param name="episode">The episode.</param>
    /// <param name="blobName">The upload, of which nobody has heard yet: whoever completes its recording looks for the words.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>Why there is none though there should be; null where it is stored, and where none is wanted or named.</returns>
    internal async Task<string?> RunAsync(Episode episode, string blobName, CancellationToken cancellationToken)
    {
        (byte[]? words, string? obstacle) = await ReadAsync(episode, cancellationToken).ConfigureAwait(false);
        if (words is not null)
            await blobs.WriteAsync(blobName, words, cancellationToken).ConfigureAwait(false);
        return obstacle;
    }

    private async Task<(byte[]? Content, string? Obstacle)> ReadAsync(Episode episode, CancellationToken cancellationToken)
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
}
