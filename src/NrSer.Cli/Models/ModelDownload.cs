using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using NrSer.Core.Models;

namespace NrSer.Cli.Models;

/// <summary>
/// Downloads that go on where they stopped, be it in this process or in one before, if the server says by a strong ETag that it is still the same
/// file; otherwise they begin anew, so that no file is made of two.
/// </summary>
/// <param name="token">A user's at a hub, which is told to that hub alone, whoever else is asked or redirected to; null for none.</param>
internal sealed class ModelDownload(HubToken? token = null) : IDisposable
{
    private const int Attempts = 5;
    private const int BufferBytes = 128 * 1024;
    private const long MostBytes = 64L << 30; // of a file of which nobody knows how large it is
    private const int MostRedirects = 10;
    private const int MostDocumentBytes = 4 * 1024 * 1024;

    private static readonly TimeSpan s_firstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_stallLimit = TimeSpan.FromSeconds(30); // of a server that sends nothing

    private readonly HttpClient _http = new(new SocketsHttpHandler { AllowAutoRedirect = false }) { Timeout = Timeout.InfiniteTimeSpan };

    /// <summary>Completes a file.</summary>
    /// <param name="url">https; http for this machine alone, since nothing else would vouch for the answer's way.</param>
    /// <param name="path">The unfinished file, absent at first. What the server called its version is kept beside it.</param>
    /// <param name="bytes">How many it has to have in the end; null where nobody knows.</param>
    /// <param name="progress">Told the bytes that are there, and how many there will be where the server says so.</param>
    /// <param name="cancellationToken">Stops; what is there stays.</param>
    /// <exception cref="UsageException">The address is of another kind.</exception>
    /// <exception cref="ModelException">The server refuses, or breaks off again and again.</exception>
    public async Task RunAsync(Uri url, string path, long? bytes, Action<long, long?> progress, CancellationToken cancellationToken)
    {
        RequireSafe(url, before: null);
        string kept() => File.Exists(path) ? $" {new FileInfo(path).Length} bytes are kept: run the command again to go on." : "";
        await TryAsync(url, () => GoOnAsync(url, path, bytes, progress, cancellationToken), kept, cancellationToken);
        File.Delete(VersionOf(path));
    }

    /// <summary>Fetches a file that may be here already, whole or in part, and hashes it.</summary>
    /// <param name="url">As for <see cref="RunAsync"/>.</param>
    /// <param name="target">Where it is once it is whole and checked.</param>
    /// <param name="bytes">How many it has to have; null where nobody knows.</param>
    /// <param name="progress">As for <see cref="RunAsync"/>.</param>
    /// <param name="check">Told the hash, lower-case hex; if it throws, the file is thrown away.</param>
    /// <param name="cancellationToken">Stops; what is there stays.</param>
    /// <returns>The hash.</returns>
    public async Task<string> FetchAsync(
        Uri url, string target, long? bytes, Action<long, long?> progress, Action<string> check, CancellationToken cancellationToken)
    {
        string here = File.Exists(target) ? target : $"{target}.part";
        if (here != target)
            await RunAsync(url, here, bytes, progress, cancellationToken);
        string hash = await HashAsync(here, cancellationToken);
        try
        {
            check(hash);
        }
        catch
        {
            File.Delete(here);
            throw;
        }

        File.Move(here, target, overwrite: true);
        return hash;
    }

    /// <summary>SHA-256 of a file, lower-case hex.</summary>
    public static async Task<string> HashAsync(string path, CancellationToken cancellationToken)
    {
        await using FileStream file = File.OpenRead(path);
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(file, cancellationToken));
    }

    /// <summary>Reads a small document.</summary>
    /// <param name="url">As for files.</param>
    /// <param name="cancellationToken">Stops.</param>
    public async Task<byte[]> ReadAsync(Uri url, CancellationToken cancellationToken)
    {
        RequireSafe(url, before: null);
        byte[] content = [];
        await TryAsync(url, async () =>
        {
            using var stall = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            stall.CancelAfter(s_stallLimit);
            using HttpResponseMessage response = await SendAsync(url, _ => { }, stall.Token);
            response.EnsureSuccessStatusCode();
            await using Stream stream = await response.Content.ReadAsStreamAsync(stall.Token);
            using var read = new MemoryStream();
            byte[] buffer = new byte[BufferBytes];
            for (int count; (count = await stream.ReadAsync(buffer, stall.Token)) > 0; await read.WriteAsync(buffer.AsMemory(0, count), stall.Token))
            {
                if (read.Length > MostDocumentBytes)
                    throw new ModelException($"{url} sends more than {MostDocumentBytes} bytes.");
            }

            content = read.ToArray();
        }, () => "", cancellationToken);
        return content;
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private static async Task TryAsync(Uri url, Func<Task> work, Func<string> kept, CancellationToken cancellationToken)
    {
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                await work();
                return;
            }
            catch (Exception broken) when (
                !cancellationToken.IsCancellationRequested && attempt < Attempts
                && broken is IOException or OperationCanceledException or HttpRequestException
                {
                    StatusCode: null or >= HttpStatusCode.InternalServerError or HttpStatusCode.TooManyRequests
                })
            {
                await Task.Delay(s_firstPause * Math.Pow(2, attempt - 1), TimeProvider.System, cancellationToken);
            }
            catch (HttpRequestException refused) when (refused.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden)
            {
                throw new ModelException(
                    $"{url} could not be downloaded: {(int)refused.StatusCode}, it is not for everybody, or not there. "
                    + "If its makers ask for consent, give it on the model's page, and put a token of yours into HF_TOKEN, which is told to "
                    + $"{ModelHub.PublicHub.Host} alone, or to the hub that HF_ENDPOINT names.", refused);
            }
            catch (Exception broken) when (
                !cancellationToken.IsCancellationRequested && broken is IOException or OperationCanceledException or HttpRequestException)
            {
                throw new ModelException($"{url} could not be downloaded: {broken.Message}{kept()}", broken);
            }
        }
    }

    private async Task GoOnAsync(Uri url, string path, long? bytes, Action<long, long?> progress, CancellationToken cancellationToken)
    {
        using var stall = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        stall.CancelAfter(s_stallLimit);
        await using var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.None);
        EntityTagHeaderValue? version = KnownVersion(path);
        if (version is null)
            file.SetLength(0); // nobody could tell whether the rest belongs to it
        using HttpResponseMessage response = await SendAsync(url, request =>
        {
            if (file.Length == 0)
                return;
            request.Headers.Range = new RangeHeaderValue(file.Length, to: null);
            request.Headers.IfRange = new RangeConditionHeaderValue(version!);
        }, stall.Token);
        if (response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable)
        {
            if (response.Content.Headers.ContentRange?.Length == file.Length)
                return; // all of it was there
            file.SetLength(0);
            throw new IOException("What was kept is no part of what the server has.");
        }

        response.EnsureSuccessStatusCode();
        bool goesOn = response.StatusCode == HttpStatusCode.PartialContent && response.Content.Headers.ContentRange?.From == file.Length;
        if (goesOn && response.Headers.ETag is { } other && !other.Equals(version))
        {
            file.SetLength(0);
            throw new IOException("The server goes on with another version than it began with.");
        }

        if (!goesOn)
        {
            file.SetLength(0); // the server sends all of it
            File.Delete(VersionOf(path));
            if (response.Headers.ETag is { IsWeak: false } tag)
                await File.WriteAllTextAsync(VersionOf(path), tag.ToString(), cancellationToken);
        }

        file.Position = file.Length;
        long? total = file.Length + response.Content.Headers.ContentLength;
        if (bytes is not null && total is not null && total != bytes)
            throw new ModelException($"{url} has {total} bytes, where {bytes} were announced.");
        await using Stream content = await response.Content.ReadAsStreamAsync(stall.Token);
        byte[] buffer = new byte[BufferBytes];
        int read;
        while ((read = await content.ReadAsync(buffer, stall.Token)) > 0)
        {
            stall.CancelAfter(s_stallLimit);
            if (file.Length + read > (bytes ?? MostBytes))
                throw new ModelException($"{url} sends more than {bytes ?? MostBytes} bytes.");
            await file.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
            progress(file.Length, total);
        }

        if ((total ?? bytes) is { } wanted && file.Length != wanted)
            throw new IOException($"The server broke off after {file.Length} of {wanted} bytes.");
    }

    /// <summary>Follows redirects by hand: nobody is told what was meant for another.</summary>
    private async Task<HttpResponseMessage> SendAsync(Uri url, Action<HttpRequestMessage> complete, CancellationToken cancellationToken)
    {
        Uri asked = url;
        for (int i = 0; i < MostRedirects; i++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, asked);
            request.Headers.UserAgent.ParseAdd("nrser");
            complete(request);
            if (token is not null && (asked.Scheme, asked.Authority) == (token.Hub.Scheme, token.Hub.Authority))
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token.Secret);
            HttpResponseMessage response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            if ((int)response.StatusCode is not (301 or 302 or 303 or 307 or 308) || response.Headers.Location is not { } next)
                return response;
            response.Dispose();
            RequireSafe(new Uri(asked, next), before: asked);
            asked = new Uri(asked, next);
        }

        throw new ModelException($"{url} redirects more than {MostRedirects} times.");
    }

    /// <summary>https, or http within this machine, to which nobody outside may send us.</summary>
    private static void RequireSafe(Uri url, Uri? before)
    {
        if (url.Scheme != Uri.UriSchemeHttps && !(url.Scheme == Uri.UriSchemeHttp && url.IsLoopback && before is null or { IsLoopback: true }))
            throw new UsageException($"Models are downloaded over https; {url} is none.");
    }

    private static EntityTagHeaderValue? KnownVersion(string path) =>
        File.Exists(VersionOf(path)) && EntityTagHeaderValue.TryParse(File.ReadAllText(VersionOf(path)), out EntityTagHeaderValue? version)
        && !version.IsWeak ? version : null;

    private static string VersionOf(string path) => $"{path}.etag";
}

/// <summary>What a user is known by at a hub.</summary>
/// <param name="Secret">Never printed.</param>
/// <param name="Hub">The only one it is told to: scheme, host and port have to be its.</param>
internal sealed record HubToken(string Secret, Uri Hub);
