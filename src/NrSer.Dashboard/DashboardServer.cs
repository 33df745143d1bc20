using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using NrSer.Dashboard.Security;

namespace NrSer.Dashboard;

/// <summary>The page and its API on this machine's loopback address.</summary>
public sealed class DashboardServer : IAsyncDisposable
{
    /// <summary>Where it listens unless told otherwise.</summary>
    public const int DefaultPort = 5280;

    private const int PortsTried = 20;

    private readonly WebApplication _app;

    private DashboardServer(WebApplication app, int port, AccessToken token) =>
        (_app, Port, Address) = (app, port, new Uri($"http://127.0.0.1:{port}/?token={token.Value}"));

    /// <summary>Where it listens.</summary>
    public int Port { get; }

    /// <summary>What to open in a browser; it lets in whoever has it.</summary>
    public Uri Address { get; }

    /// <summary>What it reads through.</summary>
    public IServiceProvider Services => _app.Services;

    /// <summary>Starts it.</summary>
    /// <param name="configuration">Where the storage is.</param>
    /// <param name="port">Where to listen; 0 for any that is free.</param>
    /// <param name="mayMove">Whether the next free port will do where that one is taken.</param>
    /// <param name="token">Lets people in.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="IOException">The port is taken, and so are those behind it if they were tried.</exception>
    public static async Task<DashboardServer> StartAsync(
        IConfiguration configuration, int port, bool mayMove, AccessToken token, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(token);
        int last = port == 0 || !mayMove ? port : Math.Min(port + PortsTried - 1, IPEndPoint.MaxPort);
        for (int chosen = port; ; chosen++)
        {
            if (chosen != 0)
                chosen = FirstFree(chosen, last) ?? throw Taken(port, last);
            WebApplication app = Build(configuration, chosen, token);
            try
            {
                await app.StartAsync(cancellationToken).ConfigureAwait(false);
                return new DashboardServer(app, new Uri(app.Urls.Single()).Port, token);
            }
            catch (IOException) when (chosen < last) // somebody was faster
            {
                await app.DisposeAsync().ConfigureAwait(false);
            }
            catch
            {
                await app.DisposeAsync().ConfigureAwait(false);
                throw;
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync(CancellationToken.None).ConfigureAwait(false);
        await _app.DisposeAsync().ConfigureAwait(false);
    }

    private static WebApplication Build(IConfiguration configuration, int port, AccessToken token)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Configuration.AddConfiguration(configuration);
        builder.Logging.SetMinimumLevel(LogLevel.Error);
        builder.Logging.AddSimpleConsole(console => (console.SingleLine, console.TimestampFormat) = (true, "HH:mm:ss "));
        builder.Services.Configure<Microsoft.Extensions.Logging.Console.ConsoleLoggerOptions>(
            console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        builder.AddNrSerDashboard("127.0.0.1", "localhost");
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port, listen => listen.Protocols = HttpProtocols.Http1));
        builder.Services.AddNrSerToken(token);
        WebApplication app = builder.Build();
        app.UseNrSerDashboard();
        return app;
    }

    /// <remarks>Asked before the server is built, which takes longer.</remarks>
    private static int? FirstFree(int port, int last)
    {
        for (int candidate = port; candidate <= last; candidate++)
        {
            using var listener = new TcpListener(IPAddress.Loopback, candidate);
            try
            {
                listener.Start();
                return candidate;
            }
            catch (SocketException)
            {
                // Taken, or not ours to take.
            }
        }

        return null;
    }

    private static IOException Taken(int port, int last) => new(
        $"{(port == last ? $"Port {port} is" : $"Ports {port} to {last} are")} taken. "
        + "Name another with --port, or go without the page: --no-dashboard");
}
