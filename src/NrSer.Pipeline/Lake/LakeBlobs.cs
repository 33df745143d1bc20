using System.Globalization;
using System.Runtime.CompilerServices;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using NrSer.Pipeline.Storage;

namespace NrSer.Pipeline.Lake;

/// <summary>The lake's blobs. A part is replaced whole or not at all, and only by whoever has seen what it replaces.</summary>
/// <param name="storage">The account.</param>
public sealed class LakeBlobs(BlobStorage storage)
{
    /// <summary>What every column says, for people and programs.</summary>
    public const string SchemaName = $"{LakePart.Root}_schema.json";

    /// <summary>How far the lake has got.</summary>
    public const string FreshnessName = $"{LakePart.Root}_freshness.json";

    private const string RowsKey = "rows";

    private readonly BlobContainerClient _results = storage.Container(StorageNames.Results);

    /// <summary>Where the lake is: tells one from another.</summary>
    public Uri Address => new($"{_results.Uri}/{LakePart.Root}");

    /// <summary>All parts, or those of a month, segments first, in order of month and number.</summary>
    /// <param name="month">Null for all.</param>
    /// <param name="cancellationToken">Stops between pages.</param>
    public async IAsyncEnumerable<LakePart> ListAsync(string? month, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // Recordings are written before their segments: listed after them, they are never the older ones.
        foreach (LakeTable table in LakeTable.Partitioned.Reverse())
        {
            string prefix = $"{LakePart.Root}{table.Name}/month={month}";
            await foreach (BlobItem blob in _results.GetBlobsAsync(BlobTraits.Metadata, BlobStates.None, prefix, cancellationToken)
                .ConfigureAwait(false))
            {
                if (LakePart.TryParse(blob.Name) is not { } name)
                    continue;
                long rows = blob.Metadata.TryGetValue(RowsKey, out string? text) ? long.Parse(text, CultureInfo.InvariantCulture) : 0;
                yield return new LakePart(
                    name.Table, name.Month, name.Number, blob.Properties.ETag?.ToString(), rows, blob.Properties.ContentLength ?? 0);
            }
        }
    }

    /// <summary>What tells a blob's content from others; null where there is no such blob.</summary>
    /// <param name="blobName">The blob.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    public async Task<string?> FindETagAsync(string blobName, CancellationToken cancellationToken)
    {
        try
        {
            return (await _results.GetBlobClient(blobName).GetPropertiesAsync(cancellationToken: cancellationToken).ConfigureAwait(false)).Value.ETag
                .ToString();
        }
        catch (RequestFailedException missing) when (missing.Status == 404)
        {
            return null;
        }
    }

    /// <summary>Stores what a blob holds in a file, if it still holds what the caller saw.</summary>
    /// <param name="blobName">The blob.</param>
    /// <param name="etag">What was seen; null for whatever there is.</param>
    /// <param name="path">The file.</param>
    /// <param name="cancellationToken">Stops the download; the file is not whole then.</param>
    /// <returns>False when there is no such blob, or another content.</returns>
    public async Task<bool> TryDownloadAsync(string blobName, string? etag, string path, CancellationToken cancellationToken)
    {
        try
        {
            var asSeen = new BlobDownloadToOptions { Conditions = etag is null ? null : new BlobRequestConditions { IfMatch = new ETag(etag) } };
            (await _results.GetBlobClient(blobName).DownloadToAsync(path, asSeen, cancellationToken).ConfigureAwait(false)).Dispose();
            return true;
        }
        catch (RequestFailedException changed) when (changed.Status is 404 or 412)
        {
            File.Delete(path);
            return false;
        }
    }

    /// <summary>Replaces a part by a file, if it is still what the caller saw.</summary>
    /// <param name="seen">The part; without an ETag, there must be none.</param>
    /// <param name="path">Its new content.</param>
    /// <param name="rows">How many that holds.</param>
    /// <param name="cancellationToken">Stops the upload; the old content stays.</param>
    /// <returns>The part as it is now.</returns>
    /// <exception cref="RequestFailedException">412 or 409: another has replaced it.</exception>
    public async Task<LakePart> ReplaceAsync(LakePart seen, string path, long rows, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(seen);
        var options = new BlobUploadOptions
        {
            Conditions = seen.ETag is { } etag
                ? new BlobRequestConditions { IfMatch = new ETag(etag) } : new BlobRequestConditions { IfNoneMatch = ETag.All },
            Metadata = new Dictionary<string, string>(StringComparer.Ordinal) { [RowsKey] = rows.ToString(CultureInfo.InvariantCulture) },
        };
        BlobContentInfo written = await _results.GetBlobClient(seen.BlobName).UploadAsync(path, options, cancellationToken).ConfigureAwait(false);
        return seen with { ETag = written.ETag.ToString(), Rows = rows, Bytes = new FileInfo(path).Length };
    }

    /// <summary>Deletes what parts of a month were before they were replaced, where the account keeps versions.</summary>
    /// <param name="month">The month; null for what stands beside the months.</param>
    /// <param name="cancellationToken">Stops between blobs; call it again then.</param>
    public async Task DeleteOldAsync(string? month, CancellationToken cancellationToken)
    {
        foreach (LakeTable table in LakeTable.All.Where(table => table.IsPartitioned == month is not null))
        {
            string files = month is null ? table.Files : $"{table.Name}/month={month}/";
            await BlobPurge.DeleteAsync(_results, LakePart.Root + files, BlobPurge.IsOld, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>A small blob's text, or null.</summary>
    /// <param name="blobName">The blob.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    public async Task<BinaryData?> FindAsync(string blobName, CancellationToken cancellationToken)
    {
        try
        {
            return (await _results.GetBlobClient(blobName).DownloadContentAsync(cancellationToken).ConfigureAwait(false)).Value.Content;
        }
        catch (RequestFailedException missing) when (missing.Status == 404)
        {
            return null;
        }
    }

    /// <summary>Writes a small blob.</summary>
    /// <param name="blobName">The blob.</param>
    /// <param name="content">Its content.</param>
    /// <param name="cancellationToken">Stops the request.</param>
    public Task WriteAsync(string blobName, BinaryData content, CancellationToken cancellationToken) =>
        _results.GetBlobClient(blobName).UploadAsync(content, overwrite: true, cancellationToken);
}
