using System.Collections.Frozen;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using NrSer.Core.Audio;
using NrSer.Core.Audio.Input;
using NrSer.Core.Segmentation;
using NrSer.Pipeline.Chunks;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Storage;
using NrSer.Pipeline.Work;

namespace NrSer.Pipeline.Stages;

/// <summary>Decodes an upload and cuts it: the half of ingest that reads audio.</summary>
/// <param name="decoder">Reads the upload.</param>
/// <param name="intake">Receives the chunks.</param>
/// <param name="audio">Told how much there is.</param>
/// <param name="segmentation">The longest chunk.</param>
/// <param name="ingestion">Mixed or separate channels.</param>
/// <param name="logger">The log.</param>
public sealed partial class CutUpload(
    AudioDecoder decoder, ChunkIntake intake, WorkAudio audio, IOptions<SegmentationOptions> segmentation, IOptions<IngestOptions> ingestion,
    ILogger<CutUpload> logger)
{
    private static readonly IReadOnlyDictionary<string, Chunk> s_none = new Dictionary<string, Chunk>(StringComparer.Ordinal);

    /// <summary>Says how a recording is to be cut: as an earlier run did, if it left chunks, else as the settings say.</summary>
    /// <param name="recording">What this run begins with.</param>
    /// <param name="earlier">What earlier runs wrote of the recording, or null.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    /// <returns>The recording with the plan, and the rows that earlier runs left of its chunks, by key.</returns>
    public async Task<(Recording Recording, IReadOnlyDictionary<string, Chunk> Before)> PlanAsync(
        Recording recording, Recording? earlier, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(recording);
        if (earlier is null or { Status: RecordingStatus.Queued, Generation: 0 })
            return (Planned(recording), s_none); // nobody was at it before
        IReadOnlyDictionary<string, Chunk> before = await intake.RowsAsync(recording.Id, cancellationToken).ConfigureAwait(false);
        Recording planned = before.Count > 0 && earlier is { ChannelMode: { } channels, MaxChunkSeconds: { } seconds }
            ? recording with { ChannelMode = channels, MaxChunkSeconds = seconds, SegmentStore = earlier.SegmentStore }
            : Planned(recording);
        return (planned, before);
    }

    private Recording Planned(Recording recording) => recording with
    {
        ChannelMode = recording.ChannelMode ?? ingestion.Value.Channels,
        MaxChunkSeconds = segmentation.Value.MaxChunk.TotalSeconds,
        SegmentStore = recording.SegmentStore
            ?? (recording.BlobName?.StartsWith(StorageNames.PodcastsPrefix, StringComparison.Ordinal) == true
                ? ingestion.Value.PodcastSegmentStore : null)
            ?? ingestion.Value.SegmentStore,
    };

    /// <summary>Hands on every chunk as soon as it is cut.</summary>
    /// <param name="recording">As planned.</param>
    /// <param name="lane">Which queues its chunks take.</param>
    /// <param name="before">Rows that earlier runs left, by key.</param>
    /// <param name="content">The upload.</param>
    /// <param name="cancellationToken">Stops between blocks.</param>
    /// <returns>What is known of the recording then.</returns>
    /// <exception cref="InvalidAudioException">It cannot be read, or not to its end.</exception>
    public async Task<Recording> RunAsync(
        Recording recording, Lane lane, IReadOnlyDictionary<string, Chunk> before, Stream content, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(recording);
        ArgumentNullException.ThrowIfNull(content);
        long begun = Stopwatch.GetTimestamp();
        IReadOnlySet<string> stored = ReferenceEquals(before, s_none) ? FrozenSet<string>.Empty
            : await intake.StoredAsync(recording.Id, cancellationToken).ConfigureAwait(false);
        var hashed = new HashedContent(content);
        await using ConfiguredAsyncDisposable closingContent = hashed.ConfigureAwait(false);
        var hints = new RecordingHints { Name = recording.BlobName, Track = recording.Track };
        SpeechReader speech = await SpeechReader.OpenAsync(decoder, hashed.Stream, hints, recording.ChannelMode!.Value, cancellationToken)
            .ConfigureAwait(false);
        await using ConfiguredAsyncDisposable closingReader = speech.ConfigureAwait(false);
        var reader = new ChunkReader(speech, new SegmentationOptions { MaxChunk = TimeSpan.FromSeconds(recording.MaxChunkSeconds!.Value) });
        int count = 0;
        long samples = 0;
        try
        {
            await foreach (AudioChunk chunk in reader.ReadAsync(cancellationToken).ConfigureAwait(false))
            {
                var id = new ChunkId(recording.Id, chunk.Channel, chunk.Index);
                bool isFinished = before.GetValueOrDefault(id.Key)?.FinishedAt is not null;
                samples += chunk.Samples.Length;
                await intake.AddAsync(id, recording.Generation, lane, chunk, stored.Contains(id.Key), isFinished, cancellationToken)
                    .ConfigureAwait(false);
                count++;
            }
        }
        finally
        {
            if (!cancellationToken.IsCancellationRequested)
                await audio.NoteAsync(recording.Id, samples, cancellationToken).ConfigureAwait(false); // of what cannot be read to its end, too
        }

        string sha256 = await hashed.FinishAsync(cancellationToken).ConfigureAwait(false);
        double seconds = reader.SamplesRead / (double)SegmentGrid.SampleRateHz;
        PipelineTelemetry.CountAudio(Stage.Ingest, seconds, Stopwatch.GetElapsedTime(begun));
        LogDecoded(recording.Id.Value, seconds, count);
        return new Recording
        {
            Id = recording.Id,
            Generation = recording.Generation,
            Status = RecordingStatus.Processing,
            LengthDiffers = recording.DeclaredSeconds is { } declared ? Math.Abs(seconds - declared) > 0.1 * declared : null,
            ExpectedChunks = count,
            IngestedGeneration = recording.Generation,
        }.WithSound(speech, reader.SamplesRead, sha256);
    }

    [LoggerMessage(3001, LogLevel.Information, "Decoded {RecordingId}: {Seconds:F1} s in {Chunks} chunks")]
    private partial void LogDecoded(string recordingId, double seconds, int chunks);
}
