using System.Net;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text;
using Microsoft.Extensions.Http.Resilience;
using Microsoft.Extensions.Options;
using Polly;

namespace NrSer.Pipeline.Podcasts.Web;

/// <summary>Asks servers of strangers, politely and with care: one turn a request, redirects followed by hand, no private network.</summary>
public sealed class PodcastClient : IDisposable
{
    private const int MaxRedirects = 10;

    private static readonly TimeSpan s_idle = TimeSpan.FromSeconds(5); // for the next request after the pause; a host that was left is left

    private readonly PodcastOptions _options;
    private readonly HostQueue _hosts;
    private readonly TimeProvider _time;
    private readonly HttpClient _feeds;
    private readonly HttpClient _files;
    private readonly ResiliencePipeline<HttpResponseMessage> _attempts;

    /// <param name="options">How to ask.</param>
    /// <param name="hosts">Turns at hosts.</param>
    /// <param name="time">The clock.</param>
    public PodcastClient(IOptions<PodcastOptions> options, HostQueue hosts, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(options);
        (_options, _hosts, _time) = (options.Value, hosts, time);
        _feeds = ClientOf(DecompressionMethods.All);
        _files = ClientOf(DecompressionMethods.None); // audio is compressed already, and ranges count bytes of the file
        var retry = new HttpRetryStrategyOptions
        {
            MaxRetryAttempts = Math.Max(1, _options.Attempts - 1), Delay = _options.RetryDelay, BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
            ShouldRetryAfterHeader = true,
        };
        retry.ShouldHandle = attempt => ValueTask.FromResult(attempt.Outcome switch
        {
            { Result: { } answer } => IsPassing(answer.StatusCode) && !(PatienceOf(answer) > _options.LongestWait),
            { Exception: HttpRequestException error } => error.InnerException is not RefusedAddressException,
            { Exception: IOException or TimeoutException } => true,
            _ => false,
        });
        var pipeline = new ResiliencePipelineBuilder<HttpResponseMessage> { TimeProvider = time };
        _attempts = (_options.Attempts > 1 ? pipeline.AddRetry(retry) : pipeline).Build();
    }

    /// <summary>Asks for a feed, or what belongs to one.</summary>
    internal Task<PodcastResponse> GetFeedAsync(Uri address, Action<HttpRequestHeaders> prepare, CancellationToken cancellationToken) =>
        GetAsync(_feeds, address, prepare, cancellationToken);

    /// <summary>Asks for an episode.</summary>
    internal Task<PodcastResponse> GetFileAsync(Uri address, Action<HttpRequestHeaders> prepare, CancellationToken cancellationToken) =>
        GetAsync(_files, address, prepare, cancellationToken);

    /// <inheritdoc/>
    public void Dispose()
    {
        _feeds.Dispose();
        _files.Dispose();
    }

    private HttpClient ClientOf(DecompressionMethods decompression)
    {
        var guard = new GuardedConnection(_options);
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false, AutomaticDecompression = decompression, ConnectCallback = guard.ConnectAsync, UseCookies = false,
            MaxConnectionsPerServer = _options.PerHost, PooledConnectionIdleTimeout = s_idle, ConnectTimeout = _options.StallLimit,
            UseProxy = _options.Proxy is not null,
            Proxy = _options.Proxy is { } proxy ? new WebProxy(proxy) : null, MaxResponseHeadersLength = 64, PreAuthenticate = false,
        };
        return new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
    }

    private async Task<PodcastResponse> GetAsync(
        HttpClient http, Uri address, Action<HttpRequestHeaders> prepare, CancellationToken cancellationToken)
    {
        PodcastResponse? answer = null;
        var asked = new StrongBox<Uri>(address); // where redirects have led: whose host is dead is told by that
        try
        {
            HttpResponseMessage last = await _attempts.ExecuteAsync(async token =>
            {
                answer = await FollowAsync(http, address, asked, prepare, token).ConfigureAwait(false);
                if (!IsPassing(answer.Status))
                    return answer.Message;
                HttpResponseMessage refused = answer.Message; // its turn ends before the wait
                if (PatienceOf(refused) is { } patience)
                    await _hosts.PostponeAsync(answer.Address, _time.GetUtcNow() + patience, token).ConfigureAwait(false);
                await answer.DisposeAsync().ConfigureAwait(false);
                return refused;
            }, cancellationToken).ConfigureAwait(false);
            if (last.IsSuccessStatusCode || last.StatusCode == HttpStatusCode.NotModified)
                return answer!;
            await answer!.DisposeAsync().ConfigureAwait(false);
            string said = $"{WebAddress.Shown(answer.Address)} answered {(int)last.StatusCode} {last.ReasonPhrase}.";
            throw IsPassing(last.StatusCode) ? PodcastException.Later(said, _time.GetUtcNow() + PatienceOf(last)) : PodcastException.ForGood(said);
        }
        catch (HttpRequestException error) when (error.InnerException is RefusedAddressException refused)
        {
            throw PodcastException.ForGood($"Refused: {refused.Message}", error);
        }
        catch (Exception error) when (error is HttpRequestException or IOException or TimeoutException)
        {
            await _hosts.PostponeAsync(asked.Value!, _time.GetUtcNow() + (2 * _options.LongestWait), cancellationToken).ConfigureAwait(false);
            throw PodcastException.Later($"{WebAddress.Shown(asked.Value!)} cannot be reached: {error.Message}", inner: error);
        }
    }

    /// <summary>Asks once, wherever that leads.</summary>
    private async Task<PodcastResponse> FollowAsync(
        HttpClient http, Uri address, StrongBox<Uri> asked, Action<HttpRequestHeaders> prepare, CancellationToken cancellationToken)
    {
        Uri at = address;
        Uri? movedTo = null;
        bool isForGood = true;
        for (int hop = 0; hop <= MaxRedirects; hop++)
        {
            if (at.Scheme != Uri.UriSchemeHttp && at.Scheme != Uri.UriSchemeHttps)
                throw PodcastException.ForGood($"{WebAddress.Shown(at)}: only http and https are asked.");
            asked.Value = at;
            IAsyncDisposable turn = await _hosts.EnterAsync(at, cancellationToken).ConfigureAwait(false);
            PodcastResponse answer;
            try
            {
                HttpResponseMessage response = await SendAsync(http, at, hop == 0 ? address.UserInfo : "", prepare, cancellationToken)
                    .ConfigureAwait(false);
                answer = new PodcastResponse(response, at, movedTo, turn);
            }
            catch
            {
                await turn.DisposeAsync().ConfigureAwait(false);
                throw;
            }

            if ((int)answer.Status is not (301 or 302 or 303 or 307 or 308) || answer.Message.Headers.Location is not { } location)
                return answer;
            isForGood &= (int)answer.Status is 301 or 308;
            at = new UriBuilder(new Uri(at, location)) { UserName = "", Password = "", Fragment = "" }.Uri;
            movedTo = isForGood ? at : movedTo;
            await answer.DisposeAsync().ConfigureAwait(false);
        }

        throw PodcastException.ForGood($"{WebAddress.Shown(address)} redirects more than {MaxRedirects} times.");
    }

    private async Task<HttpResponseMessage> SendAsync(
        HttpClient http, Uri at, string credentials, Action<HttpRequestHeaders> prepare, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, at);
        request.Headers.TryAddWithoutValidation("User-Agent", _options.UserAgent);
        prepare(request.Headers);
        if (credentials.Length > 0)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue(
                "Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(Uri.UnescapeDataString(credentials))));
        }

        using var limit = new CancellationTokenSource(_options.StallLimit, _time);
        using var stall = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            return await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stall.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException late) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"Nothing came within {_options.StallLimit.TotalSeconds:F0} s.", late);
        }
    }

    private static bool IsPassing(HttpStatusCode status) =>
        status is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests || (int)status >= 500;

    /// <summary>How long the server wants to be left alone; null where it does not say.</summary>
    private TimeSpan? PatienceOf(HttpResponseMessage answer) =>
        answer.Headers.RetryAfter is { } after ? after.Delta ?? after.Date - _time.GetUtcNow() : null;
}
