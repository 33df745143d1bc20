using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace NrSer.Testing;

/// <summary>A web server of feeds and episodes on this machine that may do to each request what servers of strangers do.</summary>
public sealed class PodcastServer : IAsyncDisposable
{
    private readonly LoopbackServer _server;
    private readonly ConcurrentDictionary<string, Func<PodcastRequest, PodcastAnswer>> _paths = new(StringComparer.Ordinal);
    private int _open;

    public PodcastServer() => _server = new LoopbackServer(ServeAsync);

    /// <summary>Its address, with a slash at the end.</summary>
    public Uri Url => new($"http://127.0.0.1:{_server.Port}/");

    /// <summary>Every request, in order.</summary>
    public ConcurrentQueue<PodcastRequest> Requests { get; } = [];

    /// <summary>The most that were answered at once.</summary>
    public int MostAtOnce { get; private set; }

    /// <summary>Serves a path.</summary>
    public void Serve(string path, Func<PodcastRequest, PodcastAnswer> answer) => _paths[path] = answer;

    /// <summary>Serves a file with a strong ETag, ranges and conditions, as good servers do.</summary>
    public void Serve(string path, byte[] content, string type = "audio/mpeg") => Serve(path, request => Good(request, content, type));

    /// <summary>A feed of so many episodes, beside it and named by number, as are their GUIDs.</summary>
    public static byte[] Feed(int episodes, string extension = "mp3", string type = "audio/mpeg")
    {
        var text = new StringBuilder("<rss><channel><title>Numbered</title>");
        for (int number = 0; number < episodes; number++)
            text.Append(CultureInfo.InvariantCulture, $"<item><guid>{number}</guid><enclosure url=\"{number}.{extension}\" type=\"{type}\"/></item>");
        return Encoding.UTF8.GetBytes(text.Append("</channel></rss>").ToString());
    }

    /// <summary>How a good server answers.</summary>
    public static PodcastAnswer Good(PodcastRequest request, byte[] content, string type, string etag = "\"v1\"")
    {
        if (request.Header("If-None-Match") == etag)
            return new PodcastAnswer(304, []) { Headers = { ["ETag"] = etag } };
        if (request.Start is { } from && from < content.Length && (request.Header("If-Range") ?? etag) == etag)
        {
            return new PodcastAnswer(206, content[(int)from..])
            {
                Headers =
                {
                    ["ETag"] = etag, ["Content-Type"] = type,
                    ["Content-Range"] = string.Create(CultureInfo.InvariantCulture, $"bytes {from}-{content.Length - 1}/{content.Length}"),
                },
            };
        }

        return new PodcastAnswer(200, content) { Headers = { ["ETag"] = etag, ["Content-Type"] = type } };
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private async Task ServeAsync(NetworkStream stream, CancellationToken cancellationToken)
    {
        if (await ReadAsync(stream, cancellationToken) is not { } request)
            return;
        int open = Interlocked.Increment(ref _open);
        MostAtOnce = Math.Max(MostAtOnce, open);
        Requests.Enqueue(request);
        PodcastAnswer answer = _paths.TryGetValue(request.Path, out Func<PodcastRequest, PodcastAnswer>? serve) ? serve(request)
            : new PodcastAnswer(404, []);
        try
        {
            await BeginAsync(stream, answer, cancellationToken);
        }
        finally
        {
            Interlocked.Decrement(ref _open); // before the last byte: who has it may ask again before this is told
        }

        await EndAsync(stream, answer, cancellationToken);
    }

    private static async Task<PodcastRequest?> ReadAsync(NetworkStream stream, CancellationToken cancellationToken)
    {
        using var reader = new StreamReader(stream, Encoding.ASCII, leaveOpen: true);
        string? first = await reader.ReadLineAsync(cancellationToken);
        if (first?.Split(' ') is not [_, var target, ..])
            return null;
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        while (await reader.ReadLineAsync(cancellationToken) is { Length: > 0 } line)
        {
            string[] parts = line.Split(':', 2);
            headers[parts[0]] = parts[1].Trim();
        }

        return new PodcastRequest(target.Split('?')[0], target, headers);
    }

    private static async Task BeginAsync(NetworkStream stream, PodcastAnswer answer, CancellationToken cancellationToken)
    {
        await Task.Delay(answer.Delay, TimeProvider.System, cancellationToken);
        var head = new StringBuilder($"HTTP/1.1 {answer.Status} {(HttpStatusCode)answer.Status}\r\nConnection: close\r\n");
        if (answer.IsChunked)
            head.Append("Transfer-Encoding: chunked\r\n");
        else if (answer.Status != 304 && answer.End == PodcastAnswerEnd.Length)
            head.Append(CultureInfo.InvariantCulture, $"Content-Length: {answer.PromisedBytes ?? answer.Content.Length}\r\n");
        foreach ((string name, string value) in answer.Headers)
            head.Append(CultureInfo.InvariantCulture, $"{name}: {value}\r\n");
        head.Append("\r\n");
        if (answer.IsChunked)
            head.Append(CultureInfo.InvariantCulture, $"{answer.Content.Length:x}\r\n");
        await stream.WriteAsync(Encoding.ASCII.GetBytes(head.ToString()), cancellationToken);
        await stream.WriteAsync(answer.Content.AsMemory(0, answer.Content.Length / 2), cancellationToken);
        await answer.Hold.WaitAsync(cancellationToken);
    }

    private static async Task EndAsync(NetworkStream stream, PodcastAnswer answer, CancellationToken cancellationToken)
    {
        await stream.WriteAsync(answer.Content.AsMemory(answer.Content.Length / 2), cancellationToken);
        if (answer.IsChunked)
            await stream.WriteAsync(answer.End == PodcastAnswerEnd.LastChunk ? "\r\n0\r\n\r\n"u8.ToArray() : "\r\n"u8.ToArray(), cancellationToken);
        await Task.Delay(answer.Stall, TimeProvider.System, cancellationToken);
    }
}

/// <summary>A request.</summary>
/// <param name="Path">Without a query.</param>
/// <param name="Target">With it.</param>
/// <param name="Headers">In any case.</param>
public sealed record PodcastRequest(string Path, string Target, IReadOnlyDictionary<string, string> Headers)
{
    /// <summary>The byte to begin with, where a range was asked for.</summary>
    public long? Start => Header("Range") is { } range ? long.Parse(range.Split('=', '-')[1], CultureInfo.InvariantCulture) : null;

    public string? Header(string name) => Headers.GetValueOrDefault(name);
}

/// <summary>An answer.</summary>
/// <param name="Status">HTTP's.</param>
/// <param name="Content">What is sent of the body.</param>
public sealed record PodcastAnswer(int Status, byte[] Content)
{
    /// <summary>Beside the length.</summary>
    public IDictionary<string, string> Headers { get; } = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);

    /// <summary>How the other side may know that it is all.</summary>
    public PodcastAnswerEnd End { get; init; }

    internal bool IsChunked => End is PodcastAnswerEnd.LastChunk or PodcastAnswerEnd.NoLastChunk;

    /// <summary>The length that the header says; that of the content by default.</summary>
    public long? PromisedBytes { get; init; }

    /// <summary>Before the answer.</summary>
    public TimeSpan Delay { get; init; }

    /// <summary>What the second half of the content waits for.</summary>
    public Task Hold { get; init; } = Task.CompletedTask;

    /// <summary>After it, with the connection open.</summary>
    public TimeSpan Stall { get; init; }
}

/// <summary>How an answer ends.</summary>
public enum PodcastAnswerEnd
{
    /// <summary>Where its length says.</summary>
    Length,

    /// <summary>It comes in chunks, with the last one, which is empty.</summary>
    LastChunk,

    /// <summary>It comes in chunks and breaks off.</summary>
    NoLastChunk,

    /// <summary>With the connection.</summary>
    Connection,
}
