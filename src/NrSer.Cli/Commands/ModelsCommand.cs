using System.CommandLine;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using NrSer.Cli.Output;
using NrSer.Core.Models;
using Spectre.Console;

namespace NrSer.Cli.Commands;

/// <summary><c>nrser models</c>: what is in the catalogue, and whether it loads.</summary>
internal static class ModelsCommand
{
    public static Command Create()
    {
        var json = new Option<bool>("--json") { Description = "Print JSON.", Recursive = true };
        var list = new Command("list", "Lists the catalogue.");
        list.Run((parsed, _) => Task.FromResult(Show(parsed.GetValue(json), load: false)));
        var verify = new Command("verify", "Loads every model and checks file, hash, names and shapes against the catalogue. Exit code 3 if one does not hold.");
        verify.Run((parsed, _) => Task.FromResult(Show(parsed.GetValue(json), load: true)));
        return new Command("models", "Shows and checks the models at hand.") { list, verify, json };
    }

    private static int Show(bool asJson, bool load)
    {
        using ServiceProvider services = CliServices.Method();
        ModelSet models = services.GetRequiredService<ModelSet>();
        ModelEntry[] defaults = [models.EnhancerEntry, models.SnrLevelEntry, models.EmotionEntry];
        ModelListingV1[] listing = [.. models.Catalog.Models.Select(entry => new ModelListingV1(
            entry.Name, entry.Version, JsonNamingPolicy.CamelCase.ConvertName(entry.Kind.ToString()), entry.Quality, defaults.Contains(entry), entry.Licence,
            entry.Measured, load ? Problem(models, entry) : null))];
        if (asJson)
        {
            Console.Out.WriteLine(JsonSerializer.Serialize(listing, CliJsonContext.Default.IReadOnlyListModelListingV1));
        }
        else
        {
            var table = new Table().AddColumns("Model", "Kind", "Quality", "Used", "Licence");
            if (load)
                table.AddColumn("Check");
            foreach (ModelListingV1 model in listing)
            {
                string[] cells = [$"{model.Name} {model.Version}", model.Kind, model.Quality, model.IsDefault ? "yes" : "", model.Licence];
                table.AddRow([.. cells.Concat(load ? [model.Problem ?? "ok"] : []).Select(Markup.Escape)]);
            }

            Terminal.Data.Write(table);
        }

        return listing.All(model => model.Problem is null) ? ExitCode.Success : ExitCode.Environment;
    }

    private static string? Problem(ModelSet models, ModelEntry entry)
    {
        try
        {
            using OnnxModel loaded = OnnxModel.Load(models.Catalog, entry, models.Options);
            return null;
        }
        catch (ModelException error)
        {
            return error.Message;
        }
    }
}
