using System.CommandLine;
using Microsoft.Extensions.Hosting;
using NrSer.Cli.Local;
using NrSer.Cli.Output;
using NrSer.Cli.Storage;
using NrSer.Pipeline;

namespace NrSer.Cli.Commands;

/// <summary><c>nrser worker</c>: one more process that recognises emotion.</summary>
internal static class WorkerCommand
{
    public static Command Create(Terminal terminal)
    {
        var storage = new StorageLocation();
        var command = new Command("worker", "Adds an emotion worker process to a running stack. Ctrl-C ends it; what it was at goes to another.");
        storage.AddLocalTo(command);
        command.Run(terminal, async (parsed, cancellationToken) =>
        {
            using IHost host =
                LocalStack.BuildHost(storage.LocalConnection(parsed, terminal), verbose: true, services => services.AddNrSerEmotionWorker());
            await LocalStack.StartHostAsync(host, cancellationToken);
            terminal.Note("The worker waits for chunks. Ctrl-C ends it.");
            try
            {
                await Task.Delay(Timeout.Infinite, cancellationToken);
            }
            finally
            {
                await host.StopAsync(CancellationToken.None);
            }

            return ExitCode.Success;
        });
        return command;
    }
}
