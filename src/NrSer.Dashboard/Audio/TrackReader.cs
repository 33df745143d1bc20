using Microsoft.AspNetCore.Http;
using NrSer.Dashboard.Recordings;
using NrSer.Pipeline.Chunks;
using NrSer.Pipeline.Results;

namespace NrSer.Dashboard.Audio;

/// <summary>What can be heard of a recording, as one file over its chunks.</summary>
/// <param name="reader">Its chunks.</param>
/// <param name="blobs">Their audio.</param>
/// <param name="original">Decodes what is no longer there.</param>
/// <param name="heard">Makes what is no longer there.</param>
internal sealed class TrackReader(RecordingReader reader, ChunkBlobs blobs, OriginalAudio original, HeardAudio heard)
{
    /// <summary>One channel of a recording; the caller disposes it.</summary>
    /// <exception cref="RefusedException">There is no such channel, or it cannot be heard; the message says why, and what to do.</exception>
    public async Task<TrackStream> OpenAsync(Recording recording, AudioVersion version, int channel, CancellationToken cancellationToken)
    {
        IReadOnlyList<Chunk> chunks = await WholeAsync(recording, channel, cancellationToken).ConfigureAwait(false);
        return new TrackStream(chunks, (chunk, from, samples, token) => OpenAsync(recording, version, chunk, from, samples, token));
    }

    /// <summary>What can be heard of it.</summary>
    public async Task<AvailableAudioV1> AvailableAsync(Recording recording, CancellationToken cancellationToken)
    {
        if (recording.ExpectedChunks is not { } expected)
            return new AvailableAudioV1("none", "none", "It has not been decoded to its end.");
        IReadOnlySet<string> decoded = await blobs.StoredAsync(recording.Id, AudioVersion.Original, cancellationToken).ConfigureAwait(false);
        IReadOnlySet<string> made = await blobs.StoredAsync(recording.Id, AudioVersion.Heard, cancellationToken).ConfigureAwait(false);
        bool isDecodable = decoded.Count >= expected || await original.IsThereAsync(recording, cancellationToken).ConfigureAwait(false);
        string first = decoded.Count >= expected ? "stored" : isDecodable ? "decoded" : "none";
        if (made.Count >= expected)
            return new AvailableAudioV1(first, "stored", null);
        string? whyNot = heard.WhyNot(recording, isDecodable);
        return new AvailableAudioV1(
            first, whyNot is null ? "made" : "none",
            whyNot ?? "The audio between stages is kept for a while only. It can be made again from the upload.");
    }

    private async Task<IReadOnlyList<Chunk>> WholeAsync(Recording recording, int channel, CancellationToken cancellationToken)
    {
        IReadOnlyList<Chunk> chunks = await reader.ChunksAsync(recording, channel, cancellationToken).ConfigureAwait(false);
        if (recording.ExpectedChunks is null || recording.DurationSeconds is not { } seconds)
            throw new RefusedException(StatusCodes.Status409Conflict, "It has not been decoded to its end.");
        if (chunks.Count == 0)
            throw new RefusedException(StatusCodes.Status404NotFound, $"It has no channel {channel}.");
        Chunk last = chunks[^1];
        return Math.Abs(((last.StartSample!.Value + last.Samples!.Value) / (double)Core.Segmentation.SegmentGrid.SampleRateHz) - seconds) < 0.5
            ? chunks
            : throw new RefusedException(StatusCodes.Status409Conflict, "Rows of its chunks are missing.");
    }

    private async Task<Stream> OpenAsync(
        Recording recording, AudioVersion version, Chunk chunk, int from, int samples, CancellationToken cancellationToken)
    {
        if (await blobs.OpenSamplesAsync(chunk.Id, version, from, samples, cancellationToken).ConfigureAwait(false) is { } stored)
            return stored;
        if (version == AudioVersion.Original)
            await original.RestoreAsync(recording, chunk.Id, cancellationToken).ConfigureAwait(false);
        else if (heard.WhyNot(recording, isDecodable: true) is { } whyNot)
            throw new RefusedException(StatusCodes.Status410Gone, whyNot);
        else
            await heard.RestoreAsync(recording, chunk, cancellationToken).ConfigureAwait(false);
        return await blobs.OpenSamplesAsync(chunk.Id, version, from, samples, cancellationToken).ConfigureAwait(false)
            ?? throw new RefusedException(StatusCodes.Status410Gone, "Its audio was removed while it was being read.");
    }
}

/// <summary>What can be heard of a recording.</summary>
/// <param name="Original">As it was recorded: stored, decoded (when asked for, which takes a while) or none.</param>
/// <param name="Heard">As the emotion model heard it: stored, made (when asked for, which takes longer) or none.</param>
/// <param name="Reason">Why something is missing, and what to do; null where nothing is.</param>
internal sealed record AvailableAudioV1(string Original, string Heard, string? Reason);
