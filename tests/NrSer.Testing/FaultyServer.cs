using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace NrSer.Testing;

/// <summary>A web server with one file, which answers each request as it is told: wholly, in part, with a lie, or not at all.</summary>
public sealed class FaultyServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly byte[] _content;
    private readonly Queue<Answer> _answers;
    private readonly List<long> _starts = [];
    private readonly Task _serving;
    private volatile bool _isStopping;

    /// <param name="content">The file.</param>
    /// <param name="answers">To the first requests; afterwards all are served well.</param>
    public FaultyServer(byte[] content, params Answer[] answers)
    {
        _content = content;
        _answers = new Queue<Answer>(answers);
        _listener.Start();
        _serving = ServeAsync();
    }

    /// <summary>How a request is answered.</summary>
    public enum Answer
    {
        /// <summary>From the byte that was asked for.</summary>
        Well,

        /// <summary>The connection ends after a third of what was promised.</summary>
        Drop,

        /// <summary>All of it, whatever range was asked for.</summary>
        IgnoreRange,

        /// <summary>Other bytes of the same number.</summary>
        Lie,

        /// <summary>As large as promised, but only a third was promised.</summary>
        Truncate,

        /// <summary>503.</summary>
        Busy,

        /// <summary>404.</summary>
        Missing,
    }

    /// <summary>Where the file is.</summary>
    public Uri Url => new($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/model.onnx");

    /// <summary>The byte that each request asked to begin with.</summary>
    public IReadOnlyList<long> Starts => _starts;

    public async ValueTask DisposeAsync()
    {
        _isStopping = true;
        _listener.Stop();
        await _serving;
    }

    private async Task ServeAsync()
    {
        while (true)
        {
            try
            {
                using TcpClient client = await _listener.AcceptTcpClientAsync(CancellationToken.None);
                await using NetworkStream stream = client.GetStream();
                await AnswerAsync(stream);
            }
            catch (SocketException)
            {
                return;
            }
            catch (InvalidOperationException) when (_isStopping)
            {
                return; // it does not listen any more
            }
            catch (IOException)
            {
                // The client went away.
            }
        }
    }

    private async Task AnswerAsync(NetworkStream stream)
    {
        using var reader = new StreamReader(stream, Encoding.ASCII, leaveOpen: true);
        long start = 0;
        while (await reader.ReadLineAsync() is { Length: > 0 } line)
        {
            if (line.StartsWith("Range: bytes=", StringComparison.OrdinalIgnoreCase))
                start = long.Parse(line.Split('=', '-')[1], CultureInfo.InvariantCulture);
        }

        _starts.Add(start);
        Answer answer = _answers.Count > 0 ? _answers.Dequeue() : Answer.Well;
        if (answer is Answer.Busy or Answer.Missing)
        {
            await SayAsync(stream, answer is Answer.Busy ? "503 Service Unavailable" : "404 Not Found", "Content-Length: 0");
            return;
        }

        byte[] body = answer is Answer.IgnoreRange ? _content : _content[(int)start..];
        if (answer is Answer.Lie)
            body = [.. body.Select(value => (byte)~value)];
        if (answer is Answer.Truncate)
            body = body[..(body.Length / 3)];
        string range = answer is not Answer.IgnoreRange && start > 0 ? $"\r\nContent-Range: bytes {start}-{_content.Length - 1}/{_content.Length}"
            : "";
        await SayAsync(stream, range.Length > 0 ? "206 Partial Content" : "200 OK", $"Content-Length: {body.Length}{range}");
        await stream.WriteAsync(body.AsMemory(0, answer is Answer.Drop ? body.Length / 3 : body.Length));
    }

    private static async Task SayAsync(NetworkStream stream, string status, string headers) =>
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 {status}\r\nConnection: close\r\nETag: \"one\"\r\n{headers}\r\n\r\n"));
}
