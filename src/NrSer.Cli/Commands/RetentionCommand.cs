using System.CommandLine;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using NrSer.Cli.Output;
using NrSer.Pipeline.Forgetting;
using NrSer.Pipeline.Results.Tables;
using Spectre.Console;

namespace NrSer.Cli.Commands;

/// <summary><c>nrser retention</c>: how long is kept what.</summary>
internal static class RetentionCommand
{
    private const string Hint = "Nothing is set: everything is kept. Set for example NrSer__Retention__Uploads=30.00:00:00, see docs/forgetting.md";

    public static Command Create(Terminal terminal) =>
        new(
            "retention",
            "How long each store keeps what it has of a recording, for all of them and for single podcasts; 'nrser up' and the deployment in Azure "
            + "apply it once a day.")
        {
            Show(terminal), Apply(terminal),
        };

    private static Command Show(Terminal terminal)
    {
        var command = new Command("show", "Shows what is set here, and how far it was applied.");
        command.RunOnForgotten(terminal, async (_, services, _, cancellationToken) =>
        {
            var table = new Table().AddColumns("Store", "Of", "Kept", "Applied until", "Last run");
            RetentionState state = services.GetRequiredService<RetentionState>();
            PodcastStore podcasts = services.GetRequiredService<PodcastStore>();
            foreach (RetentionRule rule in services.GetRequiredService<IOptions<RetentionOptions>>().Value.Rules)
            {
                RetentionMark? mark = await state.FindAsync(rule.Key, cancellationToken);
                bool isKnown = Retention.IsOf(mark, rule);
                string whose = rule.FeedId is not { } id ? rule.Except.Count == 0 ? "all" : "all others"
                    : await podcasts.FindFeedAsync(id, cancellationToken) is { } feed ? $"{id} ({feed.Title ?? feed.Slug})"
                    : $"{id}: no such podcast, see nrser podcast list";
                table.AddRow(
                    $"{rule.Store}", Markup.Escape(whose), $"{rule.Period.TotalDays:0.##} days",
                    !isKnown ? "not reported yet" : mark!.Through == DateOnly.MinValue ? "reported, not applied yet" : $"{mark.Through:yyyy-MM-dd}",
                    mark is null ? "" : $"{mark.RanAt:yyyy-MM-dd HH:mm}");
            }

            if (table.Rows.Count == 0)
                terminal.Note(Hint);
            else
                terminal.Data.Write(table);
            return ExitCode.Success;
        });
        return command;
    }

    private static Command Apply(Terminal terminal)
    {
        var dryRun = new Option<bool>("--dry-run") { Description = "Only say what would be deleted." };
        var yes = new Option<bool>("--yes") { Description = "Do not ask." };
        var command = new Command("apply", "Applies it now. A setting that is new or changed is only reported; run again to apply it.")
        {
            dryRun, yes,
        };
        command.RunOnForgotten(terminal, async (parsed, services, clear, cancellationToken) =>
        {
            Retention retention = services.GetRequiredService<Retention>();
            bool isDry = parsed.GetValue(dryRun);
            IReadOnlyList<RetentionReport> reports = await retention.RunAsync(isDry: true, cancellationToken);
            if (!isDry && reports.Count > 0)
            {
                if (!parsed.GetValue(yes))
                    ForgetCommand.Ask(terminal, "apply", () => Tell(terminal, reports));
                reports = await retention.RunAsync(isDry: false, cancellationToken);
                clear();
            }

            if (reports.Count == 0)
                terminal.Note(Hint);
            Tell(terminal, reports);
            return ExitCode.Success;
        });
        return command;
    }

    private static void Tell(Terminal terminal, IReadOnlyList<RetentionReport> reports)
    {
        foreach (RetentionReport report in reports)
        {
            terminal.Out.WriteLine(
                $"{report.Rule}, kept for {report.Rule.Period.TotalDays:0.##} days: {report.Recordings} recordings uploaded until "
                + $"{report.Through:yyyy-MM-dd} {(report.IsApplied ? "were dealt with" : "are old enough; nothing was deleted")}.");
        }
    }
}
