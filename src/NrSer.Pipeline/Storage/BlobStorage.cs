using Azure.Identity;
using Azure.Storage.Blobs;
using Microsoft.Extensions.Options;

namespace NrSer.Pipeline.Storage;

/// <summary>The blob containers: in one account on a laptop, in two in Azure.</summary>
public sealed class BlobStorage
{
    private readonly BlobServiceClient _work;
    private readonly BlobServiceClient _results;

    /// <param name="options">Where they are.</param>
    /// <exception cref="OptionsValidationException">Neither a connection string nor endpoints are given.</exception>
    public BlobStorage(IOptions<StorageOptions> options)
    {
        ArgumentNullException.ThrowIfNull(options);
        StorageOptions storage = options.Value;
        if (storage.ConnectionString is { Length: > 0 } connection)
        {
            _work = _results = new BlobServiceClient(connection);
            return;
        }

        var credential = new DefaultAzureCredential();
        _work = new BlobServiceClient(storage.BlobEndpoint ?? throw storage.Incomplete(), credential);
        _results = storage.ResultsBlobEndpoint is null ? _work : new BlobServiceClient(storage.ResultsBlobEndpoint, credential);
    }

    /// <summary>A container, in the account that it belongs to.</summary>
    /// <param name="name">One of <see cref="StorageNames.Containers"/>.</param>
    public BlobContainerClient Container(string name) => (name == StorageNames.Results ? _results : _work).GetBlobContainerClient(name);

    /// <summary>Creates what is missing: on a laptop nothing else does.</summary>
    /// <param name="cancellationToken">Stops between requests.</param>
    public async Task CreateMissingAsync(CancellationToken cancellationToken)
    {
        foreach (string name in StorageNames.Containers)
            await Container(name).CreateIfNotExistsAsync(cancellationToken: cancellationToken).ConfigureAwait(false);
    }
}
