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
        var names = requests.Select(request => request.BlobName).OfType<string>().ToHashSet(StringComparer.Ordinal);
        int deleted = 0;
        foreach (IWorkQueue queue in queues)
            deleted += await CleanAsync(queue, ids, names, cancellationToken).ConfigureAwait(false);
        return deleted + await CleanLostAsync(names, cancellationToken).ConfigureAwait(false);
    }

    private static async Task<int> CleanAsync(
        IWorkQueue queue, HashSet<string> ids, HashSet<string> names, CancellationToken cancellationToken)
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
                    if (!Names(letter.Message.Body, ids, names))
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
    private static bool Names(string body, HashSet<string> ids, HashSet<string> names)
    {
        try
        {
            // A letter holds the message as text.
            JsonNode? letter = JsonNode.Parse(body);
            JsonNode? message = letter?["body"]?.GetValue<string>() is { } inner ? JsonNode.Parse(inner) : letter;
            if (message is JsonObject && message["recordingId"]?.GetValue<string>() is { } id)
                return ids.Contains(id);
            return message is not null && names.Contains(BlobCreatedEvent.Parse(message.ToJsonString()).BlobName);
        }
        catch (Exception strange) when (strange is JsonException or InvalidOperationException or FormatException or InvalidMessageException)
        {
            return false; // whatever it is, it names no recording
        }
    }

    /// <remarks>A blob holds events, one or several; what is left of others is written back.</remarks>
    private async Task<int> CleanLostAsync(HashSet<string> names, CancellationToken cancellationToken)
    {
        int deleted = 0;
        try
        {
            await foreach (BlobItem blob in _lost.GetBlobsAsync(BlobTraits.None, BlobStates.None, prefix: null, cancellationToken)
                .ConfigureAwait(false))
            {
                deleted += await CleanLostAsync(_lost.GetBlobClient(blob.Name), names, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (RequestFailedException missing) when (missing.ErrorCode == BlobErrorCode.ContainerNotFound)
        {
            // A laptop's.
        }

        return deleted;
    }

    private static async Task<int> CleanLostAsync(BlobClient blob, HashSet<string> names, CancellationToken cancellationToken)
    {
        BlobDownloadResult found = await blob.DownloadContentAsync(cancellationToken).ConfigureAwait(false);
        JsonNode? content = ParseOrNull(found.Content);
        JsonNode?[] events = content is JsonArray array ? [.. array] : [content];
        JsonNode?[] others = [.. events.Where(each => each is null || !IsAbout(each, names))];
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

    private static bool IsAbout(JsonNode each, HashSet<string> names)
    {
        try
        {
            return names.Contains(BlobCreatedEvent.Parse(each.ToJsonString()).BlobName);
        }
        catch (InvalidMessageException)
        {
            return false;
        }
    }

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
