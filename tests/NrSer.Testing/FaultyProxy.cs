using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Text;

namespace NrSer.Testing;

/// <summary>Stands between a process and its storage account, passes every request on, and lets the nth fare as it is told.</summary>
/// <remarks>Looks into queues are passed on but not counted: how many there are is a matter of time.</remarks>
public sealed class FaultyProxy : IAsyncDisposable
{
    private static readonly byte[] s_busy = "HTTP/1.1 503 Server Busy\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"u8.ToArray();

    private readonly List<LoopbackServer> _servers = [];
    private (Fault Fault, int First, int Last) _plan = (default, int.MaxValue, 0);
    private readonly ConcurrentQueue<string> _hit = [];
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

    /// <summary>Method and address of each request that fared as it was told.</summary>
    public IReadOnlyCollection<string> Hit => _hit;

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
        foreach (LoopbackServer server in _servers)
            await server.DisposeAsync();
    }

    private Uri Listen(Uri service)
    {
        var server = new LoopbackServer((stream, cancellationToken) => PassOnAsync(stream, service, cancellationToken));
        _servers.Add(server);
        return new UriBuilder(service) { Port = server.Port }.Uri;
    }

    /// <summary>A connection serves one request, so that its answer ends where the connection does.</summary>
    private async Task PassOnAsync(NetworkStream stream, Uri service, CancellationToken cancellationToken)
    {
        if (await ReadAsync(stream, cancellationToken) is not { } request)
            return;
        Fault? fault = FaultOf(request.Head);
        if (fault == Fault.Refuse)
            await stream.WriteAsync(s_busy, cancellationToken);
        if (fault is Fault.Refuse or Fault.Drop)
            return;
        using var account = new TcpClient();
        await account.ConnectAsync(service.Host, service.Port, cancellationToken);
        NetworkStream upstream = account.GetStream();
        string head = request.Head.Replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n", StringComparison.Ordinal);
        await upstream.WriteAsync(Encoding.Latin1.GetBytes(head), cancellationToken);
        await upstream.WriteAsync(request.Body, cancellationToken);
        if (fault == Fault.Delay)
            await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System, cancellationToken);
        await upstream.CopyToAsync(fault == Fault.Lose ? Stream.Null : stream, cancellationToken);
    }

    private Fault? FaultOf(string head)
    {
        string target = head[..head.IndexOf("\r\n", StringComparison.Ordinal)];
        bool isLook = target.StartsWith("GET ", StringComparison.Ordinal) && target.Contains("/messages", StringComparison.Ordinal);
        int number = isLook ? _count : Interlocked.Increment(ref _count);
        if (number < _plan.First || number > _plan.Last || (isLook && _plan.First == _plan.Last))
            return null;
        _hit.Enqueue(target);
        return _plan.Fault;
    }

    private static async Task<(string Head, byte[] Body)?> ReadAsync(NetworkStream stream, CancellationToken cancellationToken)
    {
        var head = new List<byte>();
        byte[] one = new byte[1];
        while (!head.TakeLast(4).SequenceEqual("\r\n\r\n"u8.ToArray()))
        {
            if (await stream.ReadAsync(one, cancellationToken) == 0)
                return null;
            head.Add(one[0]);
        }

        string text = Encoding.Latin1.GetString([.. head]);
        string? length = text.Split("\r\n").FirstOrDefault(line => line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase));
        byte[] body = new byte[length is null ? 0 : int.Parse(length.Split(':')[1], System.Globalization.CultureInfo.InvariantCulture)];
        await stream.ReadExactlyAsync(body, cancellationToken);
        return (text, body);
    }
}
