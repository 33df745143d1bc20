using System.Security.Cryptography;
using System.Text;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using NrSer.Pipeline.Podcasts.Web;
using NrSer.Pipeline.Storage;
using NrSer.Pipeline.Uploads;

namespace NrSer.Pipeline.Podcasts;

/// <summary>Fetches recordings from addresses that somebody lists, each once, by the rules by which episodes are fetched.</summary>
/// <param name="download">Brings the bytes.</param>
/// <param name="storage">Receives them.</param>
/// <param name="time">The clock.</param>
public sealed class AddressFetch(AudioDownload download, BlobStorage storage, TimeProvider time)
{
    private readonly BlobContainerClient _container = storage.Container(StorageNames.Recordings);

    /// <summary>Fetches a recording, unless it is there.</summary>
    /// <param name="address">Where it is.</param>
    /// <param name="blobName">What it will be called, whatever it turns out to be.</param>
    /// <param name="metadata">What is known of it.</param>
    /// <param name="cancellationToken">Stops between blocks.</param>
    /// <returns>Its size; null when it was fetched before.</returns>
    /// <exception cref="PodcastException">It cannot be had, is no audio, or something else has its name, which stays.</exception>
    public async Task<long?> RunAsync(Uri address, string blobName, IDictionary<string, string> metadata, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(address);
        string source = Hash(address.AbsoluteUri);
        if (await IsThereAsync(blobName, source, cancellationToken).ConfigureAwait(false))
            return null;
        string owner = Hash($"{ProcessName.Own} {blobName} {time.GetUtcNow():O}");
        var file = new DownloadedFile(address, DeclaredType: null, DeclaredBytes: null, _ => blobName);
        return await download.RunAsync(file, owner, async (blob, type) =>
        {
            var about = new Dictionary<string, string>(metadata, StringComparer.OrdinalIgnoreCase)
            {
                [UploadMetadata.Source] = source, [UploadMetadata.Sha256] = blob.Sha256(),
            };
            return await blob.CommitAsync(about, type, cancellationToken).ConfigureAwait(false) ? blob.Bytes
                : await IsThereAsync(blobName, source, cancellationToken).ConfigureAwait(false) ? (long?)null
                : throw PodcastException.Later($"{blobName} was there for a moment.");
        }, cancellationToken).ConfigureAwait(false);
    }

    private async Task<bool> IsThereAsync(string blobName, string source, CancellationToken cancellationToken)
    {
        try
        {
            BlobProperties there = await _container.GetBlobClient(blobName).GetPropertiesAsync(cancellationToken: cancellationToken)
                .ConfigureAwait(false);
            return there.Metadata.TryGetValue(UploadMetadata.Source, out string? known) && known == source ? true
                : throw PodcastException.ForGood($"Something else is called '{blobName}' and stays; give this another name.");
        }
        catch (RequestFailedException missing) when (missing.Status == 404)
        {
            return false;
        }
    }

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
