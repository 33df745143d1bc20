using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace NrSer.Testing;

/// <summary>
/// Laid out like huggingface.co: what a repository holds is asked for by name and revision, small files come at once, large ones from another host,
/// to which it redirects.
/// </summary>
public sealed class HubServer : IAsyncDisposable
{
    private readonly PodcastServer _hub = new(), _files = new();

    /// <summary>Its address.</summary>
    public Uri Url => _hub.Url;

    /// <summary>If set, who does not send it is refused with 401.</summary>
    public string? Token { get; set; }

    /// <summary>Whether it tells hashes of large files, as huggingface.co does.</summary>
    public bool TellsHashes { get; set; } = true;

    /// <summary>Requests that reached the hub.</summary>
    public IEnumerable<PodcastRequest> Asked => _hub.Requests;

    /// <summary>Requests for large files that reached the other host.</summary>
    public IEnumerable<PodcastRequest> Fetched => _files.Requests;

    /// <summary>Publishes a repository, or its next revision.</summary>
    /// <param name="id"><c>owner/name</c>.</param>
    /// <param name="revision">The commit, which main is from now on.</param>
    /// <param name="files">By name; those of a thousand bytes or more are large.</param>
    /// <param name="serve">How large ones are served; well, if null.</param>
    /// <param name="parameters">How many values it tells of safetensors; it does not, if null.</param>
    public void Publish(
        string id, string revision, IDictionary<string, byte[]> files, Func<PodcastRequest, byte[], PodcastAnswer>? serve = null,
        long? parameters = null)
    {
        byte[] description = JsonSerializer.SerializeToUtf8Bytes(new
        {
            id, sha = revision, gated = Token is null ? (object)false : "auto", cardData = new { license = "apache-2.0" },
            safetensors = parameters is null ? null : new { parameters = new { F16 = parameters }, total = parameters },
            siblings = files.Select(file => IsLarge(file.Value) && TellsHashes
                ? (object)new { rfilename = file.Key, size = file.Value.Length, lfs = new { sha256 = Hash(file.Value), size = file.Value.Length } }
                : new { rfilename = file.Key, size = file.Value.Length }),
        });
        foreach (string name in new[] { revision, "main" })
            _hub.Serve($"/api/models/{id}/revision/{name}", request => Guarded(request, () => new PodcastAnswer(200, description)));
        foreach ((string name, byte[] content) in files)
        {
            string large = $"/blobs/{revision}/{name}";
            _files.Serve(large, request => serve?.Invoke(request, content) ?? Good(request, content));
            _hub.Serve($"/{id}/resolve/{revision}/{name}", request => Guarded(request, () => IsLarge(content)
                ? new PodcastAnswer(302, []) { Headers = { ["Location"] = new Uri(_files.Url, large).ToString() } }
                : Good(request, content)));
        }
    }

    /// <summary>How a file is served by a host that knows ETags and ranges.</summary>
    public static PodcastAnswer Good(PodcastRequest request, byte[] content) =>
        PodcastServer.Good(request, content, "application/octet-stream", $"\"{Hash(content)[..16]}\"");

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _hub.DisposeAsync();
        await _files.DisposeAsync();
    }

    private static bool IsLarge(byte[] content) => content.Length >= 1000;

    private static string Hash(byte[] content) => Convert.ToHexStringLower(SHA256.HashData(content));

    private PodcastAnswer Guarded(PodcastRequest request, Func<PodcastAnswer> answer) =>
        Token is null || request.Header("Authorization") == $"Bearer {Token}"
            ? answer()
            : new PodcastAnswer(401, Encoding.ASCII.GetBytes("Access to model is restricted."));
}
