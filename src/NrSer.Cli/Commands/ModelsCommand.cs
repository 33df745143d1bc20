using System.CommandLine;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using NrSer.Cli.Models;
using NrSer.Cli.Output;
using NrSer.Core.Models;
using Spectre.Console;

namespace NrSer.Cli.Commands;

/// <summary><c>nrser models</c>: what is in the catalogue, and whether it loads.</summary>
internal static class ModelsCommand
{
    public static Command Create(Terminal terminal)
    {
        var json = new Option<bool>("--json") { Description = "Print JSON.", Recursive = true };
        var list = new Command("list", "Lists the catalogue.");
        list.Run(terminal, (parsed, _) => Task.FromResult(Show(terminal, parsed.GetValue(json), load: false)));
        var verify = new Command(
            "verify",
            "Loads every model, checks file, hash, names and shapes against the catalogue, computes its fixture where it has one, and holds "
            + "that the SNR-level block in use belongs to the enhancer in use. Exit code 3 if one does not hold.");
        verify.Run(terminal, (parsed, _) => Task.FromResult(Show(terminal, parsed.GetValue(json), load: true)));
        return new Command("models", "Shows, checks, installs and fits models.")
        {
            list, verify, InstallCommand.Create(terminal), FitSnrCommand.Create(terminal),
            CalibrateCommand.Create(terminal), QuantizeCommand.Create(terminal),
            Add(terminal), Use(terminal), Remove(terminal), json,
        };
    }

    private static Command Add(Terminal terminal)
    {
        var network = new Argument<FileInfo?>("onnx")
        {
            Description = "The network; without it, it is downloaded later from the entry's url: nrser models install NAME.",
            Arity = ArgumentArity.ZeroOrOne
        };
        var entry = new Option<FileInfo>("--entry")
        {
            Description = "Its catalogue entry (JSON), as the converters in models/export write it.",
            Required = true
        };
        var command = new Command("add", "Installs a model for this user, after checking hash, names, shapes and fixture.") { network, entry };
        command.Run(terminal, (parsed, _) =>
        {
            FileInfo? file = parsed.GetValue(network);
            ModelEntry added = Catalog(terminal).Add(file, parsed.GetRequiredValue(entry));
            terminal.Note(file is null ? $"Noted {added.Id}. Download it with: nrser models install {added.Name}"
                : $"Installed {added.Id}. Use it with: {Using(added)}");
            return Task.FromResult(ExitCode.Success);
        });
        return command;
    }

    private static Command Use(Terminal terminal)
    {
        var names = new Argument<string[]>("names") { Description = "Models of the catalogue, one of a kind.", Arity = ArgumentArity.OneOrMore };
        var command = new Command(
            "use", "Makes models those that are used when none are named. An enhancer and the SNR-level block that was trained with it are named "
            + "together.") { names };
        command.Run(terminal, (parsed, _) =>
        {
            foreach (ModelEntry used in Catalog(terminal).Use(parsed.GetRequiredValue(names)))
            {
                terminal.Note($"{used.Id} is used as {JsonNamingPolicy.CamelCase.ConvertName(used.Kind.ToString())} from now on.");
                if (used.Measured.ValueKind == JsonValueKind.Object
                    && used.Measured.TryGetProperty(QuantizeCommand.NotJudged, out JsonElement doubt))
                    terminal.Note($"It was not judged by recordings: {doubt}.");
            }

            return Task.FromResult(ExitCode.Success);
        });
        return command;
    }

    private static Command Remove(Terminal terminal)
    {
        var name = new Argument<string>("name") { Description = "An installed model." };
        var command = new Command("remove",
            "Removes an installed model, or what there is of one whose installation was not ended; the program's own cannot be removed.") { name };
        command.Run(terminal, (parsed, _) =>
        {
            Catalog(terminal).Remove(parsed.GetRequiredValue(name));
            return Task.FromResult(ExitCode.Success);
        });
        return command;
    }

    /// <summary>What to type to use it: enhancer and SNR-level block change together.</summary>
    internal static string Using(ModelEntry entry) => "nrser models use " + entry switch
    {
        { SnrLevel: { } block } => $"{block.Enhancer.Split('@')[0]} {entry.Name}",
        { Kind: ModelKind.Enhancer } => $"{entry.Name} BLOCK, an SNR-level block that was trained with it",
        _ => entry.Name,
    };

    /// <summary>The models of this user.</summary>
    internal static InstalledModels Catalog(Terminal terminal)
    {
        using ServiceProvider services = CliServices.Method(terminal);
        return new InstalledModels(services.GetRequiredService<IOptions<ModelOptions>>().Value);
    }

    private static int Show(Terminal terminal, bool asJson, bool load)
    {
        using ServiceProvider services = CliServices.Method(terminal);
        ModelSet models = services.GetRequiredService<ModelSet>();
        ModelEntry[] defaults = [models.EnhancerEntry, models.SnrLevelEntry, models.EmotionEntry];
        ModelListingV1[] listing = [.. models.Catalog.Models.Select(entry => new ModelListingV1(
            entry.Name, entry.Version, JsonNamingPolicy.CamelCase.ConvertName(entry.Kind.ToString()), entry.Quality, defaults.Contains(entry),
            entry.Licence,
            entry.Measured, load ? Problem(models, entry) : null))];
        if (asJson)
        {
            terminal.Out.WriteLine(JsonSerializer.Serialize(listing, CliJsonContext.Default.IReadOnlyListModelListingV1));
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

            terminal.Data.Write(table);
        }

        return listing.All(model => model.Problem is null) ? ExitCode.Success : ExitCode.Environment;
    }

    private static string? Problem(ModelSet models, ModelEntry entry)
    {
        try
        {
            if (entry.Url is not null && !File.Exists(models.Catalog.FileOf(entry)))
                return $"not downloaded yet: nrser models install {entry.Name}";
            ModelFixture.Verify(models.Catalog, entry, models.Options);
            if (entry == models.SnrLevelEntry)
                models.Catalog.RequirePair(models.EnhancerEntry, entry);
            return null;
        }
        catch (ModelException error)
        {
            return error.Message;
        }
    }
}
