using System.Text.Json;
using System.Text.Json.Nodes;
using NrSer.Core.Models;

namespace NrSer.Cli.Models;

/// <summary>The catalogue of installed models as a document: read, changed, and written if everything in it holds.</summary>
/// <param name="options">Both catalogues.</param>
internal sealed class InstalledCatalog(ModelOptions options)
{
    private readonly string _folder = options.InstalledPath ?? "";

    /// <summary>Fields of an entry that name a file.</summary>
    public static IReadOnlyList<string> FileFields { get; } = ["file", "weights", "fixture"];

    private string CatalogPath => Path.Combine(_folder, ModelCatalog.FileName);

    /// <summary>As it is, or an empty one.</summary>
    public JsonObject Read() => File.Exists(CatalogPath)
        ? JsonNode.Parse(File.ReadAllText(CatalogPath))!.AsObject()
        : new JsonObject { ["schema"] = 1, ["defaults"] = new JsonObject(), ["models"] = new JsonArray() };

    /// <summary>An entry as its catalogue has it.</summary>
    public static JsonObject EntryOf(ModelCatalog catalog, ModelEntry entry)
    {
        string file = catalog.IsInstalled(entry) ? Path.Combine(Path.GetDirectoryName(catalog.FileOf(entry))!, ModelCatalog.FileName) : catalog.Path;
        return JsonNode.Parse(File.ReadAllText(file))!["models"]!.AsArray().Single(model => (string?)model!["name"] == entry.Name)!
            .DeepClone().AsObject();
    }

    /// <summary>Writes the catalogue if everything in it holds.</summary>
    /// <param name="document">What shall be written.</param>
    /// <param name="check">What else has to hold; throws.</param>
    public void Publish(JsonObject document, Action<ModelCatalog> check)
    {
        DirectoryInfo trial = Directory.CreateDirectory(Path.Combine(_folder, "trial"));
        string file = Path.Combine(trial.FullName, ModelCatalog.FileName);
        try
        {
            // Names files of the folder above, so that what is checked is what will be used.
            JsonObject moved = document.DeepClone().AsObject();
            foreach (JsonNode? model in moved["models"]!.AsArray())
            {
                foreach (string field in FileFields)
                {
                    if (model![field]?.GetValue<string>() is { } name)
                        model[field] = Path.Combine("..", name);
                }
            }

            File.WriteAllText(file, moved.ToJsonString());
            check(ModelCatalog.Load(options.CatalogPath, trial.FullName));
            File.WriteAllText(file, document.ToJsonString(new JsonSerializerOptions { WriteIndented = true }));
            File.Move(file, CatalogPath, overwrite: true);
        }
        finally
        {
            trial.Delete(recursive: true);
        }
    }
}
