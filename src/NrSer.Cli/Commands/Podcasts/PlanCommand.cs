using System.CommandLine;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using NrSer.Cli.Output;
using NrSer.Pipeline.Podcasts.Web;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;
using Spectre.Console;

namespace NrSer.Cli.Commands.Podcasts;

/// <summary><c>nrser podcast plan</c>: what fetching takes, before anything is fetched.</summary>
internal static class PlanCommand
{
    private const double TypicalBytesPerSecond = 16_000; // 128 kbit/s, where no episode declares both length and size
    private const double TypicalSeconds = 2400; // where none declares a length
    private const double WorkBytesPerHour = 461e6; // x and y as float32 at 16 kHz: 2 × 4 × 16,000 × 3,600
    private const double RowsPerHour = 720; // a chunk of 5 min has about 60 segments
    private const double DollarsPerCoreHour = 0.108; // README, What it takes: a vCPU and 2 GiB in Container Apps

    // README, What it takes: hours of a core or a T4 for an hour of audio, and what such an hour costs
    private static readonly (string Name, double Hours, double DollarsPerHour)[] s_sizes =
    [
        ("CPU, embedded", 0.025, DollarsPerCoreHour),
        ("CPU, full size", 2.16, DollarsPerCoreHour),
        ("GPU T4, full size", 0.033, 0.53),
    ];

    private static readonly TimeSpan s_measured = TimeSpan.FromSeconds(20); // of audio: a second or two of work with the embedded models

    public static Command Create(Terminal terminal)
    {
        Argument<string[]> feeds = PodcastCommand.FeedsArgument();
        Option<long?> rate = SyncCommand.RateOption();
        var speed = new Option<double?>("--audio-hours-per-core-hour")
        {
            Description = "What one core gets through, as nrser bench measured it elsewhere; measured here by default.",
        }.OnlyWithin(0.001, 1e6);
        Option<bool> json = PodcastCommand.JsonOption();
        var command = new Command(
            "plan", "Says what fetching the episodes that wait takes: hours, gigabytes, rows, core-hours, price, days. Fetches nothing.")
        {
            feeds, rate, speed, json,
        };
        command.RunOnPodcasts(terminal, async (parsed, services, isLocal, cancellationToken) =>
        {
            PodcastStore store = services.GetRequiredService<PodcastStore>();
            var sum = new Sum();
            foreach (Feed feed in await PodcastCommand.FindAsync(store, parsed.GetValue(feeds) ?? [], cancellationToken))
            {
                foreach (EpisodeStatus status in new[] { EpisodeStatus.Listed, EpisodeStatus.Fetching })
                {
                    await foreach (Episode episode in store.EpisodesAsync(feed.Id, status, cancellationToken))
                        sum.Add(episode);
                }
            }

            double hoursPerCoreHour = parsed.GetValue(speed) ?? await terminal.WithProgressAsync(
                "measuring this machine", progress => BenchCommand.SpeedAsync(terminal, s_measured, progress, cancellationToken));
            int inFlight = services.GetRequiredService<IOptions<PodcastOptions>>().Value.InFlight;
            PodcastPlanV1 plan = sum.Plan(hoursPerCoreHour, parsed.GetValue(rate), inFlight);
            if (parsed.GetValue(json))
                terminal.Out.WriteLine(JsonSerializer.Serialize(plan, CliJsonContext.Default.PodcastPlanV1));
            else
                Show(terminal, plan, parsed.GetValue(rate), inFlight, isLocal);
            return ExitCode.Success;
        });
        return command;
    }

    private static void Show(Terminal terminal, PodcastPlanV1 plan, long? rate, int inFlight, bool isLocal)
    {
        Table table = new Table().AddColumns("", "").HideHeaders();
        table.AddRow("Episodes",
            $"{plan.Episodes:N0}{(plan.WithoutLength > 0 ? $", {plan.WithoutLength:N0} of them without a declared length" : "")}");
        table.AddRow("Audio", $"{plan.Hours:N1} h");
        table.AddRow("To download and keep", $"{plan.Gigabytes:N2} GB");
        table.AddRow("Work audio at a time", $"{plan.TemporaryGigabytes:N2} GB, with {inFlight} recordings unfinished at most");
        table.AddRow("Rows of segments", $"about {plan.Rows:N0}{(isLocal ? ", in blobs alone: nrser project-tables fills the table" : "")}");
        table.AddRow("Work", $"{plan.CoreHours:N2} core-hours at {plan.AudioHoursPerCoreHour:N1} h of audio per core-hour");
        table.AddRow("Price in Azure",
            $"about {plan.Dollars:N2} $ of processor time at that speed, and {plan.Gigabytes * 0.02:N2} $ a month for the audio");
        table.AddRow("By size", string.Join('\n', plan.Prices.Select(price => $"{price.Size}: about {price.Dollars:N2} $")));
        table.AddRow("Days",
            $"{plan.Days:N2} on {Environment.ProcessorCount} cores"
            + $"{(rate is { } bytes ? $", downloading {bytes / 1e6:N1} MB/s" : ", the download not counted (--rate)")}");
        terminal.Data.Write(table);
        if (plan.Episodes == 0)
            terminal.Note("Nothing waits to be fetched. See: nrser podcast list");
    }

    /// <summary>What the episodes declare, added up.</summary>
    private sealed class Sum
    {
        private long _episodes;
        private long _timed;
        private double _timedSeconds;
        private long _bothBytes;
        private double _bothSeconds;
        private long _bytesAlone; // of those without a length
        private double _secondsAlone; // of those without a size
        private long _neither;
        private long _bytes;
        private double _longest;

        public void Add(Episode episode)
        {
            _episodes++;
            _bytes += episode.DeclaredBytes ?? 0;
            if (episode.DeclaredSeconds is { } seconds)
            {
                _timed++;
                _timedSeconds += seconds;
                _longest = Math.Max(_longest, seconds);
                if (episode.DeclaredBytes is { } bytes)
                    (_bothBytes, _bothSeconds) = (_bothBytes + bytes, _bothSeconds + seconds);
                else
                    _secondsAlone += seconds;
            }
            else if (episode.DeclaredBytes is { } bytes)
                _bytesAlone += bytes;
            else
                _neither++;
        }

        public PodcastPlanV1 Plan(double hoursPerCoreHour, long? bytesPerSecond, int inFlight)
        {
            double rate = _bothSeconds > 0 ? _bothBytes / _bothSeconds : TypicalBytesPerSecond;
            double mean = _timed > 0 ? _timedSeconds / _timed : TypicalSeconds;
            double hours = (_timedSeconds + (_bytesAlone / rate) + (_neither * mean)) / 3600;
            double bytes = _bytes + (_secondsAlone * rate) + (_neither * mean * rate);
            double coreHours = hours / hoursPerCoreHour;
            double atOnce = Math.Min(hours, inFlight * Math.Max(_longest, mean) / 3600);
            double days = Math.Max(coreHours / Environment.ProcessorCount, bytesPerSecond is { } given ? bytes / given / 3600 : 0) / 24;
            return new PodcastPlanV1(
                _episodes, _episodes - _timed, hours, bytes / 1e9, atOnce * WorkBytesPerHour / 1e9, (long)(hours * RowsPerHour), hoursPerCoreHour,
                coreHours, coreHours * DollarsPerCoreHour, days,
                [.. s_sizes.Select(size => new PodcastPriceV1(size.Name, hours * size.Hours * size.DollarsPerHour))]);
        }
    }
}
