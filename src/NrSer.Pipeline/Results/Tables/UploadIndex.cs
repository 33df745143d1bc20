using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using Azure;
using Azure.Data.Tables;

namespace NrSer.Pipeline.Results.Tables;

/// <summary>Which recording lies under a blob's name, and by which content it is known: one row a name.</summary>
/// <remarks>
/// Metadata, headers and copies give a blob another ETag and leave its content as it is; a content may change and its length not. So the content
/// decides, and this is where its hash is kept. Names hold characters that keys may not, so the key is a hash of the name.
/// </remarks>
/// <param name="tables">The tables.</param>
public sealed class UploadIndex(ResultTables tables)
{
    /// <summary>What is known of a name, or null.</summary>
    /// <param name="blobName">Name within the recordings container.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    public async Task<IndexedUpload?> FindAsync(string blobName, CancellationToken cancellationToken)
    {
        TableEntity key = KeyOf(blobName);
        NullableResponse<TableEntity> found = await tables.Uploads
            .GetEntityIfExistsAsync<TableEntity>(key.PartitionKey, key.RowKey, cancellationToken: cancellationToken).ConfigureAwait(false);
        return found.HasValue ? Read(found.Value!) : null;
    }

    /// <summary>Everything that is known, in no order of use.</summary>
    /// <param name="cancellationToken">Stops between pages.</param>
    public async IAsyncEnumerable<IndexedUpload> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (TableEntity entity in tables.Uploads.QueryAsync<TableEntity>(cancellationToken: cancellationToken).ConfigureAwait(false))
        {
            if (Read(entity) is { } known)
                yield return known;
        }
    }

    /// <summary>Writes what is known of a name from now on.</summary>
    /// <param name="upload">All of it.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    /// <returns>False when the row is not any more as it was when <paramref name="upload"/> was read or found missing.</returns>
    public async Task<bool> TryWriteAsync(IndexedUpload upload, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(upload);
        TableEntity row = KeyOf(upload.BlobName);
        row[nameof(upload.BlobName)] = upload.BlobName;
        row[nameof(upload.RecordingId)] = upload.RecordingId.Value;
        row[nameof(upload.BlobETag)] = upload.BlobETag;
        row[nameof(upload.ContentBytes)] = upload.ContentBytes;
        row[nameof(upload.Sha256)] = upload.Sha256;
        try
        {
            if (upload.Version is { } version)
                await tables.Uploads.UpdateEntityAsync(row, new ETag(version), TableUpdateMode.Replace, cancellationToken).ConfigureAwait(false);
            else
                await tables.Uploads.AddEntityAsync(row, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (RequestFailedException race) when (race.ErrorCode is "EntityAlreadyExists" or "UpdateConditionNotSatisfied" or "ResourceNotFound")
        {
            return false;
        }
    }

    /// <summary>The names under which a content was seen.</summary>
    /// <param name="sha256">Its hash, lower-case hex.</param>
    /// <param name="cancellationToken">Stops between pages: it looks through all rows.</param>
    public async IAsyncEnumerable<IndexedUpload> ListOfAsync(string sha256, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (TableEntity entity in tables.Uploads
            .QueryAsync<TableEntity>(TableClient.CreateQueryFilter($"Sha256 eq {sha256}"), cancellationToken: cancellationToken)
                .ConfigureAwait(false))
        {
            if (Read(entity) is { } known)
                yield return known;
        }
    }

    /// <summary>Whether a name's row names another recording: what was uploaded under it since.</summary>
    /// <param name="key">From <see cref="KeyTextOf"/>.</param>
    /// <param name="id">The recording.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    public async Task<bool> IsOfAnotherAsync(string key, RecordingId id, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(key);
        NullableResponse<TableEntity> found = await tables.Uploads
            .GetEntityIfExistsAsync<TableEntity>(key[..2], key[2..], cancellationToken: cancellationToken).ConfigureAwait(false);
        return found.HasValue && found.Value!.GetString(nameof(IndexedUpload.RecordingId)) != id.Value;
    }

    /// <summary>Takes a name's row away, if it names a given recording.</summary>
    /// <param name="key">From <see cref="KeyTextOf"/>.</param>
    /// <param name="id">The recording.</param>
    /// <param name="cancellationToken">Stops the requests.</param>
    /// <returns>Whether it did.</returns>
    public async Task<bool> RemoveAsync(string key, RecordingId id, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(key);
        while (true)
        {
            NullableResponse<TableEntity> found = await tables.Uploads
                .GetEntityIfExistsAsync<TableEntity>(key[..2], key[2..], cancellationToken: cancellationToken).ConfigureAwait(false);
            if (!found.HasValue || found.Value!.GetString(nameof(IndexedUpload.RecordingId)) != id.Value)
                return false;
            try
            {
                Response deleted = await tables.Uploads.DeleteEntityAsync(key[..2], key[2..], found.Value.ETag, cancellationToken)
                    .ConfigureAwait(false);
                return deleted.Status != 404;
            }
            catch (RequestFailedException race) when (race.Status == 412)
            {
                // Written again: look whose it is now.
            }
        }
    }

    /// <summary>The key of a name's row, as one text: what is left of a name while what was forgotten is looked for again.</summary>
    /// <param name="blobName">Name within the recordings container.</param>
    public static string KeyTextOf(string blobName) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(blobName)))[..34];

    private static TableEntity KeyOf(string blobName)
    {
        string key = KeyTextOf(blobName);
        return new TableEntity(key[..2], key[2..]);
    }

    /// <summary>Null for a row that nobody of ours wrote.</summary>
    private static IndexedUpload? Read(TableEntity row)
    {
        bool valid = RecordingId.TryParse(row.GetString(nameof(IndexedUpload.RecordingId)), out RecordingId id);
        return valid && row.GetString(nameof(IndexedUpload.BlobName)) is { } name && row.GetString(nameof(IndexedUpload.BlobETag)) is { } etag
            ? new IndexedUpload(name, id, etag, row.GetInt64(nameof(IndexedUpload.ContentBytes)) ?? 0, row.GetString(nameof(IndexedUpload.Sha256)),
                row.ETag.ToString())
            : null;
    }
}

/// <summary>What is known of a blob's name.</summary>
/// <param name="BlobName">Name within the recordings container.</param>
/// <param name="RecordingId">The recording that lies there.</param>
/// <param name="BlobETag">ETag, without quotes, under which its content was last seen.</param>
/// <param name="ContentBytes">Its size.</param>
/// <param name="Sha256">SHA-256 of its content, lower-case hex; null while nobody has looked at that, and nothing was made of it.</param>
/// <param name="Version">Of the row, as the store tells; null for a new one.</param>
public sealed record IndexedUpload(
    string BlobName, RecordingId RecordingId, string BlobETag, long ContentBytes, string? Sha256 = null, string? Version = null);
