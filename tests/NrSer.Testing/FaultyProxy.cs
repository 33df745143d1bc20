using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace NrSer.Testing;

/// <summary>Stands between a process and its storage account, passes every request on, and lets the nth fare as it is told.</summary>
/// <remarks>Looks into queues are passed on but not counted: how many there are is a matter of time.</remarks>
public sealed class FaultyProxy : IAsyncDisposable
{
    private static readonly byte[] s_busy = "HTTP/1.1 503 Server Busy\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"u8.ToArray();

    private readonly List<TcpListener> _listeners = [];
    private readonly List<Task> _accepting = [];
    private readonly ConcurrentDictionary<Task, byte> _clients = [];
    private readonly CancellationTokenSource _stopping = new();
    private (Fault Fault, int First, int Last) _plan = (default, int.MaxValue, 0);
    private int _count;

    /// <param name="connectionString">Of the account.</param>
    public FaultyProxy(string connectionString) =>
        ConnectionString = string.Join(';', connectionString.Split(';').Select(setting =>
            setting.Split('=', 2) is [var name, var url] && name.EndsWith("Endpoint", StringComparison.Ordinal)
                ? $"{name}={Listen(new Uri(url))}" : setting));

    /// <summary>What becomes of a request.</summary>
    public enum Fault
    {
        /// <summary>It never arrives: the connection ends.</summary>
        Drop,

        /// <summary>It is done, but nobody hears so: the connection ends instead of an answer.</summary>
        Lose,

        /// <summary>503, and nothing is done.</summary>
        Refuse,

        /// <summary>It takes a second longer.</summary>
        Delay,
    }

    /// <summary>Leads to the account by way of here.</summary>
    public string ConnectionString { get; }

    /// <summary>Requests that were counted so far.</summary>
    public int Count => _count;

    /// <summary>Begins to count, from 1.</summary>
    /// <param name="fault">What happens.</param>
    /// <param name="first">To which request first.</param>
    /// <param name="length">To how many in a row, whoever asks.</param>
    public void Plan(Fault fault, int first, int length = 1)
    {
        _count = 0;
        _plan = (fault, first, first + length - 1);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        _listeners.ForEach(listener => listener.Stop());
        await Task.WhenAll(_accepting);
        await Task.WhenAll(_clients.Keys);
        _stopping.Dispose();
    }

    private Uri Listen(Uri service)
    {
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start(backlog: 200);
        _listeners.Add(listener);
        _accepting.Add(AcceptAsync(listener, service));
        return new UriBuilder(service) { Port = ((IPEndPoint)listener.LocalEndpoint).Port }.Uri;
    }

    private async Task AcceptAsync(TcpListener listener, Uri service)
    {
        while (true)
        {
            try
            {
                TcpClient client = await listener.AcceptTcpClientAsync(_stopping.Token);
                Task serving = ServeAsync(client, service);
                _clients[serving] = 0;
                _ = serving.ContinueWith(done => _clients.TryRemove(done, out _), TaskScheduler.Default);
            }
            catch (Exception stopped) when (stopped is SocketException or OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    /// <summary>A connection serves one request, so that its answer ends where the connection does.</summary>
    private async Task ServeAsync(TcpClient client, Uri service)
    {
        using (client)
        {
            try
            {
                NetworkStream stream = client.GetStream();
                if (await ReadAsync(stream) is not { } request)
                    return;
                Fault? fault = FaultOf(request.Head);
                if (fault == Fault.Refuse)
                    await stream.WriteAsync(s_busy, _stopping.Token);
                if (fault is Fault.Refuse or Fault.Drop)
                    return;
                using var account = new TcpClient();
                await account.ConnectAsync(service.Host, service.Port, _stopping.Token);
                NetworkStream upstream = account.GetStream();
                string head = request.Head.Replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n", StringComparison.Ordinal);
                await upstream.WriteAsync(Encoding.Latin1.GetBytes(head), _stopping.Token);
                await upstream.WriteAsync(request.Body, _stopping.Token);
                if (fault == Fault.Delay)
                    await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System, _stopping.Token);
                await upstream.CopyToAsync(fault == Fault.Lose ? Stream.Null : stream, _stopping.Token);
            }
            catch (Exception gone) when (gone is IOException or OperationCanceledException or SocketException)
            {
                // One of both went away, or we do.
            }
        }
    }

    private Fault? FaultOf(string head)
    {
        string target = head[..head.IndexOf("\r\n", StringComparison.Ordinal)];
        bool isLook = target.StartsWith("GET ", StringComparison.Ordinal) && target.Contains("/messages", StringComparison.Ordinal);
        int number = isLook ? _count : Interlocked.Increment(ref _count);
        return number >= _plan.First && number <= _plan.Last && !(isLook && _plan.First == _plan.Last) ? _plan.Fault : null;
    }

    private async Task<(string Head, byte[] Body)?> ReadAsync(NetworkStream stream)
    {
        var head = new List<byte>();
        byte[] one = new byte[1];
        while (!head.TakeLast(4).SequenceEqual("\r\n\r\n"u8.ToArray()))
        {
            if (await stream.ReadAsync(one, _stopping.Token) == 0)
                return null;
            head.Add(one[0]);
        }

        string text = Encoding.Latin1.GetString([.. head]);
        string? length = text.Split("\r\n").FirstOrDefault(line => line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase));
        byte[] body = new byte[length is null ? 0 : int.Parse(length.Split(':')[1], System.Globalization.CultureInfo.InvariantCulture)];
        await stream.ReadExactlyAsync(body, _stopping.Token);
        return (text, body);
    }
}
