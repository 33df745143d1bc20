using System.Globalization;
using System.Text.Json;
using NrSer.Pipeline.Storage;
using NrSer.Pipeline.Work;

namespace NrSer.Pipeline.Uploads;

/// <summary>A blob has appeared. Event Grid says so in Azure, the event pump on a laptop, Sweep when it repeats one.</summary>
/// <param name="Container">Its container.</param>
/// <param name="BlobName">Its name within the container.</param>
/// <param name="ETag">Its ETag without quotes.</param>
/// <param name="Generation">0 for an upload, one more with every retry.</param>
public sealed record BlobCreatedEvent(string Container, string BlobName, string ETag, int Generation)
{
    private const string EventType = "Microsoft.Storage.BlobCreated";
    private const string SubjectPrefix = "/blobServices/default/containers/";

    /// <summary>Reads an event in Event Grid's own schema (alone or in an array of one) or as a CloudEvent 1.0.</summary>
    /// <param name="json">The message body.</param>
    /// <exception cref="InvalidMessageException">
    /// It is no such event, or tells of a blob elsewhere: our own output, taken for a recording, would feed itself.
    /// </exception>
    public static BlobCreatedEvent Parse(string json)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            JsonElement root = document.RootElement;
            root = root.ValueKind == JsonValueKind.Array && root.GetArrayLength() == 1 ? root[0] : root;
            string type = (root.TryGetProperty("type", out JsonElement cloud) ? cloud : root.GetProperty("eventType")).GetString() ?? "";
            string subject = root.GetProperty("subject").GetString() ?? "";
            string etag = (root.GetProperty("data").GetProperty("eTag").GetString() ?? "").Trim('"');
            int generation = root.TryGetProperty("nrsergeneration", out JsonElement repeated) ? repeated.GetInt32() : 0;
            string[] parts = subject.StartsWith(SubjectPrefix, StringComparison.Ordinal) ? subject[SubjectPrefix.Length..].Split('/', 3) : [];
            if (type != EventType || parts is not [StorageNames.Recordings, "blobs", { Length: > 0 }])
                throw new InvalidMessageException($"An event of type '{type}' about '{subject}' tells of no uploaded recording.");
            if (etag.Length == 0 || etag.AsSpan().ContainsAnyExceptInRange('!', '~') || generation < 0)
                throw new InvalidMessageException($"An event about '{subject}' has no valid ETag or generation.");
            return new BlobCreatedEvent(parts[0], parts[2], etag, generation);
        }
        catch (Exception error) when (
            error is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or ArgumentException)
        {
            throw new InvalidMessageException($"The message is no blob event: {error.Message}", error);
        }
    }

    /// <summary>Of the message with which a generation of a recording begins.</summary>
    /// <param name="id">The recording.</param>
    /// <param name="generation">The generation.</param>
    public static string MessageIdOf(RecordingId id, int generation) => string.Create(CultureInfo.InvariantCulture, $"{id}/{generation}/ingest");

    /// <summary>The event as a CloudEvent 1.0, with the same id however often it is made.</summary>
    /// <param name="id">Id of the recording, which dates the event too.</param>
    public WorkMessage ToMessage(RecordingId id)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("specversion", "1.0");
            json.WriteString("type", EventType);
            json.WriteString("source", "nrser");
            json.WriteString("id", string.Create(CultureInfo.InvariantCulture, $"{id}/{Generation}"));
            json.WriteString("subject", $"{SubjectPrefix}{Container}/blobs/{BlobName}");
            json.WriteNumber("nrsergeneration", Generation);
            json.WriteStartObject("data");
            json.WriteString("eTag", ETag);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        return new WorkMessage(MessageIdOf(id, Generation), System.Text.Encoding.UTF8.GetString(buffer.GetBuffer().AsSpan(0, (int)buffer.Length)),
            System.Diagnostics.Activity.Current?.Id);
    }
}
