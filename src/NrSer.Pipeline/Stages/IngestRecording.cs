using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using NrSer.Core.Audio;
using NrSer.Core.Segmentation;
using NrSer.Pipeline.Events;
using NrSer.Pipeline.Messages;
using NrSer.Pipeline.Queues;
using NrSer.Pipeline.Rows;
using NrSer.Pipeline.Storage;

namespace NrSer.Pipeline.Stages;

/// <summary>Decodes an upload, cuts it into chunks and hands them on.</summary>
/// <remarks>
/// Chunks are announced only after the whole recording was decoded, so a recording that turns out damaged at its end leaves no
/// rows of results. Chunks already stored by an earlier run are not stored again.
/// </remarks>
/// <param name="storage">For the upload itself.</param>
/// <param name="blobs">Receives the chunks.</param>
/// <param name="tables">Recording and chunk rows.</param>
/// <param name="decoder">Reads the upload.</param>
/// <param name="segmentation">The longest chunk.</param>
/// <param name="ingestion">Mixed or separate channels.</param>
/// <param name="completion">Ends the recording when every chunk was finished before.</param>
/// <param name="chunks">The next queue.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">The log.</param>
public sealed partial class IngestRecording(
    StorageClients storage, ChunkBlobs blobs, ResultTables tables, AudioDecoder decoder, IOptions<SegmentationOptions> segmentation,
    IOptions<IngestOptions> ingestion, CompleteRecording completion, IWorkQueue chunks, TimeProvider time, ILogger<IngestRecording> logger)
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
        BlobClient blob = storage.Blobs.GetBlobContainerClient(upload.Container).GetBlobClient(upload.BlobName);
        var unchanged = new BlobRequestConditions { IfMatch = new ETag($"\"{upload.ETag}\"") };
        if (await storage.FindUploadAsync(upload, cancellationToken).ConfigureAwait(false) is not { } properties)
        {
            LogGone(upload.BlobName); // deleted, or replaced by a newer upload that has its own event
            return;
        }

        RecordingId id = RecordingId.Of(properties.CreatedOn, upload.Container, upload.BlobName, upload.ETag);
        var begun = new RecordingRow
        {
            BlobName = upload.BlobName, BlobETag = upload.ETag, ContentBytes = properties.ContentLength, UploadedAt = properties.CreatedOn, StartedAt = time.GetUtcNow(),
        };
        if (!await tables.AdvanceAsync(id, upload.Generation, RecordingStatus.Processing, begun, cancellationToken).ConfigureAwait(false))
            return; // a late copy of an event whose recording has ended or was retried meanwhile

        try
        {
            RecordingRow decoded = await DecodeAsync(id, blob, unchanged, cancellationToken).ConfigureAwait(false);
            if (!await tables.AdvanceAsync(id, upload.Generation, RecordingStatus.Processing, decoded, cancellationToken).ConfigureAwait(false))
                return;
        }
        catch (InvalidAudioException invalid)
        {
            await RejectAsync(id, upload.Generation, invalid.Message, cancellationToken).ConfigureAwait(false);
            return;
        }

        await AnnounceAsync(id, upload.Generation, cancellationToken).ConfigureAwait(false);
        await completion.RunAsync(id, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Stores every chunk with its row; returns what is known of the recording then.</summary>
    private async Task<RecordingRow> DecodeAsync(RecordingId id, BlobClient blob, BlobRequestConditions unchanged, CancellationToken cancellationToken)
    {
        IReadOnlySet<string> stored = await blobs.ExistingChunksAsync(id, cancellationToken).ConfigureAwait(false);
        using SHA256 hash = SHA256.Create();
        Stream content = await blob.OpenReadAsync(
            new BlobOpenReadOptions(allowModifications: false) { Conditions = unchanged, BufferSize = ReadAheadBytes }, cancellationToken).ConfigureAwait(false);
        var hashed = new CryptoStream(content, hash, CryptoStreamMode.Read);
        await using ConfiguredAsyncDisposable closingStream = hashed.ConfigureAwait(false);
        IAudioReader audio = await decoder.OpenAsync(hashed, cancellationToken).ConfigureAwait(false);
        await using ConfiguredAsyncDisposable closingReader = audio.ConfigureAwait(false); // not through SpeechReader, which may refuse it
        var speech = new SpeechReader(audio, ingestion.Value.Channels);
        var reader = new ChunkReader(speech, segmentation.Value);
        int count = 0;
        await foreach (AudioChunk chunk in reader.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            var chunkId = new ChunkId(id, chunk.Channel, chunk.Index);
            if (!stored.Contains(chunkId.Key))
                await blobs.WriteChunkAsync(chunkId, chunk.Samples, cancellationToken).ConfigureAwait(false);
            await tables.MergeChunkAsync(
                chunkId, new ChunkRow { Channel = chunk.Channel, Index = chunk.Index, StartSample = chunk.StartSample, Samples = chunk.Samples.Length },
                cancellationToken).ConfigureAwait(false);
            count++;
        }

        await hashed.CopyToAsync(Stream.Null, cancellationToken).ConfigureAwait(false); // what follows the audio belongs to the hash too
        double seconds = reader.SamplesRead / (double)SegmentGrid.SampleRateHz;
        PipelineTelemetry.Audio.Add(seconds, new KeyValuePair<string, object?>("stage", "ingest"));
        LogDecoded(id.Value, seconds, count);
        return new RecordingRow
        {
            Sha256 = Convert.ToHexStringLower(hash.Hash!),
            DurationSeconds = seconds,
            SampleRateHz = speech.Source.SampleRateHz,
            Channels = speech.Source.Channels,
            Encoding = speech.Source.Encoding,
            ExpectedChunks = count,
        };
    }

    /// <summary>Sends every chunk that is not finished yet.</summary>
    private async Task AnnounceAsync(RecordingId id, int generation, CancellationToken cancellationToken)
    {
        var messages = new List<WorkMessage>();
        await foreach (ChunkRow row in tables.ChunksAsync(id, cancellationToken).ConfigureAwait(false))
        {
            if (row.FinishedAt is null)
                messages.Add(WorkMessage.Enhance(new ChunkId(id, row.Channel ?? 0, row.Index ?? 0), generation));
        }

        await chunks.SendAsync(messages, cancellationToken).ConfigureAwait(false);
    }

    private async Task RejectAsync(RecordingId id, int generation, string reason, CancellationToken cancellationToken)
    {
        await blobs.DeleteChunksAsync(id, cancellationToken).ConfigureAwait(false);
        var columns = new RecordingRow { Reason = reason, CompletedAt = time.GetUtcNow() };
        if (await tables.AdvanceAsync(id, generation, RecordingStatus.Rejected, columns, cancellationToken).ConfigureAwait(false))
            PipelineTelemetry.Failures.Add(1, new KeyValuePair<string, object?>("status", nameof(RecordingStatus.Rejected)));
        LogRejected(id.Value, reason);
    }

    [LoggerMessage(3001, LogLevel.Information, "Decoded {RecordingId}: {Seconds:F1} s in {Chunks} chunks")]
    private partial void LogDecoded(string recordingId, double seconds, int chunks);

    [LoggerMessage(3002, LogLevel.Warning, "Rejected {RecordingId}: {Reason}")]
    private partial void LogRejected(string recordingId, string reason);

    [LoggerMessage(3003, LogLevel.Information, "The upload {BlobName} is gone or was replaced")]
    private partial void LogGone(string blobName);
}
