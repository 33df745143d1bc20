using System.Net;

namespace NrSer.Pipeline.Podcasts.Web;

/// <summary>An answer, with the turn at its host: dispose of it when it is read.</summary>
/// <param name="response">The answer.</param>
/// <param name="address">Where it came from in the end.</param>
/// <param name="movedTo">Where to ask next time: the answer to the first request said 301 or 308.</param>
/// <param name="turn">At that host.</param>
internal sealed class PodcastResponse(HttpResponseMessage response, Uri address, Uri? movedTo, IAsyncDisposable turn) : IAsyncDisposable
{
    private bool _isLeft;

    public HttpStatusCode Status => response.StatusCode;

    public HttpResponseMessage Message => response;

    public Uri Address => address;

    public Uri? MovedTo => movedTo;

    public async ValueTask DisposeAsync()
    {
        if (_isLeft)
            return;
        _isLeft = true;
        response.Dispose();
        await turn.DisposeAsync().ConfigureAwait(false);
    }
}
