using System.Text.Json;

namespace NrSer.Emulator;

/// <summary>What an emulator that was killed had acknowledged and not yet noted, by comparing its files with its list of them.</summary>
/// <remarks>
/// It appends what is uploaded to files at once, and saves every five seconds which bytes of which file are whose. Bytes beyond the saved end of a
/// file belong to nobody any more.
/// </remarks>
/// <param name="UnlistedBytes">Bytes that lie on disk and in no list.</param>
/// <param name="DamagedFiles">Files that the list knows, and that are gone or shorter than it says.</param>
public sealed record EmulatorLoss(long UnlistedBytes, int DamagedFiles)
{
    /// <summary>Compares; the emulator must not run.</summary>
    /// <param name="folder">Its data.</param>
    public static EmulatorLoss Of(string folder)
    {
        var files = new DirectoryInfo(Path.Combine(folder, "__blobstorage__"));
        Dictionary<string, long> onDisk = files.Exists
            ? files.EnumerateFiles().ToDictionary(file => file.Name, file => file.Length, StringComparer.Ordinal) : [];
        Dictionary<string, long> listed = Listed(Path.Combine(folder, "__azurite_db_blob_extent__.json"));
        return new EmulatorLoss(
            onDisk.Sum(file => Math.Max(0, file.Value - listed.GetValueOrDefault(file.Key))),
            listed.Count(file => onDisk.GetValueOrDefault(file.Key) < file.Value));
    }

    private static Dictionary<string, long> Listed(string list)
    {
        var sizes = new Dictionary<string, long>(StringComparer.Ordinal);
        if (!File.Exists(list))
            return sizes; // nothing was ever uploaded
        using FileStream file = File.OpenRead(list);
        using var document = JsonDocument.Parse(file);
        foreach (JsonElement collection in document.RootElement.GetProperty("collections").EnumerateArray())
        {
            foreach (JsonElement extent in collection.GetProperty("data").EnumerateArray())
                sizes[extent.GetProperty("path").GetString()!] = extent.GetProperty("size").GetInt64();
        }

        return sizes;
    }
}
