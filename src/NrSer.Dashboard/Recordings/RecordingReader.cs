using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Caching.Memory;
using NrSer.Core.Audio;
using NrSer.Pipeline;
using NrSer.Pipeline.Chunks;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;

namespace NrSer.Dashboard.Recordings;

/// <summary>One recording, with its segments and chunks. Those of recordings that have ended are kept for the next request, within a limit.</summary>
/// <param name="store">All rows.</param>
/// <param name="cache">Counts segments.</param>
internal sealed class RecordingReader(RecordingStore store, IMemoryCache cache)
{
    /// <summary>Most segments that are held of one recording: more than 40 h of speech in two channels.</summary>
    public const int MostSegments = 50_000;

    /// <summary>What a channel is.</summary>
    public const string Channel = "From 0; there are more than one where channels were kept apart.";

    private static readonly TimeSpan s_kept = TimeSpan.FromMinutes(5);

    /// <summary>The recording; that of one that was forgotten is its tombstone.</summary>
    /// <exception cref="RefusedException">There is none.</exception>
    public async Task<Recording> FindRowAsync(string id, CancellationToken cancellationToken) =>
        RecordingId.TryParse(id, out RecordingId known) && await store.FindAsync(known, cancellationToken).ConfigureAwait(false) is { } recording
            ? recording : throw new RefusedException(StatusCodes.Status404NotFound, "There is no such recording.");

    /// <summary>The recording, to do something with it: one that was forgotten is none, although some of it may be yet to be deleted.</summary>
    /// <exception cref="RefusedException">There is none.</exception>
    public async Task<Recording> FindAsync(string id, CancellationToken cancellationToken)
    {
        Recording recording = await FindRowAsync(id, cancellationToken).ConfigureAwait(false);
        return recording.Status == RecordingStatus.Forgotten ? throw new RefusedException(StatusCodes.Status410Gone, "It was forgotten.")
            : recording;
    }

    /// <summary>How many channels of it were worked on, each for itself.</summary>
    public static int ChannelsOf(Recording recording) => recording.ChannelMode == ChannelMode.Separate ? Math.Max(1, recording.Channels ?? 1) : 1;

    /// <summary>The channel that is asked for.</summary>
    /// <exception cref="BadQueryException">The recording does not have it.</exception>
    public static int ChannelOf(Recording recording, int channel)
    {
        int there = ChannelsOf(recording);
        return channel < there ? channel : throw new BadQueryException(
            nameof(channel), there == 1 ? "takes 0: its channels were not kept apart." : $"takes 0 to {there - 1}: so many it has.");
    }

    /// <summary>Its segments, in order of channel and time.</summary>
    /// <exception cref="RefusedException">There are too many to hold.</exception>
    public async Task<IReadOnlyList<Segment>> SegmentsAsync(Recording recording, CancellationToken cancellationToken)
    {
        object key = (recording.Id, recording.Version, nameof(Segment));
        if (cache.TryGetValue(key, out List<Segment>? kept))
            return kept!;
        var segments = new List<Segment>(recording.SegmentCount ?? 0);
        await foreach (Segment segment in store.SegmentsAsync(recording, cancellationToken).ConfigureAwait(false))
        {
            segments.Add(segment);
            if (segments.Count > MostSegments)
            {
                throw new RefusedException(
                    StatusCodes.Status409Conflict, $"It has more than {MostSegments} segments: ask for them as NDJSON or CSV, or by nrser export.");
            }
        }

        Keep(key, recording, segments, segments.Count);
        return segments;
    }

    /// <summary>The chunks of one of its channels, in order of time, without a gap.</summary>
    public async Task<IReadOnlyList<Chunk>> ChunksAsync(Recording recording, int channel, CancellationToken cancellationToken)
    {
        object key = (recording.Id, recording.Version, nameof(Chunk), channel);
        if (cache.TryGetValue(key, out List<Chunk>? kept))
            return kept!;
        var chunks = new List<Chunk>();
        long end = 0;
        await foreach (Chunk chunk in store.ChunksAsync(recording.Id, cancellationToken).ConfigureAwait(false))
        {
            if (chunk.Id.Channel == channel && chunk is { StartSample: { } start, Samples: { } samples } && start == end)
            {
                chunks.Add(chunk);
                end += samples;
            }
        }

        Keep(key, recording, chunks, chunks.Count);
        return chunks;
    }

    private void Keep<T>(object key, Recording recording, List<T> rows, int size)
    {
        if (!recording.Status.IsOpen())
            cache.Set(key, rows, new MemoryCacheEntryOptions { Size = size + 1, SlidingExpiration = s_kept });
    }
}
