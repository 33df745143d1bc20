using System.Net;
using System.Net.Http.Headers;
using Microsoft.Extensions.Options;
using NrSer.Pipeline.Podcasts.Web;

namespace NrSer.Pipeline.Podcasts;

/// <summary>Opens feeds, on the web or in files.</summary>
/// <param name="client">Asks.</param>
/// <param name="options">How large a feed may be.</param>
/// <param name="time">The clock.</param>
public sealed class FeedSources(PodcastClient client, IOptions<PodcastOptions> options, TimeProvider time)
{
    private static readonly TimeSpan s_longestPatience = TimeSpan.FromDays(1); // whatever Cache-Control says

    /// <summary>Asks for a feed, or opens a file.</summary>
    /// <param name="address">Where it is.</param>
    /// <param name="prepare">Adds what is known of it already.</param>
    /// <param name="cancellationToken">Stops it.</param>
    internal async Task<FeedSource> OpenAsync(Uri address, Action<HttpRequestHeaders> prepare, CancellationToken cancellationToken)
    {
        long most = options.Value.MaxFeedBytes;
        if (address.IsFile)
        {
            var file = new FileStream(address.LocalPath, FileMode.Open, FileAccess.Read, FileShare.Read);
            return new FeedSource(file, new LimitedStream(file, most, address.LocalPath, options.Value.StallLimit, time)) { Address = address };
        }

        PodcastResponse answer = await client.GetFeedAsync(address, prepare, cancellationToken).ConfigureAwait(false);
        try
        {
            HttpResponseMessage message = answer.Message;
            Stream? content = answer.Status == HttpStatusCode.NotModified ? null : new LimitedStream(
                await message.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false), most, WebAddress.Shown(address),
                options.Value.StallLimit, time);
            TimeSpan fresh = message.Headers.CacheControl is { NoCache: false, MaxAge: { } age } ? age - (message.Headers.Age ?? TimeSpan.Zero)
                : TimeSpan.Zero;
            return new FeedSource(answer, content)
            {
                Address = answer.Address, MovedTo = answer.MovedTo, Charset = message.Content.Headers.ContentType?.CharSet,
                HttpETag = Verbatim(message.Headers, "ETag"), HttpLastModified = Verbatim(message.Content.Headers, "Last-Modified"),
                NextCheckAt = fresh <= TimeSpan.Zero ? null : time.GetUtcNow() + (fresh < s_longestPatience ? fresh : s_longestPatience),
            };
        }
        catch
        {
            await answer.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private static string? Verbatim(HttpHeaders headers, string name) =>
        headers.NonValidated.TryGetValues(name, out HeaderStringValues values) ? values.ToString() : null;
}

/// <summary>A feed about to be read.</summary>
/// <param name="owner">What to let go of afterwards.</param>
/// <param name="content">Null when it is unchanged.</param>
internal sealed class FeedSource(IAsyncDisposable owner, Stream? content) : IAsyncDisposable
{
    /// <summary>What is read.</summary>
    public Stream? Content => content;

    public required Uri Address { get; init; }

    public Uri? MovedTo { get; init; }

    public string? Charset { get; init; }

    public string? HttpETag { get; init; }

    public string? HttpLastModified { get; init; }

    public DateTimeOffset? NextCheckAt { get; init; }

    public ValueTask DisposeAsync() => owner.DisposeAsync();
}
