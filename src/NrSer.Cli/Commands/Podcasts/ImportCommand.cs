using System.CommandLine;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using NrSer.Cli.Output;
using NrSer.Pipeline.Podcasts;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;

namespace NrSer.Cli.Commands.Podcasts;

/// <summary><c>nrser podcast import</c>: what another program downloaded is not fetched again.</summary>
internal static class ImportCommand
{
    public static Command Create(Terminal terminal)
    {
        var archives = new Argument<FileInfo[]>("archives")
        {
            Description = "Archives of podcast-dl, gPodder's databases, or episode actions (JSON) of gpodder.net and its kin.",
            Arity = ArgumentArity.OneOrMore,
        };
        var undo = new Option<bool>("--undo") { Description = "List what they name again, to be fetched by sync." };
        Option<bool> json = PodcastCommand.JsonOption();
        var command = new Command(
            "import",
            """
            Says which episodes another program has downloaded already: they are skipped, and not fetched. Add their feeds first:

                nrser podcast add subscriptions.opml
                nrser podcast import ~/podcasts/archive.json ~/gPodder/Database

            Exit code 1 if an archive names no episode of a feed that is followed.
            """)
        {
            archives, undo, json,
        };
        command.RunOnPodcasts(terminal, async (parsed, services, _, cancellationToken) =>
        {
            List<Feed> feeds = await PodcastCommand.FindAsync(services.GetRequiredService<PodcastStore>(), [], cancellationToken);
            var done = new List<PodcastImportV1>();
            foreach (FileInfo file in parsed.GetRequiredValue(archives))
            {
                EarlierArchive archive = await EarlierArchive.ReadAsync(file, cancellationToken);
                (int known, int changed) = (0, 0);
                foreach (Feed feed in feeds)
                {
                    (int ofFeed, int changedOfFeed) = await MarkAsync(services, feed, archive, parsed.GetValue(undo), cancellationToken);
                    (known, changed) = (known + ofFeed, changed + changedOfFeed);
                }

                done.Add(new PodcastImportV1($"{file}", archive.Program, archive.Names.Count, known, changed));
            }

            if (parsed.GetValue(json))
                terminal.Out.WriteLine(JsonSerializer.Serialize(done, CliJsonContext.Default.IReadOnlyListPodcastImportV1));
            foreach (PodcastImportV1 import in parsed.GetValue(json) ? [] : done)
            {
                terminal.Out.WriteLine(
                    $"{import.File} ({import.Program}): {import.Known} episodes of feeds that are followed, {import.Changed} of them "
                    + $"{(parsed.GetValue(undo) ? "listed again" : "skipped from now on")}");
            }

            foreach (PodcastImportV1 import in done.Where(import => import.Known == 0))
                terminal.Error($"{import.File} names no episode of a feed that is followed. Add the feeds first: nrser podcast add");
            return done.Exists(import => import.Known == 0) ? ExitCode.SomeFailed : ExitCode.Success;
        });
        return command;
    }

    /// <summary>Marks what an archive names of a feed, or takes that back; what was fetched here stays as it is.</summary>
    /// <returns>How many episodes it names, and how many changed.</returns>
    private static async Task<(int Known, int Changed)> MarkAsync(
        ServiceProvider services, Feed feed, EarlierArchive archive, bool isUndone, CancellationToken cancellationToken)
    {
        PodcastStore store = services.GetRequiredService<PodcastStore>();
        (int known, int changed) = (0, 0);
        await foreach (Episode episode in store.EpisodesAsync(feed.Id, status: null, cancellationToken))
        {
            if (!archive.Has(feed, episode))
                continue;
            known++;
            if (episode.Status is not (EpisodeStatus.Listed or EpisodeStatus.Skipped or EpisodeStatus.Failed)
                || isUndone == (episode.DownloadedBy is null))
                continue;
            Episode marked = episode with { Status = EpisodeStatus.Skipped, DownloadedBy = isUndone ? null : archive.Program };
            changed += await store.TryWriteAsync(marked, cancellationToken) is null ? 0 : 1; // whoever wrote it meanwhile fetches it
        }

        bool isThere = changed == 0 || await services.GetRequiredService<FeedUpdate>().ApplyRulesAsync(feed, cancellationToken);
        return isThere ? (known, changed) : (0, 0); // forgotten meanwhile
    }
}
