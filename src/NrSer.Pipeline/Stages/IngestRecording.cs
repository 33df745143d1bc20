using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using NrSer.Core.Audio;
using NrSer.Core.Audio.Input;
using NrSer.Core.Segmentation;
using NrSer.Pipeline.Events;
using NrSer.Pipeline.Messages;
using NrSer.Pipeline.Queues;
using NrSer.Pipeline.Rows;
using NrSer.Pipeline.Storage;

namespace NrSer.Pipeline.Stages;

/// <summary>Decodes an upload, cuts it into chunks and hands them on.</summary>
/// <remarks>
/// Each chunk is announced as soon as it is stored, so that hours of audio are worked on while they are still being decoded; should
/// the recording turn out damaged later, <see cref="RejectRecording"/> takes everything back. Chunks that an earlier run stored are not
/// stored again, and are cut as that run cut them, even if the settings have changed since.
/// </remarks>
/// <param name="storage">For the upload itself.</param>
/// <param name="blobs">Receives the chunks.</param>
/// <param name="tables">Recording and chunk rows.</param>
/// <param name="decoder">Reads the upload.</param>
/// <param name="segmentation">The longest chunk.</param>
/// <param name="ingestion">Mixed or separate channels.</param>
/// <param name="rejection">Ends a recording that cannot be read.</param>
/// <param name="completion">Ends the recording when every chunk is finished already.</param>
/// <param name="chunks">The next queue.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">The log.</param>
public sealed partial class IngestRecording(
    StorageClients storage, ChunkBlobs blobs, ResultTables tables, AudioDecoder decoder, IOptions<SegmentationOptions> segmentation,
    IOptions<IngestOptions> ingestion, RejectRecording rejection, CompleteRecording completion, IWorkQueue chunks, TimeProvider time, ILogger<IngestRecording> logger)
{
    private const int ReadAheadBytes = 4 * 1024 * 1024; // one range request per 4 MiB

    /// <summary>Handles one blob event; may run twice, at once or late, and die anywhere.</summary>
    /// <param name="message">An event that <see cref="BlobCreatedEvent.Parse"/> reads.</param>
    /// <param name="cancellationToken">Stops it; nothing is lost.</param>
    /// <exception cref="InvalidMessageException">The message is no blob event.</exception>
    public async Task RunAsync(WorkMessage message, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(message);
        BlobCreatedEvent upload = BlobCreatedEvent.Parse(message.Body);
        BlobClient blob = storage.Container(upload.Container).GetBlobClient(upload.BlobName);
        var unchanged = new BlobRequestConditions { IfMatch = new ETag($"\"{upload.ETag}\"") };
        if (await storage.FindUploadAsync(upload, cancellationToken).ConfigureAwait(false) is not { } properties)
        {
            LogGone(upload.BlobName); // deleted, or replaced by a newer upload that has its own event
            return;
        }

        RecordingId id = RecordingId.Of(properties.CreatedOn, upload.Container, upload.BlobName, upload.ETag);
        RecordingRow? earlier = await tables.FindRecordingAsync(id, cancellationToken).ConfigureAwait(false);
        if (earlier is { Status: nameof(RecordingStatus.Processing) } && earlier.Generation == upload.Generation && earlier.IngestedGeneration == upload.Generation)
        {
            await completion.RunAsync(id, cancellationToken).ConfigureAwait(false); // a copy of an event that was dealt with to the end
            return;
        }

        Dictionary<string, ChunkRow> known = await KnownChunksAsync(id, cancellationToken).ConfigureAwait(false);
        (ChannelMode channels, TimeSpan maxChunk) = Cut(known.Count > 0 ? earlier : null);
        var begun = new RecordingRow
        {
            BlobName = upload.BlobName,
            BlobETag = upload.ETag,
            ContentBytes = properties.ContentLength,
            UploadedAt = properties.CreatedOn,
            StartedAt = time.GetUtcNow(),
            ChannelMode = channels.ToString(),
            MaxChunkSeconds = maxChunk.TotalSeconds,
        };
        if (!await tables.AdvanceAsync(id, upload.Generation, RecordingStatus.Processing, begun, cancellationToken).ConfigureAwait(false))
        {
            // A late copy of an event whose recording has ended or was retried meanwhile; the run that rejected it may have died since.
            await rejection.DiscardIfRejectedAsync(id, cancellationToken).ConfigureAwait(false);
            return;
        }

        try
        {
            Stream content = await blob.OpenReadAsync(
                new BlobOpenReadOptions(allowModifications: false) { Conditions = unchanged, BufferSize = ReadAheadBytes }, cancellationToken).ConfigureAwait(false);
            await using ConfiguredAsyncDisposable closing = content.ConfigureAwait(false);
            RecordingRow decoded = await DecodeAsync(id, upload.Generation, content, known, channels, maxChunk, cancellationToken).ConfigureAwait(false);
            if (!await tables.AdvanceAsync(id, upload.Generation, RecordingStatus.Processing, decoded, cancellationToken).ConfigureAwait(false))
                return;
        }
        catch (InvalidAudioException invalid)
        {
            await rejection.RunAsync(id, upload.Generation, invalid.Message, cancellationToken).ConfigureAwait(false);
            return;
        }

        await completion.RunAsync(id, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Rows that earlier runs wrote, by key.</summary>
    private async Task<Dictionary<string, ChunkRow>> KnownChunksAsync(RecordingId id, CancellationToken cancellationToken)
    {
        var rows = new Dictionary<string, ChunkRow>(StringComparer.Ordinal);
        await foreach (ChunkRow row in tables.ChunksAsync(id, cancellationToken).ConfigureAwait(false))
            rows.Add(row.RowKey, row);
        return rows;
    }

    /// <summary>How to cut: as an earlier run did, if it left chunks, else as the settings say.</summary>
    private (ChannelMode Channels, TimeSpan MaxChunk) Cut(RecordingRow? earlier) =>
        earlier is { ChannelMode: { } channels, MaxChunkSeconds: { } seconds }
            ? (Enum.Parse<ChannelMode>(channels), TimeSpan.FromSeconds(seconds))
            : (ingestion.Value.Channels, segmentation.Value.MaxChunk);

    /// <summary>Stores every chunk with its row and sends it on, unless it is finished; returns what is known of the recording then.</summary>
    private async Task<RecordingRow> DecodeAsync(
        RecordingId id, int generation, Stream content, Dictionary<string, ChunkRow> known, ChannelMode channels, TimeSpan maxChunk,
        CancellationToken cancellationToken)
    {
        long begun = time.GetTimestamp();
        IReadOnlySet<string> stored = await blobs.ExistingChunksAsync(id, cancellationToken).ConfigureAwait(false);
        using SHA256 hash = SHA256.Create();
        var hashed = new CryptoStream(content, hash, CryptoStreamMode.Read);
        await using ConfiguredAsyncDisposable closingStream = hashed.ConfigureAwait(false);
        IAudioReader audio = await decoder.OpenAsync(hashed, cancellationToken).ConfigureAwait(false);
        await using ConfiguredAsyncDisposable closingReader = audio.ConfigureAwait(false); // not through SpeechReader, which may refuse it
        var speech = new SpeechReader(audio, channels);
        var reader = new ChunkReader(speech, new SegmentationOptions { MaxChunk = maxChunk });
        int count = 0;
        await foreach (AudioChunk chunk in reader.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            var chunkId = new ChunkId(id, chunk.Channel, chunk.Index);
            if (!stored.Contains(chunkId.Key))
                await blobs.WriteChunkAsync(chunkId, chunk.Samples, cancellationToken).ConfigureAwait(false);
            await tables.MergeChunkAsync(
                chunkId, new ChunkRow { Channel = chunk.Channel, Index = chunk.Index, StartSample = chunk.StartSample, Samples = chunk.Samples.Length },
                cancellationToken).ConfigureAwait(false);
            if (known.GetValueOrDefault(chunkId.Key)?.FinishedAt is null)
                await chunks.SendAsync([WorkMessage.Enhance(chunkId, generation)], cancellationToken).ConfigureAwait(false);
            count++;
        }

        await hashed.CopyToAsync(Stream.Null, cancellationToken).ConfigureAwait(false); // what follows the audio belongs to the hash too
        double seconds = reader.SamplesRead / (double)SegmentGrid.SampleRateHz;
        PipelineTelemetry.CountAudio("ingest", seconds, time.GetElapsedTime(begun));
        LogDecoded(id.Value, seconds, count);
        return new RecordingRow
        {
            Sha256 = Convert.ToHexStringLower(hash.Hash!),
            DurationSeconds = seconds,
            SampleRateHz = speech.Source.SampleRateHz,
            Channels = speech.Source.Channels,
            Encoding = speech.Source.Encoding,
            ExpectedChunks = count,
            IngestedGeneration = generation,
        };
    }

    [LoggerMessage(3001, LogLevel.Information, "Decoded {RecordingId}: {Seconds:F1} s in {Chunks} chunks")]
    private partial void LogDecoded(string recordingId, double seconds, int chunks);

    [LoggerMessage(3003, LogLevel.Information, "The upload {BlobName} is gone or was replaced")]
    private partial void LogGone(string blobName);
}
