using System.CommandLine;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using NrSer.Cli.Output;
using NrSer.Cli.Storage;
using NrSer.Pipeline.Forgetting;
using NrSer.Pipeline.Podcasts.Feeds;
using NrSer.Pipeline.Podcasts.Web;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;
using Spectre.Console;

namespace NrSer.Cli.Commands.Podcasts;

/// <summary><c>nrser podcast</c>: archives of podcasts, from a feed to rows.</summary>
internal static class PodcastCommand
{
    public static Command Create(Terminal terminal) =>
        new("podcast", "Archives podcasts: follows feeds, says what fetching them takes, fetches every episode once.")
        {
            AddCommand.Create(terminal), List(terminal), Episodes(terminal), PlanCommand.Create(terminal), SyncCommand.Create(terminal),
            ImportCommand.Create(terminal), Retry(terminal), Remove(terminal), Export(terminal),
        };

    /// <summary>Adds the options of the storage, and sets a command's action.</summary>
    public static void RunOnPodcasts(
        this Command command, Terminal terminal, Func<ParseResult, ServiceProvider, bool, CancellationToken, Task<int>> body,
        Func<ParseResult, IEnumerable<KeyValuePair<string, string?>>>? settings = null)
    {
        var storage = new StorageLocation();
        storage.AddTo(command);
        command.Run(terminal, async (parsed, cancellationToken) =>
        {
            await using ServiceProvider services = CliServices.Pipeline(
                terminal, [.. storage.Settings(parsed, terminal), .. settings?.Invoke(parsed) ?? []]);
            if (storage.IsLocal(parsed))
                await services.GetRequiredService<ResultTables>().CreateMissingAsync(cancellationToken); // a stack of an earlier version
            return await body(parsed, services, storage.IsLocal(parsed), cancellationToken);
        });
    }

    public static Argument<string[]> FeedsArgument() => new("feeds")
    {
        Description = "Feeds by id, folder, address or a part of the title; all that are followed by default.", Arity = ArgumentArity.ZeroOrMore,
    };

    public static Option<bool> JsonOption() => new("--json") { Description = "Print JSON." };

    /// <summary>The feeds that were named, or all that are followed.</summary>
    /// <exception cref="UsageException">A name fits none, or several.</exception>
    public static async Task<List<Feed>> FindAsync(PodcastStore store, IReadOnlyCollection<string> names, CancellationToken cancellationToken)
    {
        List<Feed> all = await store.FeedsAsync(cancellationToken).ToListAsync(cancellationToken);
        if (names.Count == 0)
            return [.. all.Where(feed => feed.IsFollowed).OrderBy(feed => feed.Title ?? feed.Url, StringComparer.OrdinalIgnoreCase)];
        return [.. names.Select(name => One(all, name)).DistinctBy(feed => feed.Id)];
    }

    private static Feed One(List<Feed> all, string name)
    {
        List<Feed> exact = all.FindAll(feed => feed.Id == name || feed.Slug == name || feed.Url == name);
        List<Feed> found = exact.Count > 0 ? exact : all.FindAll(feed => feed.Title?.Contains(name, StringComparison.OrdinalIgnoreCase) == true
            || (name.Length >= 4 && feed.Id.StartsWith(name, StringComparison.Ordinal)));
        return found switch
        {
            [var one] => one,
            [] => throw new UsageException($"No feed is called '{name}'. See: nrser podcast list"),
            _ => throw new UsageException(
                $"'{name}' fits {found.Count} feeds: "
                + $"{string.Join(", ", found.Take(5).Select(feed => $"{feed.Id} ({feed.Title})"))}. Name one by its id."),
        };
    }

    private static Command List(Terminal terminal)
    {
        Option<bool> json = JsonOption();
        var command = new Command("list", "Shows the feeds and how their episodes stand. Exit code 1 if one could not be read.") { json };
        command.RunOnPodcasts(terminal, async (parsed, services, _, cancellationToken) =>
        {
            PodcastStore store = services.GetRequiredService<PodcastStore>();
            var listing = new List<FeedV1>();
            foreach (Feed feed in await FindAsync(store, [], cancellationToken))
                listing.Add(FeedV1.Of(feed, await store.CountAsync(feed.Id, cancellationToken)));
            if (parsed.GetValue(json))
                terminal.Out.WriteLine(JsonSerializer.Serialize(listing, CliJsonContext.Default.IReadOnlyListFeedV1));
            else if (listing.Count == 0)
                terminal.Note("No podcasts yet. Add some with: nrser podcast add <url, feed.xml or subscriptions.opml>");
            else
                Show(terminal, listing);
            return listing.Exists(feed => feed.Reason is not null) ? ExitCode.SomeFailed : ExitCode.Success;
        });
        return command;
    }

    private static void Show(Terminal terminal, List<FeedV1> feeds)
    {
        var table = new Table().AddColumns("Feed", "Title", "Folder", "Waiting", "Stored", "Duplicate", "Skipped", "Failed", "Checked", "Reason");
        foreach (FeedV1 feed in feeds)
        {
            table.AddRow(
                feed.FeedId, Markup.Escape(feed.Title ?? feed.Address), Markup.Escape(feed.Folder ?? ""),
                $"{Count(EpisodeStatus.Listed) + Count(EpisodeStatus.Fetching)}", $"{Count(EpisodeStatus.Stored)}",
                    $"{Count(EpisodeStatus.Duplicate)}",
                $"{Count(EpisodeStatus.Skipped)}", $"{Count(EpisodeStatus.Failed)}", $"{feed.CheckedAt:yyyy-MM-dd HH:mm}",
                Markup.Escape(feed.Reason ?? ""));

            long Count(EpisodeStatus status) => feed.Episodes.GetValueOrDefault(status.ToString());
        }

        terminal.Data.Write(table);
    }

    private static Command Episodes(Terminal terminal)
    {
        Argument<string[]> feeds = FeedsArgument();
        var status = new Option<EpisodeStatus?>("--status") { Description = "Only those that stand so." };
        status.AcceptOnlyFromAmong(StringComparer.OrdinalIgnoreCase, Enum.GetNames<EpisodeStatus>());
        Option<bool> json = JsonOption();
        var command = new Command("episodes", "Shows episodes, the latest first.") { feeds, status, json };
        command.RunOnPodcasts(terminal, async (parsed, services, _, cancellationToken) =>
        {
            PodcastStore store = services.GetRequiredService<PodcastStore>();
            var listing = new List<EpisodeV1>();
            foreach (Feed feed in await FindAsync(store, parsed.GetValue(feeds) ?? [], cancellationToken))
            {
                await foreach (Episode episode in store.EpisodesAsync(feed.Id, parsed.GetValue(status), cancellationToken))
                    listing.Add(EpisodeV1.Of(episode));
            }

            listing.Sort((one, other) => Nullable.Compare(other.PublishedAt, one.PublishedAt));
            if (parsed.GetValue(json))
            {
                terminal.Out.WriteLine(JsonSerializer.Serialize(listing, CliJsonContext.Default.IReadOnlyListEpisodeV1));
                return ExitCode.Success;
            }

            var table = new Table().AddColumns("Published", "Title", "Status", "Length", "Size", "Blob", "Reason");
            foreach (EpisodeV1 episode in listing)
            {
                table.AddRow(
                    $"{episode.PublishedAt:yyyy-MM-dd}", Markup.Escape(episode.Title ?? episode.EpisodeKey), episode.Status,
                    episode.DeclaredSeconds is { } seconds ? TimeSpan.FromSeconds(Math.Round(seconds)).ToString() : "",
                    (episode.ContentBytes ?? episode.DeclaredBytes) is { } bytes ? $"{bytes / 1e6:F1} MB" : "", Markup.Escape(episode.BlobName ?? ""),
                    Markup.Escape(episode.Reason ?? ""));
            }

            terminal.Data.Write(table);
            return ExitCode.Success;
        });
        return command;
    }

    private static Command Retry(Terminal terminal)
    {
        Argument<string[]> feeds = FeedsArgument();
        Option<bool> json = JsonOption();
        var command = new Command("retry", "Lists failed episodes again, for the next sync.") { feeds, json };
        command.RunOnPodcasts(terminal, async (parsed, services, _, cancellationToken) =>
        {
            PodcastStore store = services.GetRequiredService<PodcastStore>();
            int revived = 0;
            foreach (Feed feed in await FindAsync(store, parsed.GetValue(feeds) ?? [], cancellationToken))
            {
                await foreach (Episode episode in store.EpisodesAsync(feed.Id, EpisodeStatus.Failed, cancellationToken))
                {
                    await store.ChangeFeedAsync(feed.Id, standing => standing with { HasWork = true }, cancellationToken);
                    Episode listed = episode with { Status = EpisodeStatus.Listed, Reason = "", Attempts = 0, NextAttemptAt = null };
                    revived += await store.TryWriteAsync(listed, cancellationToken) is null ? 0 : 1;
                }
            }

            if (parsed.GetValue(json))
                terminal.Out.WriteLine(JsonSerializer.Serialize(new PodcastRetryV1(revived), CliJsonContext.Default.PodcastRetryV1));
            else
                terminal.Data.MarkupLineInterpolated($"{revived} episodes are listed again. Fetch them with: nrser podcast sync");
            return ExitCode.Success;
        });
        return command;
    }

    private static Command Remove(Terminal terminal)
    {
        var which = new Argument<string>("feed") { Description = "The feed by id, folder, address or a part of the title." };
        var forget = new Option<bool>("--forget")
        {
            Description = "Forget it, too: its recordings, and all that is known of its episodes, as 'nrser forget --feed' does.",
        };
        var yes = new Option<bool>("--yes") { Description = "With --forget: do not ask." };
        Option<bool> json = JsonOption();
        var command = new Command("remove", "Follows a feed no longer. Recordings that were stored stay, unless they are to be forgotten.")
        {
            which, forget, yes, json,
        };
        command.RunOnPodcasts(terminal, async (parsed, services, _, cancellationToken) =>
        {
            PodcastStore store = services.GetRequiredService<PodcastStore>();
            Feed feed = (await FindAsync(store, [parsed.GetRequiredValue(which)], cancellationToken))[0];
            if (parsed.GetValue(forget))
            {
                ForgetPlan plan = await services.GetRequiredService<ForgetTargets>().OfFeedAsync(feed.Id, cancellationToken);
                ForgetCommand.Confirm(terminal, plan, parsed.GetValue(yes));
                IReadOnlyList<ProofV1> proofs = await ForgetCommand.RunAsync(
                    terminal, services, plan.Requests, new ForgetFeedRequest(feed.Id), cancellationToken);
                Tell(new PodcastRemovedV1(feed.Id, feed.Title, plan.Requests.Count, [.. proofs.Select(proof => ProofChain.NameOf(proof.Number))]),
                    $"The podcast and {plan.Requests.Count} recordings are forgotten.");
                return ExitCode.Success;
            }

            await store.ChangeFeedAsync(feed.Id, standing => standing with { IsFollowed = false }, cancellationToken);
            Tell(new PodcastRemovedV1(feed.Id, feed.Title, ForgottenRecordings: null, []),
                $"{feed.Title ?? feed.Id} is not followed any more; what was stored of it stays.");
            return ExitCode.Success;

            void Tell(PodcastRemovedV1 removed, string words)
            {
                if (parsed.GetValue(json))
                    terminal.Out.WriteLine(JsonSerializer.Serialize(removed, CliJsonContext.Default.PodcastRemovedV1));
                else
                    terminal.Note(words);
            }
        });
        return command;
    }

    private static Command Export(Terminal terminal)
    {
        Option<bool> json = JsonOption();
        var command = new Command("opml", "Prints the feeds as OPML, which other podcast programs import; private ones are left out.") { json };
        command.RunOnPodcasts(terminal, async (parsed, services, _, cancellationToken) =>
        {
            List<Feed> feeds = await FindAsync(services.GetRequiredService<PodcastStore>(), [], cancellationToken);
            (string Title, Uri Address)[] all = [.. feeds.Select(feed => (feed.Title ?? feed.Id, new Uri(feed.Url)))];
            string[] leftOut = [.. all.Where(feed => !IsPublic(feed.Address)).Select(feed => feed.Title)];
            foreach (string title in leftOut)
                terminal.Note($"{title} is left out: its address may hold a token, or is a file.");
            if (parsed.GetValue(json))
            {
                terminal.Out.WriteLine(JsonSerializer.Serialize(
                    new SubscriptionsV1(
                        [.. all.Where(feed => IsPublic(feed.Address)).Select(feed => new SubscriptionV1(feed.Title, feed.Address))], leftOut),
                    CliJsonContext.Default.SubscriptionsV1));
                return ExitCode.Success;
            }

            await Opml.WriteAsync(all.Where(feed => IsPublic(feed.Address)), terminal.Out);
            terminal.Out.WriteLine();
            return ExitCode.Success;
        });
        return command;

        static bool IsPublic(Uri address) => !address.IsFile && !WebAddress.IsPrivate(address);
    }
}
