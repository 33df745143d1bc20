using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace NrSer.Emulator;

/// <summary>The files in which the emulator keeps the bytes of blobs and messages, and its lists of them.</summary>
/// <remarks>
/// A file is written before anything refers to it, but the list of files is saved apart from those of blobs and messages. Where an emulator was
/// killed between the two, the next answers 500 to whoever reads such a blob, and to whoever receives from a queue with such a message, for ever.
/// </remarks>
public static class EmulatorFiles
{
    /// <summary>Lists the files that lie there and are in no list; the emulator must not run. What nobody refers to, it deletes by itself.</summary>
    /// <param name="folder">Its data.</param>
    /// <returns>How many were not listed.</returns>
    public static int Relist(string folder) =>
        Relist(new DirectoryInfo(Path.Combine(folder, "__blobstorage__")), Path.Combine(folder, "__azurite_db_blob_extent__.json"))
        + Relist(new DirectoryInfo(Path.Combine(folder, "__queuestorage__")), Path.Combine(folder, "__azurite_db_queue_extent__.json"));

    /// <summary>Messages that whoever receives next would be given, of all queues; the emulator must not run, nor what it refers to be missing
    /// (<see cref="Relist(string)"/>).</summary>
    /// <param name="folder">Its data.</param>
    /// <param name="now">The time: what somebody holds until later is not among them.</param>
    /// <returns>Their queues, and their texts as sent.</returns>
    public static IEnumerable<(string Queue, string Text)> WaitingMessages(string folder, DateTimeOffset now)
    {
        string list = Path.Combine(folder, "__azurite_db_queue__.json");
        if (!File.Exists(list))
            yield break;
        JsonNode? messages = JsonNode.Parse(File.ReadAllText(list))!["collections"]!.AsArray()
            .SingleOrDefault(collection => collection!["name"]!.GetValue<string>() == "$MESSAGES_COLLECTION$");
        foreach (IGrouping<string, JsonNode?> inFile in (messages?["data"]!.AsArray() ?? [])
            .Where(message => message!["timeNextVisible"]!.GetValue<long>() <= now.ToUnixTimeMilliseconds())
            .GroupBy(message => IdOf(message!["persistency"])))
        {
            string path = Path.Combine(folder, "__queuestorage__", inFile.Key);
            if (!File.Exists(path))
                continue;
            using FileStream file = File.OpenRead(path);
            foreach (JsonNode? message in inFile)
            {
                JsonNode where = message!["persistency"]!;
                byte[] text = new byte[where["count"]!.GetValue<int>()];
                file.Position = where["offset"]!.GetValue<long>();
                if (file.ReadAtLeast(text, text.Length, throwOnEndOfStream: false) == text.Length)
                    yield return (message["queueName"]!.GetValue<string>(), Encoding.UTF8.GetString(text));
            }
        }
    }

    /// <summary>The blobs of a container as they were when the emulator last saved its list of them, which it may be doing now.</summary>
    /// <param name="folder">Its data.</param>
    /// <param name="container">The container's name.</param>
    /// <returns>Names, ETags in quotes, when they were made, and their sizes; none before it has saved for the first time.</returns>
    public static IReadOnlyList<(string Name, string ETag, DateTimeOffset CreatedOn, long Bytes)> Blobs(string folder, string container)
    {
        string list = AzuriteProcess.BlobListOf(folder);
        if (!File.Exists(list))
            return [];
        using FileStream file = new(list, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete); // which it replaces as a whole
        using var document = JsonDocument.Parse(file);
        return [.. document.RootElement.GetProperty("collections").EnumerateArray()
            .Where(collection => collection.GetProperty("name").ValueEquals("$BLOBS_COLLECTION$"u8))
            .SelectMany(collection => collection.GetProperty("data").EnumerateArray())
            .Where(blob => blob.GetProperty("containerName").ValueEquals(container) && blob.GetProperty("isCommitted").GetBoolean()
                && blob.GetProperty("snapshot").ValueEquals(""))
            .Select(blob => (blob.GetProperty("name").GetString()!, blob.GetProperty("properties")))
            .Select(blob => (blob.Item1, blob.Item2.GetProperty("etag").GetString()!, blob.Item2.GetProperty("creationTime").GetDateTimeOffset(),
                blob.Item2.GetProperty("contentLength").GetInt64()))];
    }

    private static int Relist(DirectoryInfo files, string list)
    {
        if (!files.Exists || !File.Exists(list))
            return 0; // it saves an empty list before it answers anybody
        JsonNode database = JsonNode.Parse(File.ReadAllText(list))!;
        if (database["collections"]!.AsArray() is not [JsonObject collection])
            return 0;
        JsonArray data = collection["data"]!.AsArray();
        var listed = data.Select(IdOf).ToHashSet(StringComparer.Ordinal);
        FileInfo[] unlisted = [.. files.EnumerateFiles().Where(file => !listed.Contains(file.Name))];
        if (unlisted.Length == 0)
            return 0;
        long last = collection["maxId"]!.GetValue<long>();
        foreach (FileInfo file in unlisted)
        {
            long written = new DateTimeOffset(file.LastWriteTimeUtc).ToUnixTimeMilliseconds();
            data.Add(new JsonObject
            {
                ["id"] = file.Name, ["locationId"] = "Default", ["path"] = file.Name, ["size"] = file.Length, ["lastModifiedInMS"] = written,
                ["meta"] = new JsonObject { ["revision"] = 0, ["created"] = written, ["version"] = 0 }, ["$loki"] = ++last,
            });
        }

        collection["maxId"] = last;
        int[] byId = [.. Enumerable.Range(0, data.Count).OrderBy(at => IdOf(data[at]), StringComparer.Ordinal)]; // it searches by halves
        collection["binaryIndices"]!["id"]!["values"] = new JsonArray([.. byId.Select(at => JsonValue.Create(at))]);
        File.WriteAllText(list + ".new", database.ToJsonString());
        File.Move(list + ".new", list, overwrite: true);
        return unlisted.Length;
    }

    private static string IdOf(JsonNode? extent) => extent!["id"]!.GetValue<string>();
}
