using System.CommandLine;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using NrSer.Cli.Commands.Podcasts;
using NrSer.Cli.Output;
using NrSer.Cli.Storage;
using NrSer.Pipeline;
using NrSer.Pipeline.Forgetting;
using NrSer.Pipeline.Lake;
using NrSer.Pipeline.Results;
using NrSer.Pipeline.Results.Tables;
using NrSer.Pipeline.Storage;
using Spectre.Console;

namespace NrSer.Cli.Commands;

/// <summary><c>nrser forget</c>: recordings, and everything that was made of them, gone for good, with a proof.</summary>
internal static class ForgetCommand
{
    private const int MaxShown = 20;

    private static readonly TimeSpan s_look = TimeSpan.FromSeconds(1); // while another host is at it

    public static Command Create(Terminal terminal)
    {
        var which = new Argument<string[]>("recordings")
        {
            Description = "Ids, or names: everything that was ever uploaded under one.", Arity = ArgumentArity.ZeroOrMore,
        };
        var feed = new Option<string?>("--feed") { Description = "A podcast by id, folder, address or title: it is followed no longer, either." };
        var sha256 = new Option<string?>("--sha256") { Description = "Everything with this content, 64 hex digits, under whatever name." };
        var list = new Option<FileInfo?>("--list") { Description = "A file with an id or a name a line." };
        var refuse = new Option<bool>("--refuse-again") { Description = "Take the same content in never again, from wherever it comes." };
        var reason = new Option<string?>("--reason") { Description = "Goes into the proof, for ever: a number of a case, not a name." };
        var dryRun = new Option<bool>("--dry-run") { Description = "Only say what would be forgotten." };
        var yes = new Option<bool>("--yes") { Description = "Do not ask." };
        var json = new Option<bool>("--json") { Description = "Print JSON: the proofs." };
        var command = new Command(
            "forget",
            "Deletes recordings for good, and everything that was made of them, and writes a proof. Nothing brings them back, and nothing undoes it.")
        {
            which, feed, sha256, list, refuse, reason, dryRun, yes, json, ForgetVerifyCommand.Create(terminal),
            ForgetVerifyCommand.CreateRotate(terminal),
        };
        command.RunOnForgotten(terminal, async (parsed, services, clear, cancellationToken) =>
        {
            (ForgetPlan plan, Feed? chosen) = await ChooseAsync(
                services, [.. parsed.GetValue(which) ?? [], .. await LinesAsync(parsed.GetValue(list), cancellationToken)], parsed.GetValue(sha256),
                parsed.GetValue(feed), cancellationToken);
            foreach (string unknown in plan.Unknown.Take(MaxShown))
                terminal.Error($"There is no recording '{unknown}'.");
            if (plan.Unknown.Count > 0)
            {
                throw new UsageException(
                    $"{plan.Unknown.Count} of what was asked for is not there, or was forgotten before: a tombstone has no name. Nothing was "
                    + "forgotten now. See: nrser status");
            }

            if (parsed.GetValue(dryRun))
            {
                Show(terminal, plan, "would be forgotten");
                return ExitCode.Success;
            }

            if (plan.Requests.Count == 0 && chosen is null)
            {
                terminal.Note(plan.AlreadyForgotten > 0 ? "It was forgotten before." : "There is nothing to forget.");
                return ExitCode.Success;
            }

            Confirm(terminal, plan, parsed.GetValue(yes));
            ForgetRequest[] requests =
                [.. plan.Requests.Select(request => request with { IsRefused = parsed.GetValue(refuse), Reason = parsed.GetValue(reason) })];
            ForgetFeedRequest? podcast = chosen is null ? null
                : new ForgetFeedRequest(chosen.Id) { IsRefused = parsed.GetValue(refuse), Reason = parsed.GetValue(reason) };
            IReadOnlyList<ProofV1> proofs = await RunAsync(terminal, services, requests, podcast, cancellationToken);
            clear();
            Tell(
                terminal, $"{(chosen is null ? "" : "The podcast and ")}{requests.Length} recordings are forgotten.", proofs, parsed.GetValue(json));
            return ExitCode.Success;
        });
        return command;
    }

    /// <summary>Sets the action of a command that forgets, which says where the storage is.</summary>
    /// <param name="command">The command.</param>
    /// <param name="terminal">Where it was typed.</param>
    /// <param name="body">What it does; it is handed what clears the files that queries keep on this machine.</param>
    public static void RunOnForgotten(
        this Command command, Terminal terminal, Func<ParseResult, IServiceProvider, Action, CancellationToken, Task<int>> body)
    {
        var storage = new StorageLocation();
        storage.AddTo(command);
        command.Run(terminal, async (parsed, cancellationToken) =>
        {
            await using ServiceProvider services = CliServices.Pipeline(terminal, storage.Settings(parsed, terminal));
            if (storage.IsLocal(parsed)) // a stack of an earlier version
            {
                await services.GetRequiredService<ResultTables>().CreateMissingAsync(cancellationToken);
                await services.GetRequiredService<BlobStorage>().CreateMissingAsync(cancellationToken);
            }

            return await body(parsed, services, () => new LakeCache(
                services.GetRequiredService<LakeBlobs>(), storage.LakeFolder(parsed, terminal) ?? LakeCache.DefaultFolder,
                services.GetRequiredService<TimeProvider>()).Clear(), cancellationToken);
        });
    }

    /// <summary>Has a person type what is about to happen.</summary>
    /// <exception cref="UsageException">Nobody is there to, or something else was typed.</exception>
    public static void Confirm(Terminal terminal, ForgetPlan plan, bool isSaid)
    {
        if (!isSaid)
        {
            Ask(
                terminal, $"forget {plan.Requests.Count}",
                () => Show(terminal, plan, "will be deleted for good, with everything that was made of them"));
        }
    }

    /// <summary>Has a person type some words.</summary>
    /// <param name="terminal">Where.</param>
    /// <param name="wanted">The words.</param>
    /// <param name="show">Shows what they are for.</param>
    /// <exception cref="UsageException">Nobody is there to, or something else was typed.</exception>
    public static void Ask(Terminal terminal, string wanted, Action show)
    {
        if (terminal.Answers is not { } answers)
            throw new UsageException("Nobody is here to confirm that: say --yes, or look first with --dry-run.");
        show();
        terminal.Notes.Markup($"Type [bold]{wanted}[/] to go on: ");
        if (answers.ReadLine()?.Trim() != wanted)
            throw new UsageException("That was something else; nothing was deleted.");
    }

    /// <summary>Forgets, or waits until the host that is at it has.</summary>
    /// <param name="terminal">Where that is said.</param>
    /// <param name="services">What does it.</param>
    /// <param name="requests">Recordings.</param>
    /// <param name="feed">A podcast, with all its recordings; null for none.</param>
    /// <param name="cancellationToken">Stops it; Sweep goes on, and so does the command run again.</param>
    public static async Task<IReadOnlyList<ProofV1>> RunAsync(
        Terminal terminal, IServiceProvider services, IReadOnlyList<ForgetRequest> requests, ForgetFeedRequest? feed,
        CancellationToken cancellationToken)
    {
        ForgetRecordings forgetting = services.GetRequiredService<ForgetRecordings>();
        ForgetRequests asked = services.GetRequiredService<ForgetRequests>();
        ForgottenStore store = services.GetRequiredService<ForgottenStore>();
        ForgottenFeedStore feeds = services.GetRequiredService<ForgottenFeedStore>();
        ProofHead? before = await store.FindHeadAsync(cancellationToken);
        if (feed is not null)
            await asked.RequestAsync(feed, cancellationToken);
        else
            await asked.RequestAsync(requests, cancellationToken);
        HashSet<RecordingId> own = [.. requests.Select(request => request.Id)];
        bool isSaid = false;
        while (true)
        {
            if (await forgetting.RunAsync(cancellationToken) is { Count: > 0 } written)
                return [.. written.Select(link => link.Proof)];
            if (!await store.RequestsAsync(cancellationToken).AnyAsync(request => own.Contains(request.Id), cancellationToken)
                && !await feeds.RequestsAsync(cancellationToken).AnyAsync(request => request.FeedId == feed?.FeedId, cancellationToken))
                return await OfOthersAsync(services, before, own, feed is not null, cancellationToken);
            if (!isSaid)
                terminal.Note("Another host is at it, or died at it less than a minute ago; what was asked for is noted. Waiting…");
            isSaid = true;
            await Task.Delay(s_look, services.GetRequiredService<TimeProvider>(), cancellationToken);
        }
    }

    /// <summary>The proofs that another host has written since.</summary>
    private static async Task<IReadOnlyList<ProofV1>> OfOthersAsync(
        IServiceProvider services, ProofHead? before, HashSet<RecordingId> own, bool ofPodcast, CancellationToken cancellationToken)
    {
        HashSet<string> ids = [.. own.Select(id => id.Value)];
        var proofs = new List<ProofV1>();
        for (int number = (before?.Number ?? 0) + 1;
            await services.GetRequiredService<ProofChain>().FindAsync(number, cancellationToken) is { } proof; number++)
        {
            if (proof.Kind == nameof(ProofKind.Forgotten) && (proof.Recordings.Any(ids.Contains) || (ofPodcast && proof.Removed.Podcasts > 0)))
                proofs.Add(proof);
        }

        return proofs;
    }

    private static async Task<(ForgetPlan Plan, Feed? Feed)> ChooseAsync(
        IServiceProvider services, string[] wanted, string? sha256, string? feed, CancellationToken cancellationToken)
    {
        if (sha256 is not null && (sha256.Length != 64 || !sha256.All(char.IsAsciiHexDigit)))
            throw new UsageException($"--sha256 takes 64 hex digits, not '{sha256}'.");
        ForgetTargets targets = services.GetRequiredService<ForgetTargets>();
        if (feed is not null)
        {
            if (wanted.Length > 0 || sha256 is not null)
                throw new UsageException("--feed is for a whole podcast: forget other recordings by another command.");
            Feed chosen = (await PodcastCommand.FindAsync(services.GetRequiredService<PodcastStore>(), [feed], cancellationToken))[0];
            return (await targets.OfFeedAsync(chosen.Id, cancellationToken), chosen);
        }

        if (wanted.Length == 0 && sha256 is null)
            throw new UsageException("Say what to forget: ids or names, --list FILE, --sha256 or --feed.");
        return (await targets.FindAsync(wanted, sha256 is null ? [] : [sha256.ToLowerInvariant()], cancellationToken), null);
    }

    private static async Task<string[]> LinesAsync(FileInfo? file, CancellationToken cancellationToken) => file is null ? []
        : [.. (await File.ReadAllLinesAsync(file.FullName, cancellationToken)).Select(line => line.Trim()).Where(line => line.Length > 0)];

    private static void Show(Terminal terminal, ForgetPlan plan, string what)
    {
        foreach (ForgetRequest request in plan.Requests.Take(MaxShown))
            terminal.Out.WriteLine($"{request.Id}  {request.BlobName}");
        if (plan.Requests.Count > MaxShown)
            terminal.Out.WriteLine($"… and {plan.Requests.Count - MaxShown} more");
        terminal.Out.WriteLine($"{plan.Requests.Count} recordings {what}.");
    }

    private static void Tell(Terminal terminal, string words, IReadOnlyList<ProofV1> proofs, bool asJson)
    {
        if (asJson)
        {
            terminal.Out.WriteLine(JsonSerializer.Serialize(proofs, CliJsonContext.Default.IReadOnlyListProofV1));
            return;
        }

        terminal.Out.WriteLine(words);
        foreach (ProofV1 proof in proofs)
        {
            terminal.Out.WriteLine(
                $"Proof: {StorageNames.Results}/{ProofChain.NameOf(proof.Number)}, {proof.Removed.Total} things deleted. It is provisional until "
                + "what was at work has been looked for again, and final after a day: 'nrser up' and the deployment in Azure see to that, or: "
                + "nrser forget verify");
            foreach (RemainsV1 remains in proof.Remains)
                terminal.Note($"May remain{(remains.Until is { } until ? $" until {until:yyyy-MM-dd HH:mm}" : "")}: {remains.What}");
        }
    }
}
