using System.CommandLine;
using Microsoft.Extensions.Configuration;
using NrSer.Cli.Output;
using NrSer.Dashboard;
using NrSer.Dashboard.Security;

namespace NrSer.Cli.Commands;

/// <summary>The option <c>--port</c>: where the page is.</summary>
internal sealed class DashboardPort
{
    private readonly Option<int?> _port = new Option<int?>("--port")
    {
        Description = $"Where the page is, on this machine only; {DashboardServer.DefaultPort} or the next free one by default, 0 for any.",
    };

    /// <summary>Adds the option.</summary>
    public void AddTo(Command command)
    {
        _port.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var text }] && int.TryParse(text, out int port) && port is < 0 or > ushort.MaxValue)
                result.AddError($"--port takes 0 to {ushort.MaxValue}.");
        });
        command.Add(_port);
    }

    /// <summary>Where, and a token that stays the same however often the page is started.</summary>
    public ChosenPort Of(ParseResult parsed) => new(parsed.GetValue(_port), AccessToken.Create());
}

/// <summary>Where the page is.</summary>
/// <param name="Port">Null for the usual one, or the next that is free.</param>
/// <param name="Token">Lets people in.</param>
internal sealed record ChosenPort(int? Port, AccessToken Token)
{
    /// <summary>Starts the page.</summary>
    /// <param name="terminal">Its environment is the configuration.</param>
    /// <param name="settings">Where the storage is; they outrank the environment.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="IOException">The port is taken.</exception>
    public Task<DashboardServer> StartAsync(
        Terminal terminal, IEnumerable<KeyValuePair<string, string?>> settings, CancellationToken cancellationToken) => DashboardServer.StartAsync(
        CliServices.AddDefaultFolder(new ConfigurationBuilder()).AddInMemoryCollection(terminal.Settings).AddInMemoryCollection(settings).Build(),
        Port ?? DashboardServer.DefaultPort, mayMove: Port is null, Token, cancellationToken);
}
