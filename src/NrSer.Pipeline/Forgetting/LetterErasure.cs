using System.Text.Json;
using System.Text.Json.Nodes;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using NrSer.Pipeline.Results.Tables;
using NrSer.Pipeline.Storage;
using NrSer.Pipeline.Uploads;
using NrSer.Pipeline.Work;

namespace NrSer.Pipeline.Forgetting;

/// <summary>Deletes messages that name forgotten recordings: those that wait, those that were given up, and events that Event Grid could not
/// deliver.</summary>
/// <remarks>
/// Of what is in work, and of all in Service Bus, nothing can be picked out: it completes as soon as it is received, since it finds a tombstone.
/// </remarks>
/// <param name="queues">Storage queues of what waits and of what was given up; none where Service Bus carries the messages.</param>
/// <param name="storage">Has the container of lost events.</param>
public sealed class LetterErasure(IReadOnlyList<IWorkQueue> queues, BlobStorage storage)
{
    private const int MostHeld = 500; // for seconds, under lock at once; what lies behind them completes when it is received
    private const int Most = 32; // the most a queue gives at once

    private readonly BlobContainerClient _lost = storage.Container(StorageNames.LostEvents);

    /// <summary>Deletes them.</summary>
    /// <param name="requests">What was forgotten.</param>
    /// <param name="cancellationToken">Stops between messages.</param>
    /// <returns>How many there were.</returns>
    public async Task<int> RunAsync(IReadOnlyCollection<ForgetRequest> requests, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(requests);
        var ids = requests.Select(request => request.Id.Value).ToHashSet(StringComparer.Ordinal);
        var uploads = requests.Select(request => request.BlobName).OfType<string>().Select(UploadIndex.KeyTextOf).ToHashSet(StringComparer.Ordinal);
        int deleted = 0;
        foreach (IWorkQueue queue in queues)
            deleted += await CleanAsync(queue, ids, uploads, cancellationToken).ConfigureAwait(false);
        return deleted + await LostAsync(uploads, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Deletes events that could not be delivered; Event Grid tries for a day before it gives one up.</summary>
    /// <param name="uploads">Keys of the names that they are about, from <see cref="UploadIndex.KeyTextOf"/>.</param>
    /// <param name="cancellationToken">Stops between blobs.</param>
    /// <returns>How many there were. One may be about what was put under the name since: reconciliation finds that without it.</returns>
    /// <remarks>A blob holds events, one or several; what is left of others is written back.</remarks>
    public async Task<int> LostAsync(IReadOnlySet<string> uploads, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(uploads);
        int deleted = 0;
        try
        {
            await foreach (BlobItem blob in _lost.GetBlobsAsync(BlobTraits.None, BlobStates.None, prefix: null, cancellationToken)
                .ConfigureAwait(false))
            {
                deleted += await CleanLostAsync(_lost.GetBlobClient(blob.Name), uploads, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (RequestFailedException missing) when (missing.ErrorCode == BlobErrorCode.ContainerNotFound)
        {
            // A laptop's.
        }

        return deleted;
    }

    private static async Task<int> CleanAsync(
        IWorkQueue queue, HashSet<string> ids, HashSet<string> uploads, CancellationToken cancellationToken)
    {
        int deleted = 0;
        var others = new List<WorkDelivery>();
        try
        {
            while (others.Count < MostHeld
                && await queue.ReceiveAsync(Most, cancellationToken).ConfigureAwait(false) is { Count: > 0 } letters)
            {
                foreach (WorkDelivery letter in letters)
                {
                    if (!Names(letter.Message.Body, ids, uploads))
                    {
                        others.Add(letter);
                        continue;
                    }

                    await letter.CompleteAsync(cancellationToken).ConfigureAwait(false);
                    deleted++;
                }
            }
        }
        finally
        {
            foreach (WorkDelivery other in others)
                await other.GiveBackAsync(CancellationToken.None).ConfigureAwait(false);
        }

        return deleted;
    }

    /// <summary>Whether a letter is about one of them.</summary>
    private static bool Names(string body, HashSet<string> ids, HashSet<string> uploads)
    {
        try
        {
            // A letter holds the message as text.
            JsonNode? letter = JsonNode.Parse(body);
            JsonNode? message = letter?["body"]?.GetValue<string>() is { } inner ? JsonNode.Parse(inner) : letter;
            if (message is JsonObject && message["recordingId"]?.GetValue<string>() is { } id)
                return ids.Contains(id);
            return message is not null && uploads.Contains(KeyOf(message));
        }
        catch (Exception strange) when (strange is JsonException or InvalidOperationException or FormatException or InvalidMessageException)
        {
            return false; // whatever it is, it names no recording
        }
    }

    private static async Task<int> CleanLostAsync(BlobClient blob, IReadOnlySet<string> uploads, CancellationToken cancellationToken)
    {
        BlobDownloadResult found;
        try
        {
            found = await blob.DownloadContentAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (RequestFailedException gone) when (gone.ErrorCode == BlobErrorCode.BlobNotFound)
        {
            return 0; // the account's rule was faster
        }

        JsonNode? content = ParseOrNull(found.Content);
        JsonNode?[] events = content is JsonArray array ? [.. array] : [content];
        JsonNode?[] others = [.. events.Where(each => each is null || !IsAbout(each, uploads))];
        if (others.Length == events.Length)
            return 0;
        var asSeen = new BlobRequestConditions { IfMatch = found.Details.ETag };
        if (others.Length == 0)
        {
            await blob.DeleteIfExistsAsync(DeleteSnapshotsOption.IncludeSnapshots, asSeen, cancellationToken).ConfigureAwait(false);
        }
        else
        {
            var rest = new JsonArray([.. others.Select(each => each?.DeepClone())]);
            await blob.UploadAsync(
                BinaryData.FromString(rest.ToJsonString()), new BlobUploadOptions { Conditions = asSeen }, cancellationToken).ConfigureAwait(false);
        }

        return events.Length - others.Length;
    }

    private static bool IsAbout(JsonNode each, IReadOnlySet<string> uploads)
    {
        try
        {
            return uploads.Contains(KeyOf(each));
        }
        catch (InvalidMessageException)
        {
            return false;
        }
    }

    private static string KeyOf(JsonNode told) => UploadIndex.KeyTextOf(BlobCreatedEvent.Parse(told.ToJsonString()).BlobName);

    private static JsonNode? ParseOrNull(BinaryData content)
    {
        try
        {
            return JsonNode.Parse(content.ToString());
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
