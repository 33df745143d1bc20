using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using NrSer.Pipeline.Results.Tables;
using NrSer.Pipeline.Storage;

namespace NrSer.Pipeline.Forgetting;

/// <summary>Deletes a recording's upload: what lies under its name, and every version and snapshot there that holds its content.</summary>
/// <remarks>
/// By now another recording may lie under that name: then it stays, and so do versions and snapshots of other contents. Where neither ETag nor
/// recording tell, the content does.
/// </remarks>
/// <param name="storage">The account.</param>
/// <param name="index">Which recording lies under a name.</param>
/// <param name="refusals">Is told what is not to come back before it is deleted: afterwards nobody could hash it.</param>
public sealed class UploadErasure(BlobStorage storage, UploadIndex index, Refusals refusals)
{
    private readonly BlobContainerClient _container = storage.Container(StorageNames.Recordings);

    /// <summary>Deletes it.</summary>
    /// <param name="request">Says which.</param>
    /// <param name="cancellationToken">Stops between blobs; call it again then.</param>
    /// <returns>How many blobs, versions and snapshots there were.</returns>
    public async Task<int> RunAsync(ForgetRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (request.BlobName is not { Length: > 0 } name)
            return 0;
        int deleted = 0;
        while (true)
        {
            try
            {
                IndexedUpload? known = await index.FindAsync(name, cancellationToken).ConfigureAwait(false);
                bool isOthers = known is not null && known.RecordingId != request.Id;
                var content = new Content(request.Sha256 ?? (isOthers ? null : known?.Sha256), isOthers ? null : known?.BlobETag, isOthers);
                await RefuseAsync(request, content, cancellationToken).ConfigureAwait(false);
                List<BlobItem> found = await OfNameAsync(name, cancellationToken).ConfigureAwait(false);
                foreach (BlobItem blob in found.OrderByDescending(BlobPurge.IsOld))
                {
                    if (!await IsItsAsync(blob, request, content, cancellationToken).ConfigureAwait(false))
                        continue;
                    if (request.IsRefused && content.Sha256 is null)
                    {
                        content = content with { Sha256 = await HashAsync(blob, cancellationToken).ConfigureAwait(false) };
                        await RefuseAsync(request, content, cancellationToken).ConfigureAwait(false);
                    }

                    BlobRequestConditions? asSeen = BlobPurge.IsOld(blob) ? null : new BlobRequestConditions { IfMatch = blob.Properties.ETag };
                    deleted += await BlobPurge.DeleteAsync(_container, blob, asSeen, cancellationToken).ConfigureAwait(false) ? 1 : 0;
                }

                return deleted;
            }
            catch (RequestFailedException changed) when (
                changed.ErrorCode == BlobErrorCode.ConditionNotMet || changed.ErrorCode == BlobErrorCode.BlobNotFound)
            {
                // Replaced or deleted meanwhile: look what is there now.
            }
        }
    }

    private async Task RefuseAsync(ForgetRequest request, Content content, CancellationToken cancellationToken)
    {
        if (request is { IsRefused: true, Sha256: null } && content.Sha256 is { } sha256) // another was refused when it was asked for
            await refusals.RefuseAsync([sha256], cancellationToken).ConfigureAwait(false);
    }

    private async Task<bool> IsItsAsync(BlobItem blob, ForgetRequest request, Content content, CancellationToken cancellationToken)
    {
        string etag = blob.Properties.ETag?.ToString().Trim('"') ?? "";
        if (etag == request.BlobETag || etag == content.ETag)
            return true;
        if (content.Sha256 is not { } sha256) // nobody has looked into it: whatever is there is what was taken in under the name
            return !content.IsOthers && !BlobPurge.IsOld(blob);
        return (request.ContentBytes is null || blob.Properties.ContentLength == request.ContentBytes)
            && await HashAsync(blob, cancellationToken).ConfigureAwait(false) == sha256;
    }

    private async Task<List<BlobItem>> OfNameAsync(string name, CancellationToken cancellationToken)
    {
        var found = new List<BlobItem>();
        await foreach (BlobItem blob in BlobPurge.ListAsync(_container, name, cancellationToken).ConfigureAwait(false))
        {
            if (blob.Name != name)
                break; // in order of name: longer ones come after
            found.Add(blob);
        }

        return found;
    }

    private async Task<string> HashAsync(BlobItem blob, CancellationToken cancellationToken)
    {
        Stream stream = await BlobPurge.OpenAsync(_container, blob, cancellationToken).ConfigureAwait(false);
        await using ConfiguredAsyncDisposable closing = stream.ConfigureAwait(false);
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, cancellationToken).ConfigureAwait(false));
    }

    private sealed record Content(string? Sha256, string? ETag, bool IsOthers);
}
