using System.CommandLine;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using NrSer.Cli.Output;
using NrSer.Pipeline.Podcasts;
using NrSer.Pipeline.Podcasts.Feeds;
using NrSer.Pipeline.Podcasts.Web;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;
using Spectre.Console;

namespace NrSer.Cli.Commands.Podcasts;

/// <summary><c>nrser podcast add</c>: follows feeds from now on.</summary>
internal static class AddCommand
{
    public static Command Create(Terminal terminal)
    {
        var sources = new Argument<string[]>("sources")
        {
            Description = "Addresses of feeds, files with a feed, or lists of subscriptions (OPML).", Arity = ArgumentArity.OneOrMore,
        };
        var since = new Option<DateOnly?>("--since") { Description = "Only episodes published on that day or later, yyyy-MM-dd (UTC)." };
        var until = new Option<DateOnly?>("--until") { Description = "Only episodes published on that day or earlier." };
        var match = new Option<string?>("--match") { Description = "Only episodes whose title matches this regular expression, in any case." };
        match.Validators.Add(result =>
        {
            try
            {
                _ = new Regex(result.Tokens[0].Value, RegexOptions.NonBacktracking, TimeSpan.FromSeconds(1));
            }
            catch (Exception wrong) when (wrong is ArgumentException or NotSupportedException)
            {
                result.AddError($"--match takes a regular expression without look-around: {wrong.Message}");
            }
        });
        Option<int?> limit = new("--limit") { Description = "Only so many of the latest episodes." };
        limit.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var text }] && int.TryParse(text, out int number) && number < 1)
                result.AddError("--limit takes 1 or more.");
        });
        Option<SegmentStore?> segments = new("--segments")
        {
            Description = "Where segments of its episodes stand: table, or blob alone; by default blob on a laptop, whose emulator keeps tables in "
                + "memory, and table in Azure.",
        };
        segments.AcceptOnlyFromAmong(StringComparer.OrdinalIgnoreCase, Enum.GetNames<SegmentStore>());
        Option<bool> json = PodcastCommand.JsonOption();
        var command = new Command(
            "add", "Follows feeds and lists their episodes; nothing is fetched yet. Added again, a feed's rules are replaced. Exit code 1 if a feed "
            + "could not be read.") { sources, since, until, match, limit, segments, json };
        command.RunOnPodcasts(terminal, async (parsed, services, _, cancellationToken) =>
        {
            if (parsed.GetValue(since) > parsed.GetValue(until))
                throw new UsageException("--since comes after --until.");
            var addresses = new List<Uri>();
            foreach (string source in parsed.GetRequiredValue(sources))
                addresses.AddRange(await AddressesAsync(terminal, source, cancellationToken));
            Feed rules = new()
            {
                Id = "", Since = Day(parsed.GetValue(since)), Until = Day(parsed.GetValue(until)?.AddDays(1)), Match = parsed.GetValue(match),
                Limit = parsed.GetValue(limit), Segments = parsed.GetValue(segments),
            };
            Uri[] distinct = [.. addresses.Distinct()];
            FeedAddedV1[] added = await terminal.WithProgressAsync($"{distinct.Length} feeds", async progress =>
            {
                var done = new FeedAddedV1[distinct.Length];
                int count = 0;
                await FeedsByHost.ForEachAsync(Enumerable.Range(0, distinct.Length), at => distinct[at].AbsoluteUri, async (at, token) =>
                {
                    done[at] = await AddAsync(services, distinct[at], rules, token);
                    progress(Interlocked.Increment(ref count) / (double)distinct.Length);
                }, cancellationToken);
                return done;
            });
            if (parsed.GetValue(json))
                terminal.Out.WriteLine(JsonSerializer.Serialize(new PodcastAddedV1(added), CliJsonContext.Default.PodcastAddedV1));
            else
                Show(terminal, added);
            foreach (FeedAddedV1 failed in added.Where(feed => feed.Reason is not null))
                terminal.Error($"{failed.Address}: {failed.Reason}{(failed.FeedId is null ? " It was not added." : " It is tried again by sync.")}");
            return added.All(feed => feed.Reason is null) ? ExitCode.Success
                : added.All(feed => feed.FeedId is null) ? ExitCode.BadInput : ExitCode.SomeFailed;
        });
        return command;
    }

    private static void Show(Terminal terminal, FeedAddedV1[] added)
    {
        foreach (FeedAddedV1 feed in added.Where(feed => feed.Reason is null))
        {
            terminal.Data.MarkupLineInterpolated($"{feed.FeedId}  {feed.Title ?? feed.Address}: {feed.NewEpisodes} new episodes");
            foreach (string remark in feed.Remarks)
                terminal.Note($"  {remark}");
        }

        if (added.Any(feed => feed.Reason is null))
            terminal.Note("What fetching them takes: nrser podcast plan. Fetch them: nrser podcast sync");
    }

    private static DateTimeOffset? Day(DateOnly? day) => day is { } given ? new DateTimeOffset(given, TimeOnly.MinValue, TimeSpan.Zero) : null;

    private static async Task<FeedAddedV1> AddAsync(ServiceProvider services, Uri address, Feed rules, CancellationToken cancellationToken)
    {
        PodcastStore store = services.GetRequiredService<PodcastStore>();
        FeedUpdate updates = services.GetRequiredService<FeedUpdate>();
        string url = address.AbsoluteUri;
        Feed? known = await store.FeedsAsync(cancellationToken).FirstOrDefaultAsync(feed => feed.Url == url, cancellationToken)
            ?? await store.FindFeedAsync(PodcastNames.FeedId(address), cancellationToken);
        Feed? feed;
        do
        {
            feed = known ?? new Feed { Id = PodcastNames.FeedId(address), Url = url };
            feed = await store.TryWriteAsync(
                feed with
                {
                    IsFollowed = true,
                    Since = rules.Since,
                    Until = rules.Until,
                    Match = rules.Match,
                    Limit = rules.Limit,
                    Segments = rules.Segments,
                }, cancellationToken);
            known = feed is null ? await store.FindFeedAsync(PodcastNames.FeedId(address), cancellationToken) : known;
        }
        while (feed is null);
        FeedUpdateResult result = await updates.RunAsync(feed, isAnew: false, cancellationToken);
        bool isUseless = result is { Outcome: FeedUpdateOutcome.Failed, IsForGood: true } && known is null;
        if (isUseless)
            await store.DeleteFeedAsync(feed.Id, cancellationToken);
        else if (result.Outcome is not (FeedUpdateOutcome.Read or FeedUpdateOutcome.Forgotten)
            && !await updates.ApplyRulesAsync(result.Feed, cancellationToken))
            result = FeedUpdateResult.Forgotten(feed);
        bool isForgotten = result.Outcome == FeedUpdateOutcome.Forgotten; // by somebody else, just now
        return new FeedAddedV1(
            isUseless || isForgotten ? null : feed.Id, isForgotten ? null : result.Feed.Title, WebAddress.Shown(address), result.NewEpisodes,
            isForgotten || result.Outcome == FeedUpdateOutcome.Failed ? result.Feed.Reason : null, result.Remarks);
    }

    /// <summary>The feeds that a source names.</summary>
    private static async Task<IReadOnlyList<Uri>> AddressesAsync(Terminal terminal, string source, CancellationToken cancellationToken)
    {
        if (!File.Exists(source))
            return [AddressOf(source) ?? throw new UsageException(
                $"'{source}' is neither a file nor an address that begins with https:// or http://.")];
        await using var file = new FileStream(source, FileMode.Open, FileAccess.Read, FileShare.Read);
        IReadOnlyList<string>? listed;
        try
        {
            listed = await Opml.ReadAsync(file, cancellationToken);
        }
        catch (InvalidFeedException broken)
        {
            throw new UsageException($"{source}: {broken.Message}");
        }

        if (listed is null)
            return [await SelfAsync(source, file, cancellationToken)];
        foreach (string wrong in listed.Where(text => AddressOf(text) is null))
            terminal.Note($"{source}: '{wrong}' is no address that begins with https:// or http://, and is left out.");
        Uri[] found = [.. listed.Select(AddressOf).OfType<Uri>()];
        return found.Length > 0 ? found : throw new UsageException($"{source} lists no feeds.");
    }

    /// <summary>Where a feed in a file says that it is; else the file itself.</summary>
    private static async Task<Uri> SelfAsync(string source, FileStream file, CancellationToken cancellationToken)
    {
        file.Position = 0;
        var address = new Uri(Path.GetFullPath(source));
        try
        {
            FeedDocument document = await FeedReader.ReadAsync(file, address, charset: null, cancellationToken);
            return document.Self is { IsFile: false } self && AddressOf(self.AbsoluteUri) is { } web ? web : address;
        }
        catch (InvalidFeedException wrong)
        {
            throw new UsageException($"{source}: {wrong.Message}");
        }
    }

    /// <summary>An address of the web; the schemes by which programs are told of feeds stand for https.</summary>
    private static Uri? AddressOf(string text)
    {
        foreach (string scheme in new[] { "feed://", "podcast://", "pcast://", "itpc://" })
        {
            if (text.StartsWith(scheme, StringComparison.OrdinalIgnoreCase))
                text = $"https://{text[scheme.Length..]}";
        }

        return Uri.TryCreate(text, UriKind.Absolute, out Uri? address) && (address.Scheme == Uri.UriSchemeHttps
            || address.Scheme == Uri.UriSchemeHttp)
            ? address : null;
    }
}
