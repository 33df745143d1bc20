using System.Text.Json;
using System.Text.Json.Serialization;

namespace NrSer.Cli.Models;

/// <summary>
/// What was seen of each source when it was first used. Nobody can know a stranger's hash beforehand, but that it is still the same can be known: a
/// source that was pinned is asked for the same revision again, and other content under it is refused.
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
/// <param name="Sha256">Of each of its files, as far as they were fetched.</param>
internal sealed record ModelPin(string? Revision, IReadOnlyDictionary<string, string> Sha256);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(SortedDictionary<string, ModelPin>))]
[JsonSerializable(typeof(ModelOrigin))]
internal sealed partial class ModelPinsContext : JsonSerializerContext;
