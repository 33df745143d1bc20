using System.Runtime.CompilerServices;
using System.Xml;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Microsoft.Extensions.Logging;
using NrSer.Pipeline.Storage;

namespace NrSer.Pipeline.Uploads;

/// <summary>Lists the uploads.</summary>
/// <remarks>
/// A name with a character that XML does not have stops every list of an emulator in which it would stand, and nobody can ask for what stands behind
/// it without knowing names. There its own file is read instead, and the name stepped over, until it is gone. Azure encodes such names.
/// </remarks>
/// <param name="storage">The account.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">The log.</param>
/// <param name="emulated">The emulator, where one is.</param>
public sealed partial class UploadListing(BlobStorage storage, TimeProvider time, ILogger<UploadListing> logger, IEmulatedStorage? emulated = null)
{
    private const int PageLength = 5000; // as the service's

    private readonly BlobContainerClient _container = storage.Container(StorageNames.Recordings);
    private readonly Lock _saying = new();
    private HashSet<string> _steppedOver = [];

    /// <summary>Changes whenever an upload does, some seconds later; null where nothing shows that.</summary>
    public DateTime? ChangedAt => emulated?.SavedAt;

    /// <summary>Every upload.</summary>
    /// <param name="cancellationToken">Stops between pages.</param>
    public async IAsyncEnumerable<Upload> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (UploadPage page in PagesAsync(continuation: null, cancellationToken).ConfigureAwait(false))
        {
            foreach (Upload upload in page.Uploads)
                yield return upload;
        }
    }

    /// <summary>Every upload, from a given page on.</summary>
    /// <param name="continuation">Of the page before; null for the first.</param>
    /// <param name="cancellationToken">Stops between pages.</param>
    /// <exception cref="RequestFailedException">The service cannot list them, and nothing else can.</exception>
    /// <exception cref="XmlException">Likewise, of an emulator.</exception>
    public async IAsyncEnumerable<UploadPage> PagesAsync(string? continuation, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        List<Upload>? legible = _steppedOver.Count > 0 ? StepOver() : null;
        IAsyncEnumerator<Page<BlobItem>> pages = _container.GetBlobsAsync(BlobTraits.None, BlobStates.None, prefix: null, cancellationToken)
            .AsPages(continuation).GetAsyncEnumerator(cancellationToken);
        await using ConfiguredAsyncDisposable closing = pages.ConfigureAwait(false);
        while (legible is null && await HasNextAsync().ConfigureAwait(false))
        {
            Upload[] uploads = [.. pages.Current.Values.Where(blob => blob.Properties.ETag is not null).Select(blob => Upload.Of(
                blob.Name, blob.Properties.ETag!.Value, blob.Properties.CreatedOn ?? blob.Properties.LastModified ?? time.GetUtcNow(),
                blob.Properties.ContentLength ?? 0))];
            continuation = pages.Current.ContinuationToken is { Length: > 0 } next ? next : null;
            yield return new UploadPage(uploads, continuation);
        }

        // The emulator's tokens are names, too: the last ones of its pages.
        Upload[][] left = [.. (legible ?? []).Where(upload => string.CompareOrdinal(upload.BlobName, continuation) > 0)
            .OrderBy(upload => upload.BlobName, StringComparer.Ordinal).Chunk(PageLength)];
        for (int at = 0; at < left.Length; at++)
            yield return new UploadPage(left[at], at < left.Length - 1 ? left[at][^1].BlobName : null);

        async ValueTask<bool> HasNextAsync()
        {
            try
            {
                return await pages.MoveNextAsync().ConfigureAwait(false);
            }
            catch (Exception unlistable) when (unlistable is RequestFailedException { Status: 500 } or XmlException) // without a body, or with one
            {
                legible = StepOver();
                if (legible is null)
                    throw;
                return false;
            }
        }
    }

    /// <summary>What the emulator has written down, but for the names that stop lists; each is said once.</summary>
    /// <returns>Null where there are none, or there is no emulator.</returns>
    private List<Upload>? StepOver()
    {
        if (emulated is null)
            return null;
        lock (_saying)
        {
            ILookup<bool, Upload> byLegible = emulated.Uploads().ToLookup(upload => IsLegible(upload.BlobName));
            var illegible = byLegible[false].Select(upload => upload.BlobName).ToHashSet(StringComparer.Ordinal);
            foreach (string name in illegible.Except(_steppedOver, StringComparer.Ordinal))
            {
                PipelineTelemetry.CountSteppedOver();
                LogSteppedOver(Uri.EscapeDataString(name));
            }

            _steppedOver = illegible;
            return illegible.Count > 0 ? [.. byLegible[true]] : null;
        }
    }

    private static bool IsLegible(string name) => name.EnumerateRunes().All(rune => !rune.IsBmp || XmlConvert.IsXmlChar((char)rune.Value));

    [LoggerMessage(2111, LogLevel.Error,
        "The upload {EscapedName} is not taken in: its name holds a character that no list can have. Rename or delete it.")]
    private partial void LogSteppedOver(string escapedName);
}

/// <summary>Some of the uploads.</summary>
/// <param name="Uploads">They.</param>
/// <param name="Next">Where to go on; null after the last.</param>
public sealed record UploadPage(IReadOnlyList<Upload> Uploads, string? Next);
