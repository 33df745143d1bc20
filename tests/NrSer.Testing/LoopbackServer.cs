using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace NrSer.Testing;

/// <summary>Accepts connections on a free port of this machine until it is disposed of.</summary>
internal sealed class LoopbackServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentDictionary<Task, byte> _clients = [];
    private readonly CancellationTokenSource _stopping = new();
    private readonly Func<NetworkStream, CancellationToken, Task> _serveAsync;
    private readonly Task _accepting;

    /// <param name="serveAsync">Serves a connection, which ends with it.</param>
    public LoopbackServer(Func<NetworkStream, CancellationToken, Task> serveAsync)
    {
        _serveAsync = serveAsync;
        _listener.Start(backlog: 200);
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        _listener.Stop();
        await _accepting;
        await Task.WhenAll(_clients.Keys);
        _stopping.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            try
            {
                Task serving = ServeAsync(await _listener.AcceptTcpClientAsync(_stopping.Token));
                _clients[serving] = 0;
                _ = serving.ContinueWith(done => _clients.TryRemove(done, out _), TaskScheduler.Default);
            }
            catch (Exception stopped) when (stopped is SocketException or OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (InvalidOperationException) when (_stopping.IsCancellationRequested)
            {
                return; // it does not listen any more
            }
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                await _serveAsync(client.GetStream(), _stopping.Token);
            }
            catch (Exception gone) when (gone is IOException or OperationCanceledException or SocketException)
            {
                // The client went away, or we do.
            }
        }
    }
}
