using System.Runtime.CompilerServices;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;

namespace NrSer.Pipeline.Storage;

/// <summary>A blob as it was when it was listed, to be deleted unless somebody writes it anew.</summary>
/// <param name="Blob">The blob.</param>
/// <param name="ETag">What it was then.</param>
public readonly record struct ListedBlob(BlobClient Blob, ETag ETag)
{
    /// <summary>What lies below a prefix, by name.</summary>
    /// <param name="container">Where.</param>
    /// <param name="prefix">How the names begin.</param>
    /// <param name="cancellationToken">Stops between pages.</param>
    public static async IAsyncEnumerable<ListedBlob> ListAsync(
        BlobContainerClient container, string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(container);
        await foreach (BlobItem blob in container.GetBlobsAsync(BlobTraits.None, BlobStates.None, prefix, cancellationToken).ConfigureAwait(false))
            yield return new(container.GetBlobClient(blob.Name), blob.Properties.ETag ?? ETag.All);
    }

    /// <summary>Deletes it, if it is as it was listed.</summary>
    /// <param name="cancellationToken">Stops the request.</param>
    public async Task DeleteAsync(CancellationToken cancellationToken)
    {
        try
        {
            await Blob.DeleteIfExistsAsync(DeleteSnapshotsOption.None, new BlobRequestConditions { IfMatch = ETag }, cancellationToken)
                .ConfigureAwait(false);
        }
        catch (RequestFailedException rewritten) when (rewritten.Status == 412)
        {
            // A late stage will see the status and come here itself; a retry wants it.
        }
    }
}
