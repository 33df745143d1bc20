using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;

namespace NrSer.Pipeline.Storage;

/// <summary>Deletes blobs with everything that the service keeps beside them: versions and snapshots.</summary>
/// <remarks>What soft delete keeps, nobody can delete: it runs out by itself. To delete versions takes the role Storage Blob Data Owner.</remarks>
internal static class BlobPurge
{
    /// <summary>Deletes what lies below a prefix.</summary>
    /// <param name="container">Where.</param>
    /// <param name="prefix">How the names begin.</param>
    /// <param name="isMeant">Tells which of them; null for all.</param>
    /// <param name="cancellationToken">Stops between blobs; call it again then.</param>
    /// <returns>How many blobs, versions and snapshots there were.</returns>
    public static async Task<int> DeleteAsync(
        BlobContainerClient container, string prefix, Func<BlobItem, bool>? isMeant, CancellationToken cancellationToken)
    {
        int deleted = 0;
        // Collected before anything is deleted, and what is old first: snapshots go with what lies there now, uncounted.
        List<BlobItem> found = await ListAsync(container, prefix, cancellationToken)
            .Where(blob => isMeant?.Invoke(blob) != false).ToListAsync(cancellationToken).ConfigureAwait(false);
        foreach (BlobItem blob in found.OrderByDescending(IsOld))
            deleted += await DeleteAsync(container, blob, conditions: null, cancellationToken).ConfigureAwait(false) ? 1 : 0;
        return deleted;
    }

    /// <summary>Everything below a prefix, versions and snapshots included.</summary>
    public static IAsyncEnumerable<BlobItem> ListAsync(BlobContainerClient container, string prefix, CancellationToken cancellationToken) =>
        container.GetBlobsAsync(BlobTraits.None, BlobStates.Snapshots | BlobStates.Version, prefix, cancellationToken);

    /// <summary>Whether it is a version or a snapshot, not what lies there now.</summary>
    public static bool IsOld(BlobItem blob) => blob.Snapshot is not null || (blob.VersionId is not null && blob.IsLatestVersion != true);

    /// <summary>Deletes one of them; what lies there now goes with its snapshots, and as a version, too.</summary>
    /// <returns>False when it was gone.</returns>
    public static async Task<bool> DeleteAsync(
        BlobContainerClient container, BlobItem blob, BlobRequestConditions? conditions, CancellationToken cancellationToken)
    {
        BlobClient client = container.GetBlobClient(blob.Name);
        if (blob.Snapshot is { } snapshot)
            return await client.WithSnapshot(snapshot).DeleteIfExistsAsync(cancellationToken: cancellationToken).ConfigureAwait(false);
        bool deleted = !IsOld(blob) && await client.DeleteIfExistsAsync(DeleteSnapshotsOption.IncludeSnapshots, conditions, cancellationToken)
            .ConfigureAwait(false);
        return blob.VersionId is { } version
            ? await client.WithVersion(version).DeleteIfExistsAsync(cancellationToken: cancellationToken).ConfigureAwait(false) || deleted
            : deleted;
    }

    /// <summary>Opens one of them.</summary>
    public static Task<Stream> OpenAsync(BlobContainerClient container, BlobItem blob, CancellationToken cancellationToken)
    {
        BlobClient client = container.GetBlobClient(blob.Name);
        client = blob.Snapshot is { } snapshot ? client.WithSnapshot(snapshot)
            : blob.VersionId is { } version ? client.WithVersion(version) : client;
        return client.OpenReadAsync(
            new BlobOpenReadOptions(allowModifications: false)
            {
                Conditions = IsOld(blob) ? null : new BlobRequestConditions { IfMatch = blob.Properties.ETag },
            }, cancellationToken);
    }
}
