using System.Runtime.CompilerServices;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Microsoft.Extensions.Logging;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;
using NrSer.Pipeline.Storage;
using NrSer.Pipeline.Work;

namespace NrSer.Pipeline.Uploads;

/// <summary>The uploads: finds, lists, opens and announces them.</summary>
/// <param name="storage">The account.</param>
/// <param name="recordings">Told of what was announced.</param>
/// <param name="events">The first queue of the flow.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">The log.</param>
public sealed partial class UploadStore(
    BlobStorage storage, RecordingStore recordings, IWorkQueue events, TimeProvider time, ILogger<UploadStore> logger)
{
    private const int ReadAheadBytes = 4 * 1024 * 1024; // one range request per 4 MiB

    private readonly BlobContainerClient _container = storage.Container(StorageNames.Recordings);

    /// <summary>The upload that an event tells of, or null when it was deleted or replaced since: the newer one has its own event.</summary>
    /// <param name="upload">The event.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    public async Task<Upload?> FindAsync(BlobCreatedEvent upload, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(upload);
        try
        {
            BlobProperties properties = await _container.GetBlobClient(upload.BlobName)
                .GetPropertiesAsync(Unchanged(upload), cancellationToken).ConfigureAwait(false);
            return new Upload(
                RecordingId.Of(properties.CreatedOn, upload.Container, upload.BlobName, upload.ETag), upload, properties.CreatedOn,
                properties.ContentLength);
        }
        catch (RequestFailedException gone) when (gone.Status is 404 or 412)
        {
            LogGone(upload.BlobName);
            return null;
        }
    }

    /// <summary>Every upload with the event that it should have had.</summary>
    /// <param name="cancellationToken">Stops between pages.</param>
    public async IAsyncEnumerable<Upload> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (
            BlobItem blob in _container.GetBlobsAsync(BlobTraits.None, BlobStates.None, prefix: null, cancellationToken).ConfigureAwait(false))
        {
            string etag = blob.Properties.ETag?.ToString().Trim('"') ?? "";
            DateTimeOffset createdOn = blob.Properties.CreatedOn ?? blob.Properties.LastModified ?? time.GetUtcNow();
            yield return new Upload(
                RecordingId.Of(createdOn, StorageNames.Recordings, blob.Name, etag),
                new BlobCreatedEvent(StorageNames.Recordings, blob.Name, etag, Generation: 0), createdOn, blob.Properties.ContentLength ?? 0);
        }
    }

    /// <summary>Opens an upload for reading from front to back; fails as soon as it is replaced.</summary>
    /// <param name="upload">The event of the upload.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    public Task<Stream> OpenAsync(BlobCreatedEvent upload, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(upload);
        return _container.GetBlobClient(upload.BlobName).OpenReadAsync(
            new BlobOpenReadOptions(allowModifications: false) { Conditions = Unchanged(upload), BufferSize = ReadAheadBytes }, cancellationToken);
    }

    /// <summary>Sends the event of an upload that has no row yet.</summary>
    /// <param name="upload">The upload.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public async Task AnnounceAsync(Upload upload, CancellationToken cancellationToken)
    {
        await SendAsync(upload, cancellationToken).ConfigureAwait(false);

        // The row keeps the next look from sending it again while it waits behind others.
        await recordings.AdvanceAsync(
            new Recording
            {
                Id = upload.Id, Generation = upload.Event.Generation, Status = RecordingStatus.Queued, BlobName = upload.Event.BlobName,
                BlobETag = upload.Event.ETag, UploadedAt = upload.CreatedOn, StartedAt = time.GetUtcNow(),
            },
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Sends the event of an upload, and nothing else.</summary>
    /// <param name="upload">The upload.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public Task SendAsync(Upload upload, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(upload);
        return events.SendAsync([upload.Event.ToMessage(upload.Id)], cancellationToken);
    }

    private static BlobRequestConditions Unchanged(BlobCreatedEvent upload) => new() { IfMatch = new ETag($"\"{upload.ETag}\"") };

    [LoggerMessage(3003, LogLevel.Information, "The upload {BlobName} is gone or was replaced")]
    private partial void LogGone(string blobName);
}

/// <summary>One content under one name.</summary>
/// <param name="Id">The recording that it is.</param>
/// <param name="Event">What told, or should have told, of it.</param>
/// <param name="CreatedOn">When it was uploaded.</param>
/// <param name="ContentBytes">Its size.</param>
public sealed record Upload(RecordingId Id, BlobCreatedEvent Event, DateTimeOffset CreatedOn, long ContentBytes);
