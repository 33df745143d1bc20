using System.CommandLine;
using Microsoft.Extensions.DependencyInjection;
using NrSer.Cli.Output;
using NrSer.Pipeline.Forgetting;
using NrSer.Pipeline.Results.Tables;

namespace NrSer.Cli.Commands;

/// <summary><c>nrser forget verify</c> and <c>rotate-key</c>: what is done about forgotten recordings afterwards.</summary>
internal static class ForgetVerifyCommand
{
    public static Command Create(Terminal terminal)
    {
        var command = new Command(
            "verify",
            "Goes on with what is being forgotten, looks again for what was, and checks the chain of proofs. Exit code 1 where a link is missing or "
            + "changed.");
        command.RunOnForgotten(terminal, async (_, services, _, cancellationToken) =>
        {
            if (await services.GetRequiredService<ForgetRecordings>().RunAsync(cancellationToken) is null)
                terminal.Note("Another host is forgetting something just now.");
            foreach (ProofV1 proof in await services.GetRequiredService<LookAgain>().RunAsync(cancellationToken))
                terminal.Out.WriteLine($"Looked again for {proof.Recordings.Count} recordings and found {proof.Removed.Total} things, now deleted.");
            List<string> complaints = await services.GetRequiredService<ProofChain>().VerifyAsync(cancellationToken).ToListAsync(cancellationToken);
            foreach ((string key, int count) in await services.GetRequiredService<Refusals>().LostAsync(cancellationToken))
                complaints.Add($"The key {key} is lost, and {count} things are refused by it: they would be taken in again.");
            foreach (string complaint in complaints)
                terminal.Error(complaint);
            ProofHead? head = await services.GetRequiredService<ForgottenStore>().FindHeadAsync(cancellationToken);
            int provisional = await services.GetRequiredService<ForgottenStore>().WatchedAsync(cancellationToken).CountAsync(cancellationToken);
            int podcasts = await services.GetRequiredService<ForgottenFeedStore>().WatchedAsync(cancellationToken).CountAsync(cancellationToken);
            terminal.Out.WriteLine(head is null ? "Nothing was forgotten yet."
                : $"{head.Number} proofs, the last with SHA-256 {head.Sha256}. {provisional} recordings "
                    + $"{(podcasts == 0 ? "" : $"and {podcasts} podcasts ")}are still to be looked for again.");
            return complaints.Count == 0 ? ExitCode.Success : ExitCode.SomeFailed;
        });
        return command;
    }

    public static Command CreateRotate(Terminal terminal)
    {
        var command = new Command(
            "rotate-key", "Makes a new key for what is refused from now on; what was refused before stays refused by the old ones.");
        command.RunOnForgotten(terminal, async (_, services, _, cancellationToken) =>
        {
            int keys = await services.GetRequiredService<Refusals>().RotateAsync(cancellationToken);
            terminal.Out.WriteLine(keys == 1 ? "There is a key now." : $"There are {keys} keys now, and the latest is used.");
            return ExitCode.Success;
        });
        return command;
    }
}
