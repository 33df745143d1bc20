using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using NrSer.Cli.Output;
using NrSer.Cli.Storage;
using NrSer.Core.Models;
using NrSer.Pipeline.Forgetting;
using NrSer.Pipeline.Results;

namespace NrSer.Cli.Commands;

/// <summary><c>nrser about</c>: what an installation says of itself.</summary>
internal static class AboutCommand
{
    public static Command Create(Terminal terminal)
    {
        var json = new Option<bool>("--json") { Description = "Print JSON." };
        var storage = new StorageLocation();
        var command = new Command(
            "about", "Says which models tell emotions here and what they are worth, what for, how long is kept what, and whom to ask.") { json };
        storage.AddTo(command);
        command.Run(terminal, async (parsed, cancellationToken) =>
        {
            bool hasStorage = !storage.IsLocal(parsed) || storage.FindLocalConnection(parsed, terminal) is not null;
            await using ServiceProvider services = CliServices.Pipeline(terminal, hasStorage ? storage.Settings(parsed, terminal) : []);
            ModelSet models = services.GetRequiredService<ModelSet>();
            DeploymentV1? said = hasStorage ? await services.GetRequiredService<DeploymentBlob>().FindAsync(cancellationToken) : null;
            IEnumerable<RetentionRule> kept = !hasStorage ? services.GetRequiredService<IOptions<RetentionOptions>>().Value.Rules
                : (await services.GetRequiredService<Retention>().StandingAsync(cancellationToken)).Select(standing => standing.Rule);
            var about = new AboutV1(
                typeof(AboutCommand).Assembly.GetName().Version?.ToString(3) ?? "",
                [.. new[] { models.EnhancerEntry, models.SnrLevelEntry, models.EmotionEntry }
                    .Select(entry => new AboutModelV1($"{entry.Kind}", entry.Id, entry.Quality, entry.Licence))],
                models.Quality, QualityNotice.Of(models.Quality), said?.Label, said?.Setting?.ToString(), said?.Contact,
                kept.ToDictionary(rule => rule.ToString(), rule => rule.Period.TotalDays, StringComparer.Ordinal));
            if (parsed.GetValue(json))
                terminal.Out.WriteLine(JsonSerializer.Serialize(about, CliJsonContext.Default.AboutV1));
            else
                Show(terminal, about, hasStorage, said);
            if (!storage.IsLocal(parsed))
                terminal.Note("The models are those of this command. The deployment may have others, which its page and its rows name.");
            return ExitCode.Success;
        });
        return command;
    }

    private static void Show(Terminal terminal, AboutV1 about, bool hasStorage, DeploymentV1? said)
    {
        terminal.Out.WriteLine($"NrSer {about.Version}");
        foreach (AboutModelV1 model in about.Models)
            terminal.Out.WriteLine($"{model.Kind,-9} {model.Id}, {model.Quality}, {model.Licence}");
        terminal.Out.WriteLine($"Purpose   {(hasStorage ? PurposeCommand.Sentence(said) : "unknown: no stack runs here, see nrser up")}");
        string kept = string.Join(
            ", ", about.KeptDays.Select(each => string.Create(CultureInfo.InvariantCulture, $"{each.Key} {each.Value:0.##} days")));
        terminal.Out.WriteLine(
            $"Kept      {(kept.Length == 0 ? "everything, until it is forgotten" : $"{kept}; everything else until it is forgotten")}");
        if (about.Notice is { } notice)
            terminal.Out.WriteLine($"\n{notice}");
    }
}
