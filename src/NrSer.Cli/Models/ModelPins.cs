using System.Text.Json;
using System.Text.Json.Serialization;

namespace NrSer.Cli.Models;

/// <summary>
/// What was seen of each source when it was first used. Nobody can know a stranger's hash beforehand, but that it is still the same can be known: a
/// source that was pinned is not asked again what it has, the same revision's files are fetched, and other content under it is refused.
/// </summary>
/// <param name="folder">The folder of installed models.</param>
internal sealed class ModelPins(string folder)
{
    private readonly string _path = Path.Combine(folder, "pins.json");

    /// <summary>What is known of a source; null at first sight.</summary>
    /// <exception cref="UsageException">The file is damaged.</exception>
    public ModelPin? Find(string id) => Read().GetValueOrDefault(id);

    /// <summary>Remembers it.</summary>
    public void Set(string id, ModelPin pin)
    {
        SortedDictionary<string, ModelPin> pins = Read();
        pins[id] = pin;
        string next = $"{_path}.next";
        File.WriteAllBytes(next, JsonSerializer.SerializeToUtf8Bytes(pins, ModelPinsContext.Default.SortedDictionaryStringModelPin));
        File.Move(next, _path, overwrite: true);
    }

    private SortedDictionary<string, ModelPin> Read()
    {
        if (!File.Exists(_path))
            return new(StringComparer.Ordinal);
        try
        {
            byte[] text = File.ReadAllBytes(_path);
            return new(JsonSerializer.Deserialize(text, ModelPinsContext.Default.SortedDictionaryStringModelPin)!, StringComparer.Ordinal);
        }
        catch (JsonException error)
        {
            throw new UsageException($"{_path}, where sources of models are remembered, is damaged: {error.Message} Repair or delete it.");
        }
    }
}

/// <summary>A source as it was first seen.</summary>
/// <param name="Revision">Of its repository, or null.</param>
/// <param name="Licence">As it stated it.</param>
/// <param name="Files">The checkpoint first.</param>
internal sealed record ModelPin(string? Revision, string Licence, IReadOnlyList<PinnedFile> Files)
{
    /// <summary>How many values its checkpoint holds, if its source tells.</summary>
    public long? Parameters { get; init; }

    /// <summary>The hash of a file, as far as it is known.</summary>
    public string? Sha256Of(string file) => Files.FirstOrDefault(known => known.Name == file)?.Sha256;
}

/// <summary>A file of a source.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Bytes">Its length, if it is known.</param>
/// <param name="Sha256">Its hash, lower-case hex, if its source told it or it was fetched.</param>
internal sealed record PinnedFile(string Name, long? Bytes, string? Sha256);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(SortedDictionary<string, ModelPin>))]
[JsonSerializable(typeof(ModelOrigin))]
internal sealed partial class ModelPinsContext : JsonSerializerContext;
