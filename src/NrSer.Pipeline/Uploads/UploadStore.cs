using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;
using NrSer.Pipeline.Storage;
using NrSer.Pipeline.Work;

namespace NrSer.Pipeline.Uploads;

/// <summary>The uploads: finds, tells apart, opens and announces them.</summary>
/// <param name="storage">The account.</param>
/// <param name="index">Which recording lies under a name.</param>
/// <param name="recordings">Told of what was announced.</param>
/// <param name="events">The first queues of the flow.</param>
/// <param name="time">The clock.</param>
public sealed class UploadStore(BlobStorage storage, UploadIndex index, RecordingStore recordings, StageQueues events, TimeProvider time)
{
    private const int ReadAheadBytes = 4 * 1024 * 1024; // one range request per 4 MiB; what is no longer than that is read once

    private readonly BlobContainerClient _container = storage.Container(StorageNames.Recordings);

    /// <summary>What lies under a name now, or null.</summary>
    /// <param name="blobName">Name within the recordings container.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    public async Task<Upload?> FindAsync(string blobName, CancellationToken cancellationToken)
    {
        try
        {
            BlobProperties properties = await _container.GetBlobClient(blobName).GetPropertiesAsync(cancellationToken: cancellationToken)
                .ConfigureAwait(false);
            return Upload.Of(blobName, properties.ETag, properties.CreatedOn, properties.ContentLength) with
            {
                Wishes = UploadWishes.Of(properties.Metadata),
                Lane = Upload.LaneOf(blobName, UploadMetadata.LaneOf(properties.Metadata)),
                RecordedAt = UploadMetadata.RecordedAtOf(properties.Metadata),
                Tags = UploadMetadata.TagsOf(properties.Metadata),
                ListenUrl = UploadMetadata.ListenUrlOf(properties.Metadata),
                DeclaredSeconds = UploadMetadata.DeclaredSecondsOf(properties.Metadata),
                Episode = UploadMetadata.EpisodeOf(properties.Metadata),
            };
        }
        catch (RequestFailedException gone) when (gone.ErrorCode == BlobErrorCode.BlobNotFound)
        {
            return null;
        }
    }

    /// <summary>
    /// Tells which recording an upload is. An ETag that is not known under its name is looked into once: the same content is the same recording.
    /// </summary>
    /// <param name="upload">What lies under the name now.</param>
    /// <param name="replaced">Called with the recording that lay there before, ahead of its row being overwritten.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>The recording, and its content where that had to be read and is small.</returns>
    /// <exception cref="RequestFailedException">The upload was deleted or replaced meanwhile: look again (<see cref="IsChanged"/>).</exception>
    public async Task<IdentifiedUpload> IdentifyAsync(
        Upload upload, Func<RecordingId, Task> replaced, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(upload);
        ArgumentNullException.ThrowIfNull(replaced);
        (string Sha256, byte[]? Content)? hashed = null;
        while (true)
        {
            IndexedUpload? known = await index.FindAsync(upload.BlobName, cancellationToken).ConfigureAwait(false);
            if (known is { Sha256: not null } && known.BlobETag == upload.ETag)
                return new IdentifiedUpload(upload with { Id = known.RecordingId }, known.Sha256, hashed?.Content, IsNewETag: false);
            hashed ??= await HashAsync(upload, cancellationToken).ConfigureAwait(false);

            // Nothing was made yet of what nobody looked into: whatever it was, it is this now.
            bool same = known is not null && (known.Sha256 ?? hashed.Value.Sha256) == hashed.Value.Sha256;
            RecordingId id = same ? known!.RecordingId : upload.Id;
            if (known is not null && known.RecordingId != id)
                await replaced(known.RecordingId).ConfigureAwait(false);
            var seen = new IndexedUpload(upload.BlobName, id, upload.ETag, upload.ContentBytes, hashed.Value.Sha256, known?.Version);
            if (await index.TryWriteAsync(seen, cancellationToken).ConfigureAwait(false))
                return new IdentifiedUpload(upload with { Id = id }, hashed.Value.Sha256, hashed.Value.Content,
                    IsNewETag: known is not null && known.BlobETag != upload.ETag);
        }
    }

    /// <summary>Opens an upload for reading from front to back; fails as soon as it is replaced.</summary>
    /// <param name="upload">From <see cref="IdentifyAsync"/>.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    public async Task<Stream> OpenAsync(IdentifiedUpload upload, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(upload);
        return upload.Content is { } content ? new MemoryStream(content, writable: false)
            : await OpenAsync(upload.Upload, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc cref="OpenAsync(IdentifiedUpload, CancellationToken)"/>
    /// <param name="upload">As it was found.</param>
    /// <param name="cancellationToken">As there.</param>
    public Task<Stream> OpenAsync(Upload upload, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(upload);
        return _container.GetBlobClient(upload.BlobName).OpenReadAsync(
            new BlobOpenReadOptions(allowModifications: false) { Conditions = Unchanged(upload), BufferSize = ReadAheadBytes }, cancellationToken);
    }

    /// <summary>The recording that an event is about, whatever has become of the upload; null when nothing is known of it.</summary>
    /// <param name="told">The event.</param>
    /// <param name="cancellationToken">Stops the requests.</param>
    public async Task<Upload?> FindToldOfAsync(BlobCreatedEvent told, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(told);
        if (await index.FindAsync(told.BlobName, cancellationToken).ConfigureAwait(false) is { } known)
        {
            // Else the upload was touched since it was first seen, or since its recording began.
            return known.BlobETag == told.ETag || known.RecordingId.IsOf(StorageNames.Recordings, told.BlobName, told.ETag)
                || (await recordings.FindAsync(known.RecordingId, cancellationToken).ConfigureAwait(false))?.BlobETag == told.ETag
                ? new Upload(known.RecordingId, known.BlobName, known.BlobETag, CreatedOn: null, known.ContentBytes) : null;
        }

        Upload? upload = await FindAsync(told.BlobName, cancellationToken).ConfigureAwait(false);
        if (upload is null || upload.ETag != told.ETag)
            return null;
        await index.TryWriteAsync(new IndexedUpload(upload.BlobName, upload.Id, upload.ETag, upload.ContentBytes), cancellationToken)
            .ConfigureAwait(false);
        return upload;
    }

    /// <summary>What lay under each name when its content was looked at last.</summary>
    /// <param name="cancellationToken">Stops between pages.</param>
    public IAsyncEnumerable<IndexedUpload> IdentifiedAsync(CancellationToken cancellationToken) =>
        index.ListAsync(cancellationToken).Where(upload => upload.Sha256 is not null);

    /// <summary>The recording that was last seen under a name, or null.</summary>
    /// <param name="blobName">Name within the recordings container.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    public async Task<RecordingId?> FindRecordingAsync(string blobName, CancellationToken cancellationToken) =>
        (await index.FindAsync(blobName, cancellationToken).ConfigureAwait(false))?.RecordingId;

    /// <summary>Whether a recording's upload is still there, as far as can be told without reading it.</summary>
    /// <param name="recording">The recording.</param>
    /// <param name="cancellationToken">Stops the requests.</param>
    /// <returns>The upload, or null when it was deleted or another recording lies under its name.</returns>
    public async Task<Upload?> FindOfAsync(Recording recording, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(recording);
        if (recording.BlobName is not { Length: > 0 } name || await FindAsync(name, cancellationToken).ConfigureAwait(false) is not { } upload)
            return null;
        IndexedUpload? known = await index.FindAsync(name, cancellationToken).ConfigureAwait(false);
        bool isIts = known is null ? upload.ETag == recording.BlobETag : known.RecordingId == recording.Id;
        return isIts ? upload with { Id = recording.Id } : null;
    }

    /// <summary>Sends the event of an upload that may be new, unless it is known.</summary>
    /// <param name="upload">The upload.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>False when it was known, or was forgotten.</returns>
    public Task<bool> AnnounceAsync(Upload upload, CancellationToken cancellationToken) => NoteAsync(upload, isTold: false, cancellationToken);

    /// <summary>Notes an upload that a service tells of, so that it counts as unfinished from now on.</summary>
    /// <inheritdoc cref="AnnounceAsync"/>
    public Task<bool> ExpectAsync(Upload upload, CancellationToken cancellationToken) => NoteAsync(upload, isTold: true, cancellationToken);

    private async Task<bool> NoteAsync(Upload upload, bool isTold, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(upload);
        var seen = new IndexedUpload(upload.BlobName, upload.Id, upload.ETag, upload.ContentBytes);
        bool isNew = await index.TryWriteAsync(seen, cancellationToken).ConfigureAwait(false), isSeen = isNew;
        if (!isNew)
        {
            IndexedUpload known = await index.FindAsync(upload.BlobName, cancellationToken).ConfigureAwait(false) ?? seen;
            isSeen = known.BlobETag == upload.ETag;
            if (isSeen && (known.Sha256 is not null || await recordings.FindAsync(known.RecordingId,
                cancellationToken).ConfigureAwait(false) is not null))
                return false;
            seen = known;
        }

        // A list may be older than a forgetting, which took the row of the name with it: nothing is sent of what was forgotten.
        if (await DisownIfForgottenAsync(upload.BlobName, isSeen ? seen.RecordingId : upload.Id, cancellationToken).ConfigureAwait(false))
            return false;
        if (!isTold)
            await SendAsync(upload, generation: 0, cancellationToken).ConfigureAwait(false);
        if (!isSeen)
            return true; // which recording it is shows when its content is looked at

        // The row keeps the next look from sending it again while it waits behind others.
        var queued = new Recording
        {
            Id = seen.RecordingId, Status = RecordingStatus.Queued, BlobName = upload.BlobName, BlobETag = upload.ETag,
            UploadedAt = upload.CreatedOn, StartedAt = time.GetUtcNow(),
        };
        bool isNoted = await (isNew ? recordings.AddAsync(queued, cancellationToken) : recordings.AdvanceAsync(queued, cancellationToken))
            .ConfigureAwait(false);
        return isNoted || !await DisownIfForgottenAsync(seen.BlobName, seen.RecordingId, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Takes back what was just written of a name, if its recording was forgotten.</summary>
    /// <param name="blobName">Name within the recordings container.</param>
    /// <param name="id">The recording.</param>
    /// <param name="cancellationToken">Stops the requests.</param>
    /// <returns>Whether it was forgotten.</returns>
    public async Task<bool> DisownIfForgottenAsync(string blobName, RecordingId id, CancellationToken cancellationToken)
    {
        if ((await recordings.FindAsync(id, cancellationToken).ConfigureAwait(false))?.Status != RecordingStatus.Forgotten)
            return false;
        await index.RemoveAsync(UploadIndex.KeyTextOf(blobName), id, cancellationToken).ConfigureAwait(false);
        return true;
    }

    /// <summary>Sends the event of an upload, and nothing else.</summary>
    /// <param name="upload">The upload.</param>
    /// <param name="generation">0 for the first time, one more with every retry.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public Task SendAsync(Upload upload, int generation, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(upload);
        var told = new BlobCreatedEvent(StorageNames.Recordings, upload.BlobName, upload.ETag, generation);
        return events[upload.Lane].SendAsync([told.ToMessage(upload.Id)], cancellationToken);
    }

    /// <summary>Whether an error says that an upload was deleted or changed while it was read.</summary>
    /// <param name="error">What reading threw.</param>
    public static bool IsChanged(Exception error)
    {
        ArgumentNullException.ThrowIfNull(error);
        return error is RequestFailedException failed
            ? failed.ErrorCode == BlobErrorCode.ConditionNotMet || failed.ErrorCode == BlobErrorCode.BlobNotFound
            : error.InnerException is { } inner && IsChanged(inner);
    }

    private static BlobRequestConditions Unchanged(Upload upload) => new() { IfMatch = new ETag($"\"{upload.ETag}\"") };

    /// <summary>SHA-256 of the content, lower-case hex, and the content itself if it is small.</summary>
    private async Task<(string Sha256, byte[]? Content)> HashAsync(Upload upload, CancellationToken cancellationToken)
    {
        if (upload.ContentBytes > ReadAheadBytes)
        {
            Stream stream = await OpenAsync(upload, cancellationToken).ConfigureAwait(false);
            await using ConfiguredAsyncDisposable closing = stream.ConfigureAwait(false);
            return (Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, cancellationToken).ConfigureAwait(false)), null);
        }

        BlobDownloadResult whole = await _container.GetBlobClient(upload.BlobName)
            .DownloadContentAsync(new BlobDownloadOptions { Conditions = Unchanged(upload) }, cancellationToken).ConfigureAwait(false);
        byte[] content = whole.Content.ToArray();
        return (Convert.ToHexStringLower(SHA256.HashData(content)), content);
    }
}
