using System.Net;
using System.Net.Http.Headers;
using NrSer.Core.Models;

namespace NrSer.Cli.Models;

/// <summary>A download that goes on where it stopped, be it in this process or in one before.</summary>
internal static class ModelDownload
{
    private const int Attempts = 5;
    private const int BufferBytes = 128 * 1024;

    private static readonly TimeSpan s_firstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_stallLimit = TimeSpan.FromSeconds(30); // of a server that sends nothing

    /// <summary>Completes a file.</summary>
    /// <param name="url">https; http for this machine alone, since nothing else would vouch for the answer's way.</param>
    /// <param name="path">The unfinished file, absent at first.</param>
    /// <param name="progress">Told the share that is there, where the server says how much there is.</param>
    /// <param name="cancellationToken">Stops; what is there stays.</param>
    /// <exception cref="UsageException">The address is of another kind.</exception>
    /// <exception cref="ModelException">The server refuses, or breaks off again and again.</exception>
    public static async Task RunAsync(Uri url, string path, Action<double> progress, CancellationToken cancellationToken)
    {
        if (url.Scheme != Uri.UriSchemeHttps && !(url.Scheme == Uri.UriSchemeHttp && url.IsLoopback))
            throw new UsageException($"Models are pulled over https; {url} is none.");
        using var http = new HttpClient { Timeout = Timeout.InfiniteTimeSpan };
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                await GoOnAsync(http, url, path, progress, cancellationToken);
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
            catch (Exception broken) when (
                !cancellationToken.IsCancellationRequested && broken is IOException or OperationCanceledException or HttpRequestException)
            {
                string kept = File.Exists(path) ? $" {new FileInfo(path).Length} bytes are kept: run the command again to go on." : "";
                throw new ModelException($"{url} could not be downloaded: {broken.Message}{kept}", broken);
            }
        }
    }

    private static async Task GoOnAsync(HttpClient http, Uri url, string path, Action<double> progress, CancellationToken cancellationToken)
    {
        using var stall = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        stall.CancelAfter(s_stallLimit);
        await using var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.None);
        using var request = new HttpRequestMessage(HttpMethod.Get, url);
        if (file.Length > 0)
            request.Headers.Range = new RangeHeaderValue(file.Length, to: null);
        using HttpResponseMessage response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stall.Token);
        if (response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable)
        {
            if (response.Content.Headers.ContentRange?.Length == file.Length)
                return; // all of it was there
            file.SetLength(0);
            throw new IOException("What was kept is no part of what the server has.");
        }

        response.EnsureSuccessStatusCode();
        bool goesOn = response.StatusCode == HttpStatusCode.PartialContent && response.Content.Headers.ContentRange?.From == file.Length;
        if (!goesOn)
            file.SetLength(0); // the server sends all of it
        file.Position = file.Length;
        long? total = file.Length + response.Content.Headers.ContentLength;
        await using Stream content = await response.Content.ReadAsStreamAsync(stall.Token);
        byte[] buffer = new byte[BufferBytes];
        int read;
        while ((read = await content.ReadAsync(buffer, stall.Token)) > 0)
        {
            stall.CancelAfter(s_stallLimit);
            await file.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
            if (total > 0)
                progress(file.Length / (double)total);
        }

        if (total is not null && file.Length != total)
            throw new IOException($"The server broke off after {file.Length} of {total} bytes.");
    }
}
