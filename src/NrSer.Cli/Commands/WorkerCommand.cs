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
    private static readonly TimeSpan s_lookInterval = TimeSpan.FromSeconds(2);

    public static Command Create(Terminal terminal)
    {
        var storage = new StorageLocation();
        var command = new Command("worker", "Adds an emotion worker process to a running stack. Ctrl-C ends it; what it was at goes to another.");
        storage.AddLocalTo(command);
        command.Run(terminal, async (parsed, cancellationToken) =>
        {
            string connection = storage.LocalConnection(parsed, terminal);
            while (true)
            {
                connection = await RunAsync(connection, () => storage.FindLocalConnection(parsed, terminal), terminal, cancellationToken);
                terminal.Note("The stack was started again elsewhere: following it.");
            }
        });
        return command;
    }

    /// <summary>Works until the stack is found at another address.</summary>
    /// <returns>That.</returns>
    private static async Task<string> RunAsync(string connection, Func<string?> find, Terminal terminal, CancellationToken cancellationToken)
    {
        using IHost host = LocalStack.BuildHost(connection, verbose: true, services => services.AddNrSerEmotionWorker());
        await LocalStack.StartHostAsync(host, cancellationToken);
        terminal.Note("The worker waits for chunks. Ctrl-C ends it.");
        try
        {
            while (true)
            {
                await Task.Delay(s_lookInterval, cancellationToken);
                if (find() is { } now && now != connection)
                    return now;
            }
        }
        finally
        {
            await host.StopAsync(CancellationToken.None);
        }
    }
}
