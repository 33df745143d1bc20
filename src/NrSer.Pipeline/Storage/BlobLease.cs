using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using Microsoft.Extensions.Logging;

namespace NrSer.Pipeline.Storage;

/// <summary>Lets one host at a time do what needs no second one. Whoever dies at it holds the others up for a minute.</summary>
/// <param name="storage">Where the leased blobs are: in the container of chunks, named <c>leases/{name}</c>.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">The log.</param>
public sealed partial class BlobLease(BlobStorage storage, TimeProvider time, ILogger<BlobLease> logger)
{
    /// <summary>How long a lease lasts that nobody renews; a third of it passes between renewals.</summary>
    public static readonly TimeSpan Duration = TimeSpan.FromMinutes(1); // the longest there is: Lease Blob, 15 to 60 s

    /// <summary>Does the work, unless another host is at it.</summary>
    /// <param name="name">What must not be done twice at once.</param>
    /// <param name="work">Does it; cancelled when the lease is lost.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    /// <returns>False when another host is at it.</returns>
    public async Task<bool> RunAloneAsync(string name, Func<CancellationToken, Task> work, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(work);
        BlobClient blob = storage.Container(StorageNames.Chunks).GetBlobClient($"leases/{name}");
        BlobLeaseClient lease = blob.GetBlobLeaseClient();
        if (!await TryAcquireAsync(blob, lease, cancellationToken).ConfigureAwait(false))
        {
            LogHeld(name);
            return false;
        }

        using var working = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var lastWords = new LastWords(cancellationToken);
        Task renewal = RenewAsync(name, lease, working, lastWords.Token);
        try
        {
            await work(working.Token).ConfigureAwait(false);
        }
        finally
        {
            await working.CancelAsync().ConfigureAwait(false);
            await renewal.ConfigureAwait(false);
        }

        return true;
    }

    /// <remarks>The blob may be new, or gone: the containers' lifecycle deletes what is old.</remarks>
    private static async Task<bool> TryAcquireAsync(BlobClient blob, BlobLeaseClient lease, CancellationToken cancellationToken)
    {
        var onlyNew = new BlobUploadOptions { Conditions = new BlobRequestConditions { IfNoneMatch = ETag.All } };
        try
        {
            await blob.UploadAsync(BinaryData.Empty, onlyNew, cancellationToken).ConfigureAwait(false);
        }
        catch (RequestFailedException error) when (error.Status is 409 or 412)
        {
            // It is there, leased or not.
        }

        try
        {
            await lease.AcquireAsync(Duration, cancellationToken: cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (RequestFailedException error) when (error.ErrorCode == BlobErrorCode.LeaseAlreadyPresent)
        {
            return false;
        }
    }

    /// <summary>Holds the lease until the work ends, then gives it back; when it is lost, stops the work.</summary>
    private async Task RenewAsync(string name, BlobLeaseClient lease, CancellationTokenSource working, CancellationToken lastWords)
    {
        try
        {
            while (true)
            {
                await Task.Delay(Duration / 3, time, working.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (working.IsCancellationRequested)
                    break;
                await lease.RenewAsync(cancellationToken: lastWords).ConfigureAwait(false);
            }

            await lease.ReleaseAsync(cancellationToken: lastWords).ConfigureAwait(false);
        }
        catch (Exception error) // whatever kept it from being renewed
        {
            LogLost(error, name);
            await working.CancelAsync().ConfigureAwait(false); // another may begin, now or when the lease has run out
        }
    }

    [LoggerMessage(1501, LogLevel.Information, "{Name}: another host is at it")]
    private partial void LogHeld(string name);

    [LoggerMessage(1502, LogLevel.Warning, "{Name}: the lease is lost")]
    private partial void LogLost(Exception error, string name);
}
