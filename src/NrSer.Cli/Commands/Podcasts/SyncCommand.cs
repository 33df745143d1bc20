using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using NrSer.Cli.Output;
using NrSer.Pipeline.Podcasts;
using NrSer.Pipeline.Podcasts.Web;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;
using Spectre.Console;

namespace NrSer.Cli.Commands.Podcasts;

/// <summary><c>nrser podcast sync</c>: fetches what is new, until done.</summary>
internal static partial class SyncCommand
{
    private const double LeastBytesPerSecond = 1000; // below that an episode takes days, and servers hang up

    public static Command Create(Terminal terminal)
    {
        Argument<string[]> feeds = PodcastCommand.FeedsArgument();
        Option<int?> inFlight = new Option<int?>("--in-flight") { Description = "Recordings that may be unfinished before the next is fetched; 20." };
        Option<int?> perHost = new Option<int?>("--per-host") { Description = "Requests at once at one host; 2." };
        Option<TimeSpan?> pause = PauseOption();
        Option<long?> rate = RateOption();
        Option<string?> agent = new("--user-agent") { Description = "What servers are told of who asks; name a contact in it." };
        var recheck = new Option<bool>("--recheck") { Description = "Read feeds in full, even those that are unchanged or not due." };
        var dryRun = new Option<bool>("--dry-run") { Description = "Read feeds, and fetch no episode." };
        Option<bool> json = PodcastCommand.JsonOption();
        var command = new Command(
            "sync",
                "Reads feeds and fetches what is new, until done. Interrupted and run again, it goes on. Exit code 1 if something could not be had.")
        {
            feeds, inFlight, perHost, pause, rate, agent, recheck, dryRun, json,
        };
        command.RunOnPodcasts(terminal, async (parsed, services, isLocal, cancellationToken) =>
        {
            List<Feed> chosen = await PodcastCommand.FindAsync(
                services.GetRequiredService<PodcastStore>(), parsed.GetValue(feeds) ?? [], cancellationToken);
            if (chosen.Count == 0)
                terminal.Note("No podcasts yet. Add some with: nrser podcast add <url, feed.xml or subscriptions.opml>");
            else if (services.GetRequiredService<IOptions<PodcastOptions>>().Value.UserAgent == new PodcastOptions().UserAgent)
                terminal.Note("Servers are not told whom to ask: name a contact with --user-agent, or NrSer__Podcasts__UserAgent.");
            var settings = new SyncSettings(parsed.GetValue(recheck), parsed.GetValue(dryRun), IsAnnounced: isLocal);
            var report = new SyncReport(terminal, settings.IsDry);
            await terminal.WithProgressAsync($"{chosen.Count} feeds", async progress =>
            {
                await services.GetRequiredService<PodcastSync>().RunAsync(chosen, settings, step => progress(report.Add(step)), cancellationToken);
                return true;
            });
            PodcastSyncV1 done = report.Finish();
            if (parsed.GetValue(json))
                terminal.Out.WriteLine(JsonSerializer.Serialize(done, CliJsonContext.Default.PodcastSyncV1));
            else
                Show(terminal, done, settings.IsDry);
            return done is { FeedsFailed: 0, Failures.Count: 0, PutOff: 0 } ? ExitCode.Success : ExitCode.SomeFailed;
        }, parsed =>
        [
            .. Setting(nameof(PodcastOptions.InFlight), parsed.GetValue(inFlight)), .. Setting(nameof(PodcastOptions.PerHost),
            parsed.GetValue(perHost)),
            .. Setting(nameof(PodcastOptions.Pause), parsed.GetValue(pause)), .. Setting(nameof(PodcastOptions.BytesPerSecond),
            parsed.GetValue(rate)),
            .. Setting(nameof(PodcastOptions.UserAgent), parsed.GetValue(agent)),
        ]);
        return command;
    }

    private static void Show(Terminal terminal, PodcastSyncV1 done, bool isDry)
    {
        terminal.Data.MarkupLineInterpolated(
            $"{done.Feeds} feeds ({done.Unchanged} unchanged, {done.FeedsFailed} failed), {done.NewEpisodes} new episodes");
        if (isDry)
            terminal.Data.MarkupLineInterpolated($"{done.Waiting} would be fetched. See: nrser podcast plan");
        else
        {
            int failed = done.Failures.Count(failure => failure.EpisodeKey is not null);
            terminal.Data.MarkupLineInterpolated(
                $"{done.Stored} stored ({done.Bytes / 1e6:F1} MB), {done.Duplicates} duplicates, {done.PutOff} put off, {failed} failed");
            if (done.PutOff > 0)
                terminal.Note("What was put off is fetched by a later run. See: nrser podcast episodes --status listed");
        }
    }

    /// <summary>A rate such as 20MB/s.</summary>
    public static Option<long?> RateOption() => new("--rate")
    {
        Description = "Bytes a second of all downloads together, such as 20MB/s or 500kB/s; without limit by default.", HelpName = "rate",
        CustomParser = result => Parse(result, Rate(), "a rate of 1kB/s or more, such as 20MB/s", match =>
            Number(match) * FactorOf(match.Groups["unit"].Value) is >= LeastBytesPerSecond and var rate ? (long?)(long)Math.Min(rate, 1e18) : null),
    };

    private static Option<TimeSpan?> PauseOption() => new("--pause")
    {
        Description = "Pause between two requests at one host, such as 500ms, 1s or 2m; 1s.", HelpName = "time",
        CustomParser = result => Parse(result, Pause(), "a time such as 500ms, 1s or 2m", match => (TimeSpan?)(match.Groups["unit"].Value switch
        {
            "ms" => TimeSpan.FromMilliseconds(Number(match)),
            "m" => TimeSpan.FromMinutes(Number(match)),
            _ => TimeSpan.FromSeconds(Number(match)),
        })),
    };

    private static T? Parse<T>(ArgumentResult result, Regex form, string wanted, Func<Match, T?> read)
    {
        string text = result.Tokens[0].Value;
        Match match = form.Match(text);
        if (match.Success && read(match) is { } value)
            return value;
        result.AddError($"'{text}' is not {wanted}.");
        return default;
    }

    private static double FactorOf(string unit) => unit.ToLowerInvariant() switch
    {
        "k" or "kb" => 1e3,
        "m" or "mb" => 1e6,
        "g" or "gb" => 1e9,
        _ => 1,
    };

    private static double Number(Match match) => double.Parse(match.Groups["number"].Value, CultureInfo.InvariantCulture);

    private static IEnumerable<KeyValuePair<string, string?>> Setting<T>(string name, T value) =>
        value is null ? [] : [new($"{PodcastOptions.Section}:{name}", Convert.ToString(value, CultureInfo.InvariantCulture))];

    [GeneratedRegex("^(?<number>[0-9]{1,12}(\\.[0-9]{1,3})?)(?<unit>[kKMG]?B?)(/s)?$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Rate();

    [GeneratedRegex("^(?<number>[0-9]{1,7}(\\.[0-9]{1,3})?)(?<unit>ms|s|m)?$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Pause();
}
